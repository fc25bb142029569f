"""The outbox comes into the log once, whatever instant the process ends at."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.app import opened
from stanch.settings import Settings
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
