"""The durable engine: quiet, at home, once per hop, without pickle."""

import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import make_url

from stanch.engine.runs import durable
from stanch.engine.runs.durable import (
    AT_ONCE,
    LOOK_EVERY,
    LOOK_SOON,
    Durable,
    Place,
    Plain,
)
from stanch.engine.runs.memory import Hop, Record
from stanch.store.sql.connect import trouble
from stanch.vocabulary.ids import RunId
from stanch.vocabulary.trouble import AlreadyThere, NoSpace

HOP = Hop(run=RunId("run-1"), number=0)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
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


def looks(path: Path) -> float:
    """How many seconds pass between two looks into the queue."""
    link = sqlite3.connect(path)
    ((found,),) = link.execute("SELECT polling_interval_sec FROM queues WHERE name = 'playbooks'")
    link.close()
    return float(found)


def hops(name: str, many: int) -> list[Hop]:
    return [Hop(run=RunId(f"{name}-{n}"), number=0) for n in range(many)]


def test_hops_begin_here_while_there_is_room_and_a_crowd_waits_in_the_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, go = tmp_path / "runs.db", threading.Event()
    begun: list[Hop] = []

    def carry(hop: Hop, _: Record) -> None:
        begun.append(hop)
        go.wait(60)

    engine = Durable(Place(url=f"sqlite:///{file}"), carry)
    engine.start()
    try:
        few, crowd = hops("few", AT_ONCE), hops("crowd", 3 * AT_ONCE)
        for hop in few:
            engine.enqueue(hop)
        assert looks(file) == LOOK_EVERY
        for hop in (*crowd, *few):
            engine.enqueue(hop)
        assert looks(file) == LOOK_SOON
        until(lambda: set(begun) >= set(few))
        go.set()
        until(lambda: not any(engine.at_work(hop) for hop in (*crowd, *few)))
        assert len(begun) == len(set(begun)) == len(crowd) + len(few)
        engine.rest()
        assert looks(file) == LOOK_SOON
        monkeypatch.setattr(durable, "WHILE", 0.0)
        engine.rest()
        assert looks(file) == LOOK_EVERY
    finally:
        go.set()
        engine.stop()


def test_each_hop_that_ended_or_was_known_makes_room_again(tmp_path: Path) -> None:
    begun: list[Hop] = []
    file = tmp_path / "runs.db"
    engine = Durable(Place(url=f"sqlite:///{file}"), lambda hop, _: begun.append(hop))
    engine.start()
    try:
        for hop in hops("one", 3 * AT_ONCE):
            engine.enqueue(hop)
            until(lambda one=hop: one in begun and not engine.at_work(one))
            engine.enqueue(hop)
        assert len(begun) == 3 * AT_ONCE
        assert looks(file) == LOOK_EVERY
    finally:
        engine.stop()


def test_who_stops_with_a_hop_at_work_says_so_and_it_goes_on_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "PATIENCE", 1)
    place = Place(url=f"sqlite:///{tmp_path}/runs.db")
    go, begun = threading.Event(), threading.Event()

    def hangs(_: Hop, __: Record) -> None:
        begun.set()
        go.wait(60)

    engine = Durable(place, hangs)
    engine.start()
    engine.enqueue(HOP)
    assert begun.wait(60)
    assert engine.stop() == 1
    carried: list[Hop] = []
    again = Durable(place, lambda hop, _: carried.append(hop))
    again.start()
    try:
        until(lambda: carried == [HOP])
    finally:
        go.set()
        until(lambda: not durable._working)
        assert again.stop() == 0


def refusing(path: Path, what: str, name: str) -> sqlite3.Connection:
    """A disk that is full for this: said as SQLite says it."""
    link = sqlite3.connect(path, isolation_level=None)
    link.execute(
        f"CREATE TRIGGER {name} BEFORE {what} ON workflow_status "
        "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    return link


def test_on_a_full_disk_a_hop_is_refused_in_words_and_one_that_ended_is_not_at_work(
    tmp_path: Path,
) -> None:
    file, carried = tmp_path / "runs.db", list[Hop]()
    url = f"sqlite:///{file}"
    place = Place(url=url, trouble=partial(trouble, make_url(url)))
    engine = Durable(place, lambda hop, _: carried.append(hop))
    engine.start()
    try:
        link = refusing(file, "UPDATE OF status", "ends")
        engine.enqueue(HOP)
        until(lambda: carried == [HOP] and not engine.at_work(HOP))
        assert ends(file) == [("run-1.0", "PENDING")]
        refusing(file, "INSERT", "begins").close()
        with pytest.raises(NoSpace, match=str(file)):
            engine.enqueue(Hop(run=RunId("run-1"), number=1))
        link.execute("DROP TRIGGER begins")
        link.execute("DROP TRIGGER ends")
        link.close()
        engine.enqueue(Hop(run=RunId("run-1"), number=1))
        until(lambda: len(carried) == 2)
    finally:
        engine.stop()


def test_a_hop_that_is_handed_to_this_process_and_has_not_begun_is_at_work(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    engine = Durable(Place(url=f"sqlite:///{file}"), lambda _hop, _: None)
    engine.start()
    try:
        engine.enqueue(HOP)
        until(lambda: ends(file) == [("run-1.0", "SUCCESS")])
        assert not engine.at_work(HOP)
        handed = "UPDATE workflow_status SET status = 'PENDING', workflow_uuid = 'handed.0'"
        with sqlite3.connect(file) as link:
            link.execute(handed)
        assert engine.at_work(Hop(run=RunId("handed"), number=0))
    finally:
        engine.stop()


def ends(path: Path) -> list[tuple[str, str]]:
    """What stands of each hop."""
    link = sqlite3.connect(path)
    found = link.execute("SELECT workflow_uuid, status FROM workflow_status").fetchall()
    link.close()
    return found


def test_what_is_recorded_reads_back() -> None:
    plain = Plain()
    assert plain.deserialize(plain.serialize({"a": [1, "b", None]})) == {"a": [1, "b", None]}
    assert "boom" in plain.deserialize(plain.serialize(ValueError("boom")))
