"""An inference as a line of JSON: the event that the longer way makes, or none."""

import json
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import pytest

from stanch.guard.core import Choices, Core
from stanch.guard.extract import automatic, decoded
from stanch.guard.facts import Decision, Outcome, Why
from stanch.guard.heard import Heard
from stanch.guard.identity import by_address
from stanch.guard.lines import said
from stanch.guard.link import Server
from stanch.guard.telemetry import SMALL, TOGETHER, Buffer

AT = datetime(2026, 11, 21, tzinfo=UTC)
ROW = b'{"features": [1.50, 2], "note": "x"}'
ANSWER = b'{"prediction": "h\\u00e4m \\"x\\"", "scores": [0.7, 0.30], "took": 1}'
OTHERWISE = (
    (ROW, b'{"prediction": 1, "scores": [1.0]}'),
    (ROW, b'{"prediction": "ham", "scores": {"ham": 1.0}}'),
    (ROW, b'{"prediction": "ham"}'),
    (ROW, b"no json"),
    (b'{"features": [1], "messages": []}', ANSWER),
    (b'{"features": [1], "in\\u0070uts": []}', ANSWER),
    (b'{"features": [1], "instances": [[2]]}', ANSWER),
    (b'{"features": [1], "dataframe_records": [{"a": 2}]}', ANSWER),
    (b'{"features": [1], "dataframe_split": {"data": [[2]]}}', ANSWER),
    (b'{"features": [true]}', ANSWER),
    (b'{"features": ["1"]}', ANSWER),
    (b'{"features": [1.5,' + b" " * 500 + b"2]}", ANSWER),
    (b'{"features": ' + b"[" * 9000 + b"]" * 9000 + b"}", ANSWER),
    (b'{"inputs": [1]}', ANSWER),
    (b"\xff\xfe", ANSWER),
    (b"", b""),
)


def _own(asked: object, answered: object) -> dict[str, object] | None:
    return automatic(asked, answered)


def _core(**choices: Any) -> Core:
    choices.setdefault("monotonic", lambda: 100.0)
    made = Choices(name="g", wall=lambda: AT, **choices)
    return Core(Server(url="http://127.0.0.1:9", key="k"), "fraud-scorer", by_address, made)


def _heard(core: Core, asked: bytes, answered: bytes, who: str | None = 'k\u00e9y "1"') -> Heard:
    async def nothing(*_: object) -> Any:
        return None

    decision = Decision(Outcome.SERVE, Why.ALLOWED, version="v7")
    one = Heard(core, decision, (who, "198.51.100.1"), (nothing, nothing))
    one.asked, one.answered, one.status = [asked], [answered], 200
    one.started, one.ended, one.number = 99.0, 99.5, 7
    one.size = len(asked) + len(answered)
    return one


def test_the_short_way_says_what_the_long_way_says() -> None:
    short = _heard(_core(), ROW, ANSWER)
    long = _heard(_core(extract=_own), ROW, ANSWER)
    told, other = json.loads(short.line()), json.loads(long.line())
    assert said(ROW, ANSWER) is not None
    assert told.pop("id").startswith("g-")
    other.pop("id")
    assert told == other
    assert told["ts"] == "2026-11-20T23:59:59.500000Z"
    assert (told["principal"], told["prediction"]) == ('k\u00e9y "1"', 'h\u00e4m "x"')
    assert (told["latency_ms"], told["status"], told["version"]) == (500.0, 200, "v7")


def test_nobody_is_told_as_no_name() -> None:
    assert json.loads(_heard(_core(), ROW, ANSWER, who=None).line())["principal"] == ""


@pytest.mark.parametrize(("asked", "answered"), OTHERWISE)
def test_what_is_no_row_of_plain_numbers_takes_the_long_way(asked: bytes, answered: bytes) -> None:
    assert said(asked, answered) is None
    told = json.loads(_heard(_core(), asked, answered).line())
    found = automatic(decoded(asked), decoded(answered)) if asked else {}
    for name, value in (found or {}).items():
        assert told[name] == value


def test_tools_that_were_held_are_told_of() -> None:
    one = _heard(_core(), ROW, ANSWER)
    one.tools = ("sql",)
    told = json.loads(one.line())
    assert (told["tools_held"], told["features"]) == (["sql"], [1.5, 2])


class _Raw:
    """An exchange that says when it is read."""

    def __init__(self, number: int, size: int = 10, *, strange: bool = False) -> None:
        self.number, self.size, self.strange, self.reads = number, size, strange, 0

    def line(self) -> bytes:
        self.reads += 1
        if self.strange:
            raise ValueError("unheard of")
        return b"%d" % self.number


def test_small_ones_are_read_together_and_what_is_left_by_the_thread_that_sends() -> None:
    buffer = Buffer()
    raws = [_Raw(n) for n in range(TOGETHER + 3)]
    for n, raw in enumerate(raws):
        buffer.offer(raw)
        assert sum(one.reads for one in raws) == (TOGETHER if n >= TOGETHER - 1 else 0)
    assert len(buffer) == TOGETHER + 3
    assert buffer.batch(1000, 0) == [b"%d" % n for n in range(TOGETHER + 3)]
    assert [one.reads for one in raws] == [1] * (TOGETHER + 3)
    assert len(buffer) == 0


def test_a_large_one_and_one_for_the_hosts_own_reader_wait_for_the_thread_that_sends() -> None:
    for buffer, size in ((Buffer(), SMALL + 1), (Buffer(small=0), 1)):
        raws = [_Raw(n, size) for n in range(2 * TOGETHER)]
        for raw in raws:
            buffer.offer(raw)
        assert not any(one.reads for one in raws)
        assert len(buffer.batch(1000, 0)) == 2 * TOGETHER


def test_a_hosts_own_reader_is_never_called_on_the_hosts_thread() -> None:
    core = _core(extract=_own)
    for _ in range(2 * TOGETHER):
        core.tell({"status": 200}, ROW, ANSWER)
    assert not core.buffer._lines(TOGETHER)[0]
    assert len(core.buffer.batch(1000, 0)) == 2 * TOGETHER


def test_a_strange_body_costs_no_other_event() -> None:
    buffer = Buffer()
    for n in range(TOGETHER + 2):
        buffer.offer(_Raw(n, strange=n % 2 == 0))
    assert buffer.batch(1000, 0) == [b"%d" % n for n in range(TOGETHER + 2) if n % 2]
    assert buffer.counts["events_unread"] == TOGETHER // 2 + 1


def test_a_batch_is_never_longer_than_asked_and_none_is_lost_over_several() -> None:
    buffer = Buffer()
    for n in range(3 * TOGETHER + 5):
        buffer.offer(_Raw(n))
    seen: list[bytes] = []
    while batch := buffer.batch(50, 0):
        assert len(batch) <= 50
        buffer.give_back(batch[25:])
        seen.extend(batch[:25])
    assert sorted(map(int, seen)) == list(range(3 * TOGETHER + 5))


def test_bytes_that_wait_are_bounded_and_room_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stanch.guard.telemetry.LARGEST", 10 * SMALL)
    buffer = Buffer()
    for round_ in range(5):
        for n in range(30):
            buffer.offer(_Raw(n, SMALL + 1))
        assert len(buffer) == 10, round_
        assert len(buffer.batch(1000, 0)) == 10
    for n in range(5 * TOGETHER):
        buffer.offer(_Raw(n))
        if n % 3 == 0:
            buffer.batch(1, 0)
    while buffer.batch(1000, 0):
        pass
    assert buffer._kept == buffer._read


def test_two_threads_tell_each_event_once() -> None:
    buffer, many, told = Buffer(), 5000, Event()
    seen: list[bytes] = []

    def send() -> None:
        while not (told.is_set() and len(buffer) == 0):
            seen.extend(buffer.batch(100, 0.001))

    sender = Thread(target=send)
    sender.start()
    for n in range(many):
        buffer.offer(_Raw(n))
    told.set()
    sender.join(timeout=30)
    assert not sender.is_alive()
    assert sorted(map(int, seen)) == list(range(many))
