"""The queue of the SDK: nothing doubles, nothing is lost in silence, nobody waits."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from threading import Event as Flag

import pytest

from stanch.sdk.outbox import Outbox
from stanch.vocabulary.receipt import Receipt, Rejected
from stanch.vocabulary.trouble import BadInput, Busy, NotLoggedIn, TooLarge, Trouble, Unreachable

SOON = 60.0


class Server:
    """Takes lines, after the troubles that it is to have first."""

    def __init__(self, *troubles: Trouble) -> None:
        self.troubles = list(troubles)
        self.batches: list[list[bytes]] = []
        self.let = Flag()
        self.let.set()

    def __call__(self, body: bytes) -> Receipt:
        self.let.wait(SOON)
        lines = body.split(b"\n")
        if self.troubles:
            raise self.troubles.pop(0)
        self.batches.append(lines)
        bad = [i for i, line in enumerate(lines) if line == b"bad"]
        return Receipt(
            accepted=len(lines) - len(bad),
            duplicate=0,
            rejected=tuple(Rejected(index=i, why="It is bad.") for i in bad),
        )

    @property
    def took(self) -> list[bytes]:
        return [line for batch in self.batches for line in batch]


Make = Callable[..., Outbox]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Outbox] = []

    def one(server: Server, **choices: int) -> Outbox:
        made.append(Outbox(server, "http://here", every=0.001, **choices))
        return made[-1]

    yield one
    for box in made:
        box.close(SOON)


def lines(n: int) -> list[bytes]:
    return [json.dumps({"id": i}).encode() for i in range(n)]


def test_all_that_was_told_arrives_once_and_in_order(make: Make) -> None:
    server = Server()
    box = make(server, batch=100)
    for line in lines(1234):
        assert box.put(line)
    kept = box.flush(SOON)
    assert (kept.accepted, kept.whole) == (1234, True)
    assert server.took == lines(1234)
    assert max(len(batch) for batch in server.batches) <= 100


@pytest.mark.parametrize(
    "trouble", [Unreachable("it", "down"), Busy("full", 0), NotLoggedIn()], ids=repr
)
def test_what_could_not_be_sent_is_sent_again(make: Make, trouble: Trouble) -> None:
    server = Server(trouble)
    box = make(server)
    for line in lines(5):
        box.put(line)
    assert box.flush(SOON).accepted == 5
    assert server.took == lines(5)


def test_a_batch_too_large_is_halved_and_one_event_too_large_costs_itself(make: Make) -> None:
    server = Server(TooLarge(10), TooLarge(10), TooLarge(10))
    server.let.clear()
    box = make(server, batch=4)
    for line in lines(4):
        box.put(line)
    server.let.set()
    kept = box.flush(SOON)
    assert (kept.accepted, kept.refused) == (3, 1)
    assert "larger than 10 bytes" in kept.why[0]


def test_what_the_server_refuses_is_counted_with_its_reason(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    box = make(Server())
    for line in (b"good", b"bad", b"good"):
        box.put(line)
    with caplog.at_level(logging.WARNING, "stanch.sdk"):
        kept = box.flush(SOON)
    assert (kept.accepted, kept.refused, kept.why, kept.whole) == (2, 1, ("It is bad.",), False)
    assert "It is bad." in caplog.text


def test_a_request_that_is_wrong_is_not_sent_for_ever(make: Make) -> None:
    box = make(Server(BadInput("No.")))
    box.put(b"x")
    assert box.flush(SOON).why == ("No.",)


def test_a_full_queue_drops_the_newest_and_says_so(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server()
    server.let.clear()
    box = make(server, most=3)
    with caplog.at_level(logging.WARNING, "stanch.sdk"):
        assert [box.put(line) for line in lines(5)] == [True, True, True, False, False]
    assert caplog.text.count("dropped") == 1
    server.let.set()
    kept = box.flush(SOON)
    assert (kept.accepted, kept.dropped, kept.whole) == (3, 2, False)


def test_who_has_patience_waits_for_room(make: Make) -> None:
    server = Server()
    box = make(server, most=2)
    assert all(box.put(line, patience=SOON) for line in lines(50))
    assert box.flush(SOON).accepted == 50


def test_what_did_not_arrive_in_time_is_said_with_the_reason(make: Make) -> None:
    server = Server(*[Unreachable("it", "down")] * 3)
    box = make(server)
    box.put(b"x")
    with pytest.raises(
        Unreachable, match=r"http://here cannot be reached: 1 event not sent within"
    ):
        box.flush(0.01)
    assert box.flush(SOON).whole


def test_what_waits_at_the_end_is_sent_and_what_comes_after_it_is_dropped(make: Make) -> None:
    server = Server()
    box = make(server)
    box.put(b"x")
    assert box.close(SOON)
    assert server.took == [b"x"]
    assert not box.put(b"y")
    assert box.kept.dropped == 1


def test_an_end_that_nobody_answers_says_what_was_lost(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server()
    server.let.clear()
    box = make(server)
    box.put(b"x")
    with caplog.at_level(logging.WARNING, "stanch.sdk"):
        assert not box.close(0.01)
    server.let.set()
    assert box.kept.dropped == 1
    assert "closed after" in caplog.text


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_begins_with_an_empty_queue_of_its_own(make: Make) -> None:
    server = Server()
    server.let.clear()
    box = make(server)
    box.put(b"parent")
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            server.let.set()
            box.put(b"child")
            box.flush(SOON)
            os.write(writes, b"|".join(server.took))
        finally:
            os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as told:
        assert told.read() == b"child"
    os.waitpid(child, 0)
    server.let.set()
    assert box.flush(SOON).accepted == 1
    assert server.took == [b"parent"]
