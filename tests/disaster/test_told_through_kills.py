"""A program tells while the server is killed: every event is there once."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from stanch.sdk.telling import Choices, Stanch

MANY = 3000


@contextmanager
def serving(data: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "stanch", "up", "--data", str(data), "--port", str(port)]
    with subprocess.Popen(
        [*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        said = b""
        while not said.rstrip().endswith(b"}"):
            line = process.stdout.readline()
            assert line, said
            said += line
        try:
            yield process
        finally:
            process.kill()


def free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_what_is_told_while_the_server_is_killed_is_there_once(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    choices = Choices(batch=50, every=0.01, patience=60)
    with serving(data, port) as process:
        key = (data / "admin.key").read_text().strip()
        stanch = Stanch(f"http://127.0.0.1:{port}", key, choices)
        model = stanch.asset("told")
        for n in range(MANY):
            model.inference(principal="p", features=[n, 1.0])
            if n == MANY // 2:
                process.send_signal(signal.SIGKILL)
    with stanch, serving(data, port):
        kept = stanch.flush(60)
        counted = stanch.client.get("/api/v1/hunt/count", {"asset": "told"})
    assert (kept.refused, kept.dropped) == (0, 0)
    assert kept.accepted + kept.duplicate == MANY
    assert counted == {"count": MANY}
