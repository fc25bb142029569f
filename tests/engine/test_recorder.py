"""The outbox comes into the log once, whatever instant the process ends at."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.app import opened
from stanch.engine.recorder import PLACED
from stanch.settings import Settings
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.kept import Mention
from stanch.vocabulary.record import Deed, Entry

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def entry(number: int) -> Entry:
    return Entry(at=NOW, deed=Deed.ASSET_CHANGED, actor="ada", about=f"asset-{number}")


def test_entries_come_into_the_log_in_order_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(Settings(data=tmp_path)) as parts:
        with parts.store.begin() as tx:
            for number in range(3):
                tx.record(entry(number))

        def cut_off(_upto: int) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(parts.store, "drained", cut_off)
            with pytest.raises(KeyboardInterrupt):
                parts.recorder.drain()
        parts.recorder.drain()
        assert parts.recorder.drain() == 0
        assert [one.about for one in parts.log.entries()] == ["asset-0", "asset-1", "asset-2"]


def test_what_the_log_says_of_a_thing_is_found_also_when_the_finding_was_lost(
    tmp_path: Path,
) -> None:
    about = IncidentId("inc-1")
    with opened(Settings(data=tmp_path)) as parts:
        with parts.store.begin() as tx:
            tx.record(entry(1))
            tx.record(replace(entry(2), incident=about))
            tx.record(Entry(at=NOW, deed=Deed.BATCH_RECORDED, actor="k", about="asset-1"))
        parts.recorder.drain()
        with parts.store.begin() as tx:
            assert [m.place for m in tx.mentions.of(about)] == [1]
            assert [m.place for m in tx.mentions.of("asset-1")] == [0]
            tx.mentions.put([Mention(thing=about, place=0, deed=Deed.STARTED)])
            tx.positions.move(tx.positions.get(PLACED), 0)
        parts.recorder.drain()
        with parts.store.look() as tx:
            assert [m.place for m in tx.mentions.of(about)] == [1]
            assert tx.mentions.count(about, deeds=(Deed.ASSET_CHANGED,)) == 1
            assert not tx.mentions.of(about, before=1)
