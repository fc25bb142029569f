"""What tests of connectors share: a real HAProxy, and a real MLflow server if one can be made."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
from tests.processes import PATIENCE, free_port

from stanch.connectors import Link
from stanch.connectors.haproxy import HaproxyRuntime

_CONFIG = """
global
  stats socket {folder}/admin.sock level admin
defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
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
class Haproxy:
    folder: Path
    port: int

    @property
    def runtime(self) -> HaproxyRuntime:
        return HaproxyRuntime(Link(address=f"unix:{self.folder}/admin.sock", seconds=60))

    def ask(self, user: str = "key-1") -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request("GET", "/", headers={"X-User": user})
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()


@pytest.fixture
def haproxy(tmp_path: Path) -> Iterator[Haproxy]:
    found = shutil.which("haproxy") or "/usr/sbin/haproxy"
    if not Path(found).exists():
        if os.environ.get("CI") == "true":
            pytest.fail("install haproxy")
        pytest.skip("install haproxy")
    made = Haproxy(tmp_path, free_port())
    (tmp_path / "denied.map").write_text("")
    config = tmp_path / "haproxy.cfg"
    config.write_text(
        _CONFIG.format(folder=tmp_path, port=made.port, v6=free_port(), v7=free_port())
    )
    process = subprocess.Popen([found, "-f", str(config), "-db"], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE
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


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MLflow server of its own environment: full MLflow would pull pyarrow down here."""
    folder = tmp_path_factory.mktemp("mlflow")
    tool = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if tool is None:
        pytest.skip("uv, which makes the environment of the MLflow server, is not installed")
    run = ["--python", str(folder / "env/bin/python")]
    made = subprocess.run(
        [tool, "venv", "-q", "--python", sys.executable, str(folder / "env")], check=False
    )
    got = subprocess.run([tool, "pip", "install", "-q", *run, "mlflow>=3.5"], check=False)
    if made.returncode or got.returncode:
        pytest.skip("the environment of the MLflow server cannot be made here")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = subprocess.Popen(
        [
            *(str(folder / "env/bin/mlflow"), "server", "--port", str(port), "--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
        ],
        cwd=folder,
        env={"PATH": f"{folder}/env/bin:/usr/bin:/bin", "MLFLOW_DISABLE_TELEMETRY": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _await(address, child)
        yield address
    finally:
        child.terminate()
        child.wait(PATIENCE)


def _await(address: str, child: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and child.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=60):  # noqa: S310  loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail("the MLflow server did not start")
