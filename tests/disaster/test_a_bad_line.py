"""A guard whose line to its server is slow, breaks in the middle of answers, and is cut: callers
notice nothing, every event arrives once, and a block that came meanwhile holds as soon as it can.
"""

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.processes import PATIENCE, Server, free_port, serving, until

ASSET = "fraud-scorer"


class _Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's shape
        return

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        said = b'{"prediction": "yes", "scores": [0.1, 0.9]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


class Relay:
    """A line between a guard and its server that is as bad as a test says."""

    def __init__(self, to: int) -> None:
        self._to = to
        self.delay = 0.0
        self.halved = False
        """Whether each answer ends after half of it."""
        self.cut = False
        self._open: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._let_in, daemon=True).start()

    def break_off(self) -> None:
        for line in list(self._open):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.cut = True
        self._door.close()
        self.break_off()

    def _let_in(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                if self.cut:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open |= {near, far}
                for one, other, back in ((near, far, False), (far, near, True)):
                    threading.Thread(
                        target=self._carry, args=(one, other, back), daemon=True
                    ).start()

    def _carry(self, one: socket.socket, other: socket.socket, back: bool) -> None:
        with suppress(OSError):
            while said := one.recv(65_536):
                if back:
                    time.sleep(self.delay)
                if back and self.halved:
                    other.sendall(said[: len(said) // 2])
                    break
                other.sendall(said)
        for line in (one, other):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
            self._open.discard(line)


@contextmanager
def a_model() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def asked(port: int, count: int) -> list[int]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    body = json.dumps({"features": {"a": 1.5, "b": 2.5}})
    found = []
    for _ in range(count):
        line.request("POST", "/predict", body, {"content-type": "application/json"})
        answer = line.getresponse()
        answer.read()
        found.append(answer.status)
    line.close()
    return found


def kept(server: Server) -> int:
    return int(server.ask("GET", f"/api/v1/hunt/count?asset={ASSET}")["count"])


@contextmanager
def a_gateway(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "stanch", "gateway", "--asset", ASSET, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert ASSET in process.stdout.readline()
            yield process
        finally:
            process.terminate()


@pytest.mark.slow
def test_a_guard_on_a_bad_line_costs_no_caller_and_no_event(  # noqa: PLR0915  one bad day
    tmp_path: Path,
) -> None:
    with (
        serving("up", "--port", str(free_port()), data=tmp_path / "data") as server,
        a_model() as m,
    ):
        body = {"id": ASSET, "kind": "endpoint", "name": ASSET, "owner": "ada"}
        server.ask("POST", "/api/v1/assets", body)
        key = server.ask("POST", "/api/v1/keys", {"name": "g", "scopes": ["guard"]})["secret"]
        relay, port = Relay(int(server.url.rpartition(":")[2])), free_port()
        to = ("--server", f"http://127.0.0.1:{relay.port}", "--key", key, "--identify", "address")
        model = ("--upstream", f"v1=http://127.0.0.1:{m}", "--listen", f"127.0.0.1:{port}")
        sent = 0

        def served() -> None:
            nonlocal sent
            began = time.monotonic()
            assert asked(port, 20) == [200] * 20
            assert time.monotonic() - began < SLOW, "the line to the server delays callers"
            sent += 20

        with a_gateway(*to, *model) as gateway:
            until(lambda: asked(port, 1) and kept(server))
            sent = until(lambda: _still(server))
            # Slow: it is late and nothing else.
            relay.delay = SLOW
            served()
            until(lambda: kept(server) == sent)
            # Half an answer: what was sent is sent again, and is known.
            relay.delay, relay.halved = 0.0, True
            relay.break_off()
            served()
            relay.halved = False
            until(lambda: kept(server) == sent)
            # Cut: it goes on under the policy it has, and hears of the next one afterwards.
            relay.cut = True
            relay.break_off()
            served()
            stopped = f"asset: {ASSET}\nmode: stopped\n".encode()
            yaml = {"content-type": "application/yaml"}
            path = f"/api/v1/assets/{ASSET}/policy?anyway=true&because=a+bad+line"
            assert "detail" not in server.ask("PUT", path, stopped, **yaml)
            served()
            time.sleep(1)
            relay.cut = False
            until(lambda: kept(server) == sent)
            until(lambda: asked(port, 1) != [200])
            gateway.terminate()
            assert gateway.wait(PATIENCE) == 0
        relay.close()


SLOW = 2.0


def _still(server: Server) -> int:
    """How many events are there, once no more come."""
    before = kept(server)
    time.sleep(1)
    return before if kept(server) == before else 0
