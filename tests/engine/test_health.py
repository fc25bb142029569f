"""What a check-up says of each asset, and what it tells its owner to do."""

from pathlib import Path

from stanch.app import opened
from stanch.app.serving import _health
from stanch.app.work import work_of
from stanch.engine.caretaker import Caretaker
from stanch.engine.clock import utc_now
from stanch.settings import Settings
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId


def test_what_answers_nobody_is_not_told_to_get_a_guard(tmp_path: Path) -> None:
    with opened(Settings(data=tmp_path)) as parts:
        with parts.store.begin() as tx:
            for kind in (AssetKind.DATASET, AssetKind.MODEL):
                tx.assets.add(Asset(id=AssetId(kind.value), kind=kind, name=kind, owner="ada"))
        health = _health(parts, work_of(parts), Caretaker((), utc_now))
        told = {one.name: one for one in health.checkups()}
    assert told["asset dataset"].good is True
    assert told["asset dataset"].says.startswith("a dataset: it answers nobody")
    assert told["asset dataset"].remedy == ""
    assert told["asset model"].good is None
    assert "stanch baseline set model; then put a guard before it" in told["asset model"].remedy
