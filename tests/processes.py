"""Real servers, each a process of its own, for stories that need more than one."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

PATIENCE = 150.0
"""Seconds that a busy machine gets to make something true."""


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
            with urllib.request.urlopen(asked, timeout=60) as told:  # noqa: S310
                return json.loads(told.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return json.loads(refused.read())


@contextmanager
def serving(*arguments: str, data: Path, **environment: str) -> Iterator[Server]:
    """A server that was started with these arguments; stopped at the end, also a halted one."""
    command = [sys.executable, "-m", "stanch", *arguments, "--data", str(data), "--json"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    ) as process:
        try:
            assert process.stdout is not None
            said = b""
            while not said.rstrip().endswith(b"}"):
                line = process.stdout.readline()
                assert line, said
                said += line
            told = json.loads(said)
            assert "url" in told, told
            yield Server(told["url"], (data / "admin.key").read_text().strip(), process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
            process.wait(timeout=60)


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
