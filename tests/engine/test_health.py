"""What a check-up says of each asset and of what is away, and what it tells people to do."""

from pathlib import Path

from stanch.app import opened
from stanch.app.serving import _health
from stanch.app.work import work_of
from stanch.engine.caretaker import UNWELL_AFTER, Caretaker, Chore
from stanch.settings import Settings
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId


def test_what_answers_nobody_is_not_told_to_get_a_guard(tmp_path: Path) -> None:
    with opened(Settings(data=tmp_path)) as parts:
        with parts.store.begin() as tx:
            for kind in (AssetKind.DATASET, AssetKind.MODEL):
                tx.assets.add(Asset(id=AssetId(kind.value), kind=kind, name=kind, owner="ada"))
        health = _health(parts, work_of(parts), Caretaker(()))
        told = {one.name: one for one in health.checkups()}
    assert told["asset dataset"].good is True
    assert told["asset dataset"].says.startswith("a dataset: it answers nobody")
    assert told["asset dataset"].remedy == ""
    assert told["asset model"].good is None
    assert "stanch baseline set model; then put a guard before it" in told["asset model"].remedy


def test_what_is_away_outside_is_told_and_keeps_nobody_from_being_served(tmp_path: Path) -> None:
    chores = [
        Chore(name="record", work=list, every=1.0),
        Chore(name="following", work=list, every=1.0, outside=True),
    ]
    keeper = Caretaker(chores)
    with opened(Settings(data=tmp_path)) as parts:
        health = _health(parts, work_of(parts), keeper)

        def checks() -> dict[str, bool | None]:
            return {one.name: one.good for one in health.checkups()}

        assert (health.unready(), health.away()) == ((), ())
        assert (checks()["chores"], checks()["outside"]) == (True, True)
        keeper.standings["following"].failed_in_a_row = UNWELL_AFTER
        keeper.standings["following"].last_error = "registry cannot be reached"
        assert health.unready() == ()
        assert health.away() == ("following failed 3 times in a row: registry cannot be reached",)
        assert health.away(why=False) == ("following failed 3 times in a row.",)
        assert (checks()["chores"], checks()["outside"]) == (True, False)
        keeper.standings["record"].failed_in_a_row = UNWELL_AFTER
        assert [one.partition(" ")[0] for one in health.unready()] == ["record"]
        assert checks()["chores"] is False
