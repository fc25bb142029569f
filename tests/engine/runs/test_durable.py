"""The durable engine: quiet, at home, once per hop, without pickle."""

import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stanch.engine.runs.durable import Durable, Place, Plain
from stanch.engine.runs.memory import Hop, Record
from stanch.vocabulary.ids import RunId
from stanch.vocabulary.trouble import AlreadyThere

HOP = Hop(run=RunId("run-1"), number=0)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_hop_is_carried_once_at_home_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    calls: list[object] = []
    carried: list[str] = []
    others = set(threading.enumerate()) - {threading.current_thread()}

    def out(*to: object, **_: object) -> None:
        if threading.current_thread() not in others:
            calls.append(to)

    monkeypatch.setattr(socket, "getaddrinfo", out)
    monkeypatch.setattr(socket.socket, "connect", out)

    def carry(hop: Hop, record: Record) -> None:
        carried.append(record("step", lambda: f"{hop.run} {hop.number}"))

    engine = Durable(Place(url=f"sqlite:///{tmp_path}/runs.db"), carry)
    engine.start()
    try:
        with pytest.raises(AlreadyThere):
            Durable(Place(url=f"sqlite:///{tmp_path}/other.db"), carry).start()
        engine.enqueue(HOP)
        engine.enqueue(HOP)
        until(lambda: bool(carried) and not engine.at_work(HOP))
        engine.enqueue(HOP)
        assert not engine.at_work(HOP)
        threads = set(threading.enumerate()) - others
    finally:
        engine.stop()
    assert carried == ["run-1 0"]
    assert calls == []
    assert len(threads) < 30
    assert capfd.readouterr() == ("", "")
    assert recorded(tmp_path / "runs.db") == ("wal", "stanch_json", "0")


def recorded(path: Path) -> tuple[str, ...]:
    """How the file is written ahead, how its rows are marked, and that steps are not kept twice."""
    link = sqlite3.connect(path)
    asked = (
        "PRAGMA journal_mode",
        "SELECT DISTINCT serialization FROM workflow_status",
        "SELECT count(*) FROM operation_outputs",
    )
    found = tuple(str(row[0]) for one in asked for row in link.execute(one))
    link.close()
    return found


def test_what_is_recorded_reads_back() -> None:
    plain = Plain()
    assert plain.deserialize(plain.serialize({"a": [1, "b", None]})) == {"a": [1, "b", None]}
    assert "boom" in plain.deserialize(plain.serialize(ValueError("boom")))
