"""One process at a time has a turn; one that stands still is passed over, and keeps nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stanch.app import turns
from stanch.app.turns import Turns
from stanch.engine.shares import LEASE, Split
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.trouble import Busy, Stale


def processes(folder: Path, store: SqlStore, clock: Any) -> dict[str, tuple[Split, Turns]]:
    """Two that live."""
    splits = {name: Split(store, clock, name) for name in ("north", "south")}
    for split in (*splits.values(), *splits.values()):
        split.turn()
    return {name: (split, Turns(folder, store, split)) for name, split in splits.items()}


def written(store: SqlStore, own: Turns, word: str) -> None:
    with own.held("triage"), store.begin() as tx:
        tx.settings.put("word", word)


def test_who_stands_still_in_its_turn_is_passed_over_and_keeps_nothing_of_it(
    sql_store: SqlStore, hands: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SURE", 0.0)
    (_, north), (lives, south) = processes(tmp_path, sql_store, hands).values()
    with ThreadPoolExecutor(1) as other, north.held("triage"):
        # North stands still here: it is silent for longer than its lease, and south is not.
        hands.at += LEASE + timedelta(seconds=1)
        assert lives.turn() == {"south"}
        other.submit(written, sql_store, south, "of south").result()
        with pytest.raises(Stale), sql_store.begin():
            pytest.fail("it wrote on, after another had its turn")
    with sql_store.look() as tx:
        assert tx.settings.get("word") == "of south"
    # Awake again, it takes its next turn like anybody.
    written(sql_store, north, "later")
    written(sql_store, south, "last")
    with sql_store.look() as tx:
        assert tx.settings.get("word") == "last"


def test_who_lives_is_waited_for_and_not_without_end(
    sql_store: SqlStore, hands: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SURE", 0.0)
    monkeypatch.setattr(turns, "WAIT", 0.1)
    (_, north), (_, south) = processes(tmp_path, sql_store, hands).values()
    with ThreadPoolExecutor(1) as other, north.held("triage"):
        late = other.submit(written, sql_store, south, "of south")
        with pytest.raises(Busy, match="north does not end its turn"):
            late.result()
        other.submit(written, sql_store, Turns(tmp_path, sql_store, None), "alone").result()
        with sql_store.begin() as tx:
            tx.settings.put("word", "of north")
    written(sql_store, south, "of south")
