"""The queue before the log: one leads, who wait share its commit, the lead is never lost."""

import threading
from collections.abc import Callable

import pytest

from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.log.queue import Asked, Queue
from stanch.vocabulary.record import Entry

PATIENCE = 60


def asked(name: str = "") -> Asked:
    return Asked(leaves=[b"leaf"], source=name, upto=1)


def until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(PATIENCE * 1000):
        if holds():
            return
        pause.wait(0.001)
    raise AssertionError("in vain")


def waiting(queue: Queue, one: Asked, told: list[bool]) -> threading.Thread:
    """A thread that waits for its answer; back once it stands in the queue."""
    before = len(queue._waiting)
    thread = threading.Thread(target=lambda: told.append(queue.leads(one)), daemon=True)
    thread.start()
    until(lambda: len(queue._waiting) > before)
    return thread


def test_the_first_leads_and_who_comes_meanwhile_shares_the_next_commit() -> None:
    queue, told = Queue(), list[bool]()
    first, second, third = asked("1"), asked("2"), asked("3")
    assert queue.leads(first)
    assert queue.take() == [first]
    threads = [waiting(queue, second, told)]
    threads.append(waiting(queue, third, told))
    queue.hand_on([first])
    threads[0].join(PATIENCE)
    assert told == [True]  # the second leads now; the third still waits
    batch = queue.take()
    assert batch == [second, third]
    for one in batch:
        one.got = range(1)
    queue.hand_on(batch)
    threads[1].join(PATIENCE)
    assert told == [True, False]
    assert queue.leads(asked("4"))


def test_who_is_torn_away_while_waiting_leaves_the_lead_to_the_next() -> None:
    queue, told = Queue(), list[bool]()
    first, gone, third = asked("1"), asked("2"), asked("3")
    assert queue.leads(first)
    queue.take()
    queue._waiting.append(gone)
    thread = waiting(queue, third, told)
    queue.hand_on([first])
    assert not told  # the lead lies with the one that is gone
    queue._leave(gone)
    thread.join(PATIENCE)
    assert told == [True]
    assert queue.take() == [third]


def test_who_leaves_before_its_turn_is_not_committed() -> None:
    queue = Queue()
    first, gone = asked("1"), asked("2")
    assert queue.leads(first)
    queue.take()
    queue._waiting.append(gone)
    queue._leave(gone)
    queue.hand_on([first])
    assert queue.take() == []
    assert queue.leads(asked("3"))


def test_fifteen_who_wait_for_one_commit_share_the_next(
    opened: Callable[[], EvidenceLog],
    entry: Callable[[int], Entry],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log, commits, places = opened(), list[int](), list[int]()
    plain = log._commit

    def commit(batch: list[Asked]) -> None:
        if not commits:
            until(lambda: len(log._queue._waiting) == 15)
        commits.append(len(batch))
        plain(batch)

    monkeypatch.setattr(log, "_commit", commit)

    def work(which: int) -> None:
        places.extend(log.append([entry(which)]))

    threads = [threading.Thread(target=work, args=(which,)) for which in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(PATIENCE)
    assert commits == [1, 15]
    assert sorted(places) == list(range(16))
