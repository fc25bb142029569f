"""Exchanges that a server reads: the events that the guard itself would have made."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.guard.core import Choices, Core
from stanch.guard.identity import by_address
from stanch.guard.lines import Bare
from stanch.guard.link import Server
from stanch.guard.packed import events, pieces
from stanch.guard.telemetry import TOGETHER, Packed
from stanch.guard.wire import Wire
from stanch.vocabulary.event import EXCHANGES
from stanch.vocabulary.trouble import BadInput

AT = datetime(2026, 11, 21, tzinfo=UTC)
PLAIN = (b'{"features": [1.50, 2]}', b'{"prediction": "ham", "scores": [0.7, 0.30]}')
CHAT = (
    b'{"messages": [{"role": "user", "content": "hi"}]}',
    b'{"choices": [{"message": {"content": "ho"}}]}',
)
BODIES = (
    PLAIN,
    CHAT,
    (b'{"instances": [[1, 2]]}', b'{"predictions": [0.5]}'),
    (b'{"age": 7, "name": "x"}', b'{"prediction": 1}'),
    (b'{"features": [1]} {"features": [2]', b"no json"),
    (b"\xff\xfe", b"\x00"),
    (b"", b"a page"),
)


def _core(url: str = "http://127.0.0.1:9", *, packs: bool, **choices: Any) -> Core:
    made = Choices(name="g", wall=lambda: AT, monotonic=lambda: 100.0, **choices)
    core = Core(Server(url=url, key="k", every=0.0), "fraud-scorer", by_address, made)
    core.link.packs = packs
    return core


def _row(asked: bytes, answered: bytes, who: str = "key-1") -> Bare:
    return (asked, answered if asked else b"", who, "198.51.100.1", "v7", 99.0, 99.5, 200)


def _pack(pack: tuple[object, ...]) -> bytes:
    return b"".join(pieces([msgspec.msgpack.encode(pack)], b""))


def _told(core: Core, rows: list[Bare]) -> list[dict[str, Any]]:
    for one in rows:
        core.buffer.hear(one)
    told, headers = core.link._body(core.buffer.batch(10_000, 0))
    body = b"".join(told)
    found = json.loads(events(body) if headers else body)
    for one in found:
        one.pop("id")
    return sorted(found, key=json.dumps)


def test_the_server_reads_what_the_guard_would_have_told() -> None:
    rows = [_row(*one, who=f"key-{n}") for n, one in enumerate(BODIES)]
    packed, plain = (_told(_core(packs=packs), rows) for packs in (True, False))
    assert packed == plain
    assert len(packed) == len(BODIES)


@given(st.lists(st.tuples(st.binary(max_size=60), st.binary(max_size=60)), max_size=8))
def test_whatever_is_sent_costs_no_other_event(bodies: list[tuple[bytes, bytes]]) -> None:
    rows = [_row(*PLAIN), *(_row(*one, who="thief") for one in bodies), _row(*PLAIN)]
    found = _told(_core(packs=True), rows)
    assert len(found) == len(rows)
    mine = [one for one in found if one["principal"] == "key-1"]
    assert [one["features"] for one in mine] == [[1.5, 2]] * 2


def test_each_event_has_an_id_of_its_own_and_the_same_when_sent_again() -> None:
    core = _core(packs=True)
    for _ in range(2 * TOGETHER + 5):
        core.buffer.hear(_row(*PLAIN))
    told = core.buffer.batch(10_000, 0)
    assert all(isinstance(one, Packed) for one in told)
    core.buffer.give_back(told)
    first, again = (core.link._body(one) for one in (told, core.buffer.batch(10_000, 0)))
    assert first == again
    ids = [one["id"] for one in json.loads(events(b"".join(first[0])))]
    assert len(set(ids)) == len(ids) == 2 * TOGETHER + 5


def test_what_the_host_itself_reads_never_leaves_it_whole() -> None:
    def own(asked: Any, _: Any) -> dict[str, object] | None:
        return {"features": asked["features"]}

    core = _core(packs=True, extract=own)
    core.buffer.hear(_row(b'{"features": [1], "secret": "s"}', PLAIN[1]))
    body, headers = core.link._body(core.buffer.batch(10, 0))
    assert not headers
    assert b"secret" not in b"".join(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xdc\x00\x01",
        _pack(("a", "p" * 1001, 0.0, [])),
        _pack(("a", "p", 0.0, [_row(*PLAIN)] * 1001)),
        _pack(("a", "p", float("nan"), [_row(*PLAIN)])),
        _pack(("a", "p", 1e300, [_row(*PLAIN)])),
        _pack(("a", "p", 0.0, [(b"", "", "", 1)])),
    ],
)
def test_what_no_guard_sends_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(BadInput, match="exchanges as a guard sends them"):
        events(body)


@contextmanager
def _older() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A server that knows JSON only."""
    came: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is http.server's
            """Says nothing."""

        def do_POST(self) -> None:
            kind = self.headers["Content-Type"]
            came.append((kind, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202 if kind == "application/json" else 415)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_that_does_not_know_them_gets_the_same_events_as_json() -> None:
    with _older() as (url, came):
        core = _core(url, packs=True)
        for one in BODIES:
            core.buffer.hear(_row(*one))
        wire = Wire(url, "k", 10)
        with pytest.raises(ConnectionError):
            core.link._tell(wire)
        core.link._tell(wire)
        wire.close()
    (first, packed), (second, plain) = came
    assert (first, second) == (EXCHANGES, "application/json")
    assert json.loads(plain) == json.loads(events(packed))
    assert core.link.counts["events_sent"] == len(BODIES)
    assert len(core.buffer) == 0
