"""The line to the server: whoever comes back is heard of at once, and only then waits for news."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest

from stanch.contain.policy import canonical
from stanch.guard.keeper import Keeper
from stanch.guard.link import Link, Server
from stanch.guard.telemetry import Buffer, Bundle, Packed
from stanch.guard.wire import Answer
from stanch.guard.wire import Wire as RealWire
from stanch.vocabulary.event import EXCHANGES
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.policy import Limits, Policy, Rate

FRAUD = AssetId("fraud")
WAITS = 7


class House(ThreadingHTTPServer):
    """A server whose policy never changes; a question that waits is held until it is let go."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.heard: SimpleQueue[str] = SimpleQueue()
        self.breaks = threading.Event()


class Desk(BaseHTTPRequestHandler):
    @property
    def house(self) -> House:
        assert isinstance(self.server, House)
        return self.server

    def do_GET(self) -> None:
        wait = int(parse_qs(urlsplit(self.path).query)["wait"][0])
        self.house.heard.put(f"asked, waits {wait}")
        if wait:
            self.house.breaks.wait(60)
            self.house.breaks.clear()
            self.close_connection = True
            return
        self.send_response(304)
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        told = "left" if json.loads(body).get("leaving") else "told"
        self.house.heard.put("counts" if self.path.endswith("/tally") else told)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:  # pyrefly: ignore[bad-override]  nothing is printed
        """Says nothing."""


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.breaks.set()
    made.shutdown()
    thread.join()
    made.server_close()


def test_a_guard_that_starts_or_was_cut_off_is_heard_of_before_it_waits_for_news(
    house: House,
) -> None:
    keeper = Keeper(FRAUD)
    assert keeper.accept(canonical(Policy(asset=FRAUD, version=3)))
    where = f"http://127.0.0.1:{house.server_address[1]}"
    link = Link(Server(url=where, key="k", wait=WAITS), keeper, Buffer(), "g")
    link.start()
    try:
        come = ["asked, waits 0", "told", f"asked, waits {WAITS}"]
        assert [house.heard.get(timeout=60) for _ in come] == come
        house.breaks.set()
        assert [house.heard.get(timeout=60) for _ in come] == come
    finally:
        link.stop()
    assert house.heard.get(timeout=60) == "left"


def test_while_something_is_limited_it_tells_what_it_let_through(house: House) -> None:
    keeper = Keeper(FRAUD)
    limit = Limits(per_principal=Rate(count=20))
    assert keeper.accept(canonical(Policy(asset=FRAUD, version=3, limit=limit)))
    where = f"http://127.0.0.1:{house.server_address[1]}"
    link = Link(Server(url=where, key="k", wait=WAITS), keeper, Buffer(), "g")
    link.start()
    try:
        assert "counts" in {house.heard.get(timeout=60) for _ in range(4)}
    finally:
        link.stop()


class Wire:
    """A line to a server that takes events as a test says."""

    def __init__(self, *answers: int | OSError) -> None:
        self.answers = list(answers)
        self.bodies: list[bytes] = []

    def ask(self, method: str, path: str, *, body: list[bytes], headers: object) -> Answer:
        assert (method, path) == ("POST", "/api/v1/events")
        self.bodies.append(b"".join(body))
        one = self.answers.pop(0)
        if isinstance(one, OSError):
            raise one
        return one, b"", {}


@pytest.mark.parametrize("no", [ConnectionResetError("gone"), 429, 401, 403, 404, 500, 503])
def test_events_that_were_not_taken_are_sent_again_and_lost_by_no_answer_of_a_moment(
    no: int | OSError,
) -> None:
    buffer, wire = Buffer(), Wire(no, 202)
    link = Link(Server(url="http://house:8484", key="k"), Keeper(FRAUD), buffer, "g")
    buffer.give_back([Bundle(b'{"id": "e1"}', 1), Bundle(b'{"id": "e2"}', 1)])
    with pytest.raises(OSError, match=r"status|gone"):
        link._tell(cast(RealWire, wire))
    link._tell(cast(RealWire, wire))
    assert wire.bodies == [b'[{"id": "e1"},{"id": "e2"}]'] * 2
    assert (link.counts["events_sent"], link.counts["events_refused"]) == (2, 0)


@pytest.mark.parametrize("no", [400, 413, 422])
def test_events_that_can_never_be_taken_are_counted_and_hold_up_no_others(no: int) -> None:
    buffer, wire = Buffer(), Wire(no)
    link = Link(Server(url="http://house:8484", key="k"), Keeper(FRAUD), buffer, "g")
    buffer.give_back([Bundle(b"{}", 3)])
    link._tell(cast(RealWire, wire))
    assert (link.counts["events_refused"], len(buffer)) == (3, 0)


def test_what_is_packed_goes_packed_only_to_who_takes_that() -> None:
    packed = Packed(b"packed", 1)
    link = Link(Server(url="http://house:8484", key="k"), Keeper(FRAUD), Buffer(), "g")
    link.packs = True
    assert link._body([packed])[1] == {"Content-Type": EXCHANGES}
    link._buffer.give_back([packed])
    with pytest.raises(ConnectionError, match="415"):
        link._tell(cast(RealWire, Wire(415)))
    assert (link.packs, len(link._buffer)) == (False, 1)


def test_a_probe_key_stays_where_an_answer_has_none() -> None:
    link = Link(Server(url="http://house:8484", key="k"), Keeper(FRAUD), Buffer(), "g")
    link._learn({"stanch-probe-key": "a2V5"})
    link._learn({})
    link._learn({"stanch-probe-key": "?"})
    assert (link.probe_key, link.counts["probe_key_broken"]) == (b"key", 1)


def test_an_error_of_the_line_itself_is_counted_and_said_and_ends_nothing() -> None:
    link = Link(Server(url="http://house:8484", key="k"), Keeper(FRAUD), Buffer(), "g")

    def broken() -> None:
        link._stop.set()
        raise ZeroDivisionError("nothing to divide by")

    link._repeat(broken)
    assert link.counts["link_errors"] == 1
    (said,) = link._troubles.now
    assert "An error of the guard itself" in said
