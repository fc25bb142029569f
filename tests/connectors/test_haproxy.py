"""A real HAProxy, moved through its runtime socket; every change is seen in its traffic."""

import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from stanch.connectors import Link, Order
from stanch.connectors.haproxy import CONNECTOR, HaproxyRuntime
from stanch.vocabulary.trouble import BadInput, Unreachable

_CONFIG = """
global
  stats socket {folder}/admin.sock level admin
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend models
  bind 127.0.0.1:{port}
  http-request deny if {{ req.hdr(x-user),map_str({folder}/denied.map) -m found }}
  default_backend scorers
frontend v6
  bind 127.0.0.1:{v6}
  http-request return status 200 content-type text/plain string v6
frontend v7
  bind 127.0.0.1:{v7}
  http-request return status 200 content-type text/plain string v7
backend scorers
  server v6 127.0.0.1:{v6} weight 1
  server v7 127.0.0.1:{v7} weight 0
"""


@dataclass
class _Haproxy:
    folder: Path
    port: int

    @property
    def runtime(self) -> HaproxyRuntime:
        return HaproxyRuntime(Link(address=f"unix:{self.folder}/admin.sock", seconds=3))

    def ask(self, user: str = "key-1") -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
        try:
            line.request("GET", "/", headers={"X-User": user})
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def haproxy(tmp_path: Path) -> Iterator[_Haproxy]:
    found = shutil.which("haproxy") or "/usr/sbin/haproxy"
    if not Path(found).exists():
        if os.environ.get("CI") == "true":
            pytest.fail("install haproxy")
        pytest.skip("install haproxy")
    made = _Haproxy(tmp_path, _free())
    (tmp_path / "denied.map").write_text("")
    config = tmp_path / "haproxy.cfg"
    config.write_text(_CONFIG.format(folder=tmp_path, port=made.port, v6=_free(), v7=_free()))
    process = subprocess.Popen([found, "-f", str(config), "-db"], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while True:
            try:
                made.ask()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < end
                Event().wait(0.02)
        yield made
    finally:
        process.terminate()
        process.wait()


def test_weights_move_the_traffic_and_are_read_back(haproxy: _Haproxy) -> None:
    assert haproxy.ask() == (200, b"v6")
    runtime = haproxy.runtime
    said = runtime.do(Order(verb="weigh", subject="scorers/v7", value="100"))
    assert said == "scorers/v7 shows weight 100, ready."
    runtime.do(Order(verb="weigh", subject="scorers/v6", value="0"))
    assert haproxy.ask() == (200, b"v7")
    names = {one.name: one.version for one in runtime.assets()}
    assert names == {"scorers/v6": "weight 0, ready", "scorers/v7": "weight 100, ready"}


def test_a_server_is_taken_out_and_comes_back(haproxy: _Haproxy) -> None:
    runtime = haproxy.runtime
    runtime.do(Order(verb="state", subject="scorers/v6", value="maint"))
    assert haproxy.ask()[0] == 503
    runtime.do(Order(verb="state", subject="scorers/v6", value="ready"))
    assert haproxy.ask() == (200, b"v6")


def test_a_key_in_the_map_is_denied_and_twice_is_once(haproxy: _Haproxy) -> None:
    file = f"{haproxy.folder}/denied.map"
    order = Order(verb="put", subject=f"{file}#key-91", value="deny")
    for _ in range(2):
        haproxy.runtime.do(order)
    assert (haproxy.ask("key-91")[0], haproxy.ask("key-1")[0]) == (403, 200)
    for _ in range(2):
        haproxy.runtime.do(Order(verb="drop", subject=f"{file}#key-91"))
    assert haproxy.ask("key-91")[0] == 200


@pytest.mark.parametrize(
    "order",
    [
        Order(verb="weigh", subject="scorers/v6", value="1; shutdown"),
        Order(verb="weigh", subject="scorers/v6\nshow info", value="1"),
        Order(verb="weigh", subject="scorers/v6", value="999"),
        Order(verb="put", subject="/x.map#a b", value="1"),
        Order(verb="state", subject="scorers/v6", value="gone"),
        Order(verb="reload", subject="all"),
    ],
)
def test_an_order_that_would_be_two_commands_is_refused(haproxy: _Haproxy, order: Order) -> None:
    with pytest.raises(BadInput):
        haproxy.runtime.do(order)
    assert haproxy.ask() == (200, b"v6")


def test_what_haproxy_does_not_know_is_unreachable(haproxy: _Haproxy) -> None:
    for order in (
        Order(verb="weigh", subject="scorers/v9", value="1"),
        Order(verb="put", subject="/nowhere.map#a", value="1"),
    ):
        with pytest.raises(Unreachable):
            haproxy.runtime.do(order)
    with pytest.raises(Unreachable):
        CONNECTOR.open(Link(address="unix:/nowhere.sock")).assets()
