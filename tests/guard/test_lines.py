"""An inference as a line of JSON: the event that the longer way makes, or none."""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Event, Thread, current_thread
from typing import Any

import pytest

from stanch.guard.core import Choices, Core, Told
from stanch.guard.extract import automatic, decoded
from stanch.guard.facts import Decision, Outcome, Why
from stanch.guard.heard import Heard, whole
from stanch.guard.identity import by_address
from stanch.guard.lines import Bare
from stanch.guard.link import Server
from stanch.guard.table import REMEMBERED
from stanch.guard.telemetry import MANY, SMALL, TOGETHER, Buffer, Bundle, Raw

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


def _core(**choices: Any) -> Core:
    choices.setdefault("monotonic", lambda: 100.0)
    made = Choices(name="g", wall=lambda: AT, **choices)
    return Core(Server(url="http://127.0.0.1:9", key="k"), "fraud-scorer", by_address, made)


def _heard(asked: bytes, answered: bytes, who: str = 'k\u00e9y "1"') -> Bare:
    return (asked, answered, who, "198.51.100.1", "v7", 99.0, 99.5, 200)


def _told(core: Core, *some: Bare) -> list[dict[str, Any]]:
    for one in some:
        core.buffer.hear(one)
    told = core.buffer.batch(1000, 0)
    events = [event for one in told for event in json.loads(b"[%b]" % one.text)]
    assert len(events) == sum(one.many for one in told)
    return events


def test_the_short_way_says_what_the_long_way_says() -> None:
    core = _core()
    assert core.together([_heard(ROW, ANSWER)])[0].many == 1
    (told,) = _told(core, _heard(ROW, ANSWER))
    other = json.loads(core.alone(_heard(ROW, ANSWER)).line())
    assert other.pop("id").startswith("g-")
    assert told.pop("id").startswith("g-")
    assert told == other
    assert told["ts"] == "2026-11-20T23:59:59.500000Z"
    assert (told["principal"], told["prediction"]) == ('k\u00e9y "1"', 'h\u00e4m "x"')
    assert (told["latency_ms"], told["status"], told["version"]) == (500.0, 200, "v7")


def test_nobody_is_told_as_no_name() -> None:
    core = _core()
    assert _told(core, _heard(ROW, ANSWER, who=""))[0]["principal"] == ""


def test_numbers_are_told_as_they_were_written() -> None:
    core = _core()
    text = core.together([_heard(ROW, ANSWER)])[0].text
    assert b'"features":[1.50, 2],' in text
    assert b'"scores":[0.7, 0.30]' in text


@pytest.mark.parametrize(("asked", "answered"), OTHERWISE)
def test_what_is_no_row_of_plain_numbers_takes_the_long_way(asked: bytes, answered: bytes) -> None:
    core = _core()
    one = _heard(asked, answered)
    made, (other,) = core.together([one])
    assert made == (b"", 0)
    assert isinstance(other, Told)
    assert (other.asked, other.answered, other.at) == (asked, answered, 99.5)
    (told,) = _told(core, one)
    found = automatic(decoded(asked), decoded(answered)) if asked else {}
    for name, value in (found or {}).items():
        assert told[name] == value


def test_strange_bodies_among_many_cost_no_other_event() -> None:
    core = _core()
    rows = [b'{"features": [%d, 0.5]}' % n for n in range(20)]
    some = [_heard(row, ANSWER) for row in rows]
    some[3:3] = [_heard(*bodies) for bodies in OTHERWISE]
    made, others = core.together(some)
    assert made.many + len(others) == len(some)
    assert made.many in {20, 21}, "one of them is only too wide, and there is room among many"
    told = _told(core, *some)
    assert len(told) == len(some)
    assert len({event["id"] for event in told}) == len(some)
    numbers = [event["features"][0] for event in told if event.get("features", [0])[-1] == 0.5]
    assert numbers == list(range(20))


@pytest.mark.parametrize(
    "opens",
    [
        b'{"features": [1]} {"features": [2]} {"features": [3], "x": ',
        b'{"features": [1]}, {"features": [2]}, {"features": [3], "x": ',
        b'{"features": [1]}\n{"features": [2]}\n{"features": [3], "x": ',
        b'{"features": [1], [2], "x": "',
        b'{"features": [[1], [2], [3]]}',
    ],
)
def test_no_body_says_anything_in_the_name_of_the_next(opens: bytes) -> None:
    core = _core()
    closes = b'"}' if opens.endswith(b'"') else b"}"
    rows = (("thief", opens), ("victim", ROW), ("thief", closes), ("victim", ROW))
    told = _told(core, *(_heard(row, ANSWER, who=name) for name, row in rows))
    assert [e["features"] for e in told if e["principal"] == "victim"] == [[1.5, 2]] * 2
    assert not any(e["features"] == [2] for e in told if "features" in e)


def test_tools_that_were_held_are_told_of() -> None:
    core = _core()
    core.buffer.offer(core.alone(_heard(ROW, ANSWER), {"tools_held": ("sql",)}))
    (told,) = _told(core)
    assert (told["tools_held"], told["features"]) == (["sql"], [1.5, 2])


async def _sent(one: Heard, part: bytes) -> None:
    await one.send({"type": "http.response.body", "body": part})


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_a_body_in_pieces_is_told_whole_and_a_large_one_not_at_all(parts: int) -> None:
    core = _core(largest=100)

    async def nothing(*_: object) -> Any:
        return None

    decision = Decision(Outcome.SERVE, Why.ALLOWED, version="v7")
    for size in (7, 60):
        one = Heard(core, decision, (None, "198.51.100.1"), nothing, nothing, 100, 99.0, asked=ROW)
        for n in range(parts):
            asyncio.run(_sent(one, b"%d" % n * size))
        wanted = b"".join(b"%d" % n * size for n in range(parts))
        assert whole(one.answered) == (wanted if parts * size <= 100 else b"")
        one.finish()
        kept = core.buffer.fresh[-1]
        assert isinstance(kept, tuple)
        assert kept[:3] == (ROW, whole(one.answered), "")


class _Raw:
    """An exchange that says when it is read."""

    def __init__(self, number: int, size: int = 10, *, strange: bool = False) -> None:
        self.number, self.size, self.strange, self.reads = number, size, strange, 0

    def line(self) -> bytes:
        self.reads += 1
        if self.strange:
            raise ValueError("unheard of")
        return b"%d" % self.number


class _Broken:
    """Fails at whatever is read together."""

    def together(self, some: Sequence[Raw | Bare]) -> tuple[Bundle, Sequence[Raw]]:
        raise ValueError("unheard of")

    def alone(self, one: Bare, /) -> Raw:
        return _Raw(one[-1], len(one[0]) + len(one[1]))

    def unread(self, error: Exception, /) -> None:
        assert str(error) == "unheard of"


def _texts(events: list[Bundle]) -> list[bytes]:
    texts = [text for one in events for text in one.text.split(b",")]
    assert len(texts) == sum(one.many for one in events)
    return texts


def test_small_ones_are_read_together_and_what_is_left_by_the_thread_that_sends() -> None:
    buffer = Buffer()
    raws = [_Raw(n) for n in range(TOGETHER + 3)]
    for n, raw in enumerate(raws):
        buffer.offer(raw)
        assert sum(one.reads for one in raws) == (TOGETHER if n >= TOGETHER - 1 else 0)
    assert len(buffer) == TOGETHER + 3
    assert _texts(buffer.batch(1000, 0)) == [b"%d" % n for n in range(TOGETHER + 3)]
    assert [one.reads for one in raws] == [1] * (TOGETHER + 3)
    assert len(buffer) == 0


def test_where_many_go_out_the_few_that_came_last_go_with_the_next_batch() -> None:
    for closed in (False, True):
        buffer = Buffer()
        for n in range(MANY + 3):
            buffer.offer(_Raw(n))
        if closed:
            buffer.close()
        first = _texts(buffer.batch(2000, 0))
        assert len(first) == MANY + (3 if closed else 0)
        assert [*first, *_texts(buffer.batch(2000, 0))] == [b"%d" % n for n in range(MANY + 3)]
        assert len(buffer) == 0


def test_a_large_one_and_one_for_the_hosts_own_reader_wait_for_the_thread_that_sends() -> None:
    for buffer, size in ((Buffer(), SMALL + 1), (Buffer(small=0), 1)):
        raws = [_Raw(n, size) for n in range(2 * TOGETHER)]
        for raw in raws:
            buffer.offer(raw)
        assert not any(one.reads for one in raws)
        assert len(_texts(buffer.batch(1000, 0))) == 2 * TOGETHER


def test_a_hosts_own_reader_is_never_called_on_the_hosts_thread() -> None:
    read: list[str] = []

    def own(asked: object, answered: object) -> dict[str, object] | None:
        read.append(current_thread().name)
        return automatic(asked, answered)

    core = _core(extract=own)
    for _ in range(2 * TOGETHER):
        core.tell({"status": 200}, ROW, ANSWER)
    assert read == []
    assert sum(one.many for one in core.buffer.batch(1000, 0)) == len(read) == 2 * TOGETHER


def test_a_strange_body_costs_no_other_event() -> None:
    buffer = Buffer()
    for n in range(TOGETHER + 2):
        buffer.offer(_Raw(n, strange=n % 2 == 0))
    assert _texts(buffer.batch(1000, 0)) == [b"%d" % n for n in range(TOGETHER + 2) if n % 2]
    assert buffer.counts["events_unread"] == TOGETHER // 2 + 1


def test_what_an_own_extract_raises_is_said_once_with_its_place_in_the_code(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def own(asked: object, answered: object) -> dict[str, object]:
        del asked, answered
        raise KeyError("features")

    core = _core(extract=own)
    for _ in range(3):
        core.tell({"status": 200}, ROW, ANSWER)
    core.buffer.batch(1000, 0)
    assert core.buffer.counts["events_unread"] == 3
    (said,) = caplog.records
    assert "could not read what it heard (KeyError)" in said.message
    assert said.exc_info is not None
    (now,) = core.troubles.now
    assert "some requests are not told of" in now


def test_what_fails_for_all_of_them_is_counted_and_tried_one_by_one() -> None:
    buffer = Buffer(makes=_Broken())
    for n in range(TOGETHER + 1):
        buffer.hear((b"", b"", "", "", "", 0.0, 0.0, n))
    assert _texts(buffer.batch(1000, 0)) == [b"%d" % n for n in range(TOGETHER + 1)]
    assert buffer.counts == {"batches_read_one_by_one": 2}


def test_a_batch_is_a_bundle_longer_than_asked_at_most_and_none_is_lost_over_several() -> None:
    buffer = Buffer()
    for n in range(3 * TOGETHER + 5):
        buffer.offer(_Raw(n))
    seen: list[bytes] = []
    while batch := buffer.batch(50, 0):
        assert sum(one.many for one in batch) < 50 + TOGETHER
        seen.extend(_texts(batch[:1]))
        buffer.give_back(batch[1:])
    assert sorted(map(int, seen)) == list(range(3 * TOGETHER + 5))


def test_what_could_not_be_sent_comes_first_again_and_what_does_not_fit_is_counted() -> None:
    buffer = Buffer(most=2 * TOGETHER)
    for n in range(2 * TOGETHER + 3):
        buffer.offer(_Raw(n))
    assert buffer.counts["events_dropped"] == 3
    batch = buffer.batch(1000, 0)
    buffer.offer(_Raw(999))
    buffer.give_back(batch)
    assert buffer.counts["events_dropped"] == 3 + TOGETHER
    assert len(buffer) == TOGETHER + 1
    assert _texts(buffer.batch(1000, 0)) == [b"%d" % n for n in [*range(TOGETHER), 999]]
    assert len(buffer) == 0


def test_what_comes_back_and_just_fits_is_kept() -> None:
    buffer = Buffer(most=TOGETHER)
    for n in range(TOGETHER):
        buffer.offer(_Raw(n))
    buffer.give_back(buffer.batch(1000, 0))
    assert (len(buffer), buffer.counts["events_dropped"]) == (TOGETHER, 0)


def test_who_waits_for_a_batch_is_woken_by_so_many_once_and_not_kept_by_a_service_that_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buffer, woken = Buffer(), list[int]()
    buffer.batch(2, 0)
    monkeypatch.setattr(buffer._ready, "notify_all", lambda: woken.append(len(buffer)))
    for n in range(3):
        buffer.offer(_Raw(n))
    assert woken == [2]
    buffer.batch(9, 0)
    buffer.close()
    began = time.monotonic()
    assert buffer.batch(1, 60) == []
    assert time.monotonic() - began < 50


def test_what_comes_back_twice_is_sent_in_the_order_in_which_it_was_heard() -> None:
    buffer = Buffer()
    for n in range(2 * TOGETHER):
        buffer.offer(_Raw(n))
    for most in (1000, 1):
        buffer.give_back(buffer.batch(most, 0))
    assert _texts(buffer.batch(1000, 0)) == [b"%d" % n for n in range(2 * TOGETHER)]


def test_bytes_that_wait_are_bounded_and_room_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stanch.guard.telemetry.LARGEST", 10 * SMALL)
    buffer = Buffer()
    for round_ in range(5):
        for n in range(30):
            buffer.offer(_Raw(n, SMALL + 1))
        assert len(buffer) == 10, round_
        assert sum(one.many for one in buffer.batch(1000, 0)) == 10
    for n in range(5 * TOGETHER):
        buffer.offer(_Raw(n))
        if n % 3 == 0:
            buffer.batch(1, 0)
    while buffer.batch(1000, 0):
        pass
    assert (buffer._kept, buffer._came) == (buffer._read, buffer._went)


def test_two_threads_tell_each_event_once() -> None:
    buffer, many, told = Buffer(), 5000, Event()
    seen: list[bytes] = []

    def send() -> None:
        while not (told.is_set() and len(buffer) == 0):
            seen.extend(_texts(buffer.batch(100, 0.001)))

    sender = Thread(target=send)
    sender.start()
    for n in range(many):
        buffer.offer(_Raw(n))
    told.set()
    sender.join(timeout=60)
    assert not sender.is_alive()
    assert sorted(map(int, seen)) == list(range(many))


def test_what_breaks_after_an_answer_is_counted_and_said(caplog: pytest.LogCaptureFixture) -> None:
    core = _core()
    core.buffer.fresh = None  # type: ignore[assignment]  # pyrefly: ignore[bad-assignment]  broken on purpose
    decision = Decision(Outcome.SERVE, Why.ALLOWED)
    Heard(core, decision, (None, ""), _never, _never, 100, 99.0).finish()
    assert core.measured()["internal_errors"] == 1
    assert "failed (TypeError)" in caplog.text


async def _never(*_: object) -> Any:
    raise AssertionError


def test_who_asks_from_an_address_is_kept_of_so_many_and_only_where_it_says_it_all() -> None:
    def scope(n: int) -> dict[str, Any]:
        return {"client": (f"198.51.{n >> 8}.{n & 255}", n), "headers": ()}

    core = _core()
    for n in range(REMEMBERED + 5):
        assert core.asks(scope(n))[1] == scope(n)["client"][0]
    assert 0 < len(core.known) <= REMEMBERED
    named = Core(Server(url="http://127.0.0.1:9", key="k"), "a", lambda _: "key-1", Choices())
    for other in (_core(trusted_proxies=("198.51.0.0/16",)), named):
        other.asks(scope(1))
        assert not other.known
