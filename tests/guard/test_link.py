"""The line to the server: whoever comes back is heard of at once, and only then waits for news."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from urllib.parse import parse_qs, urlsplit

import pytest

from stanch.contain.policy import canonical
from stanch.guard.keeper import Keeper
from stanch.guard.link import Link, Server
from stanch.guard.telemetry import Buffer
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
