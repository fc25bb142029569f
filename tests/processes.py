"""Real servers, each a process of its own: begun, heard, waited for, and ended."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import IO, Any, NamedTuple

PATIENCE = 150.0
"""Seconds that a busy machine gets to make something true: no test is about how quick it is."""
_claims: list[socket.socket] = []


def free_port() -> int:
    """A port of this process's own to its end, also while no server of it listens there.

    It is below those that the system gives to clients, so that none of them takes it, and others
    who look for one find its name taken.
    """
    for port in range(20_000 + os.getpid() % 5000, 32_000):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0stanch-tests-{port}")
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no port is free")


@contextmanager
def begun(*command: str, **environment: str) -> Iterator["Begun"]:
    """This command of stanch once it has answered with its document; it is ended at the end."""
    with (
        tempfile.TemporaryFile() as words,
        subprocess.Popen(
            [sys.executable, "-m", *command, "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            env={**os.environ, **environment},
        ) as process,
    ):
        try:
            yield Begun(process, _answer(process, words))
        finally:
            _end(process)


class Begun(NamedTuple):
    """A process, and what it answered when it was ready."""

    process: "subprocess.Popen[bytes]"
    told: dict[str, Any]


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Stops it, also a halted one; one that does not stop when it is told to is a failure."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _answer(process: "subprocess.Popen[bytes]", words: IO[bytes]) -> dict[str, Any]:
    """The document of a server that is ready; from one that never is, what it said instead."""
    assert process.stdout is not None
    too_late = threading.Timer(PATIENCE, process.kill)
    too_late.start()
    said = b""
    while not said.rstrip().endswith(b"}") and (line := process.stdout.readline()):
        said += line
    too_late.cancel()
    told = json.loads(said) if said.rstrip().endswith(b"}") else {}
    if "url" not in told:
        process.kill()
        code = process.wait()
        words.seek(0)
        last = words.read().decode(errors="replace")[-3000:]
        raise AssertionError(f"no server: it ended with {code} and said {said!r} and\n{last}")
    return dict(told)


@dataclass(frozen=True)
class Server:
    """One that answers."""

    url: str
    key: str
    process: "subprocess.Popen[bytes]"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        asked = urllib.request.Request(  # noqa: S310  our own server
            self.url + path, content, given | headers, method=method
        )
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE) as told:  # noqa: S310
                return json.loads(told.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return json.loads(refused.read())


@contextmanager
def serving(*arguments: str, data: Path, **environment: str) -> Iterator[Server]:
    """A server that was started with these arguments; stopped at the end, also a halted one."""
    with begun("stanch", *arguments, "--data", str(data), **environment) as (process, told):
        yield Server(told["url"], (data / "admin.key").read_text().strip(), process)


def until(true: Callable[[], Any]) -> Any:
    """What it gave, once that is something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


def rows(name: str, asset: str, shift: float, minutes_ago: float, n: int = 3000) -> list[Any]:
    """Answers of this model to seven people, 25 a second; the first input is shifted so far."""
    dice = Random(7)  # noqa: S311  sample data
    since = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return [
        {
            "id": f"{name}-{asset}-{i}",
            "ts": (since + timedelta(seconds=i / 25)).isoformat(),
            "kind": "inference",
            "asset": asset,
            "principal": f"p{i % 7}",
            "features": [dice.gauss(shift, 1), dice.gauss(0, 1)],
            "prediction": "yes" if dice.random() < 0.5 else "no",
        }
        for i in range(n)
    ]
