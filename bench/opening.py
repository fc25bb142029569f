"""From the first malicious event to an open incident, on a live server with default settings.

    python -m bench.opening [attacks]

One server, one asset for each attack, each with a baseline of 20,000 answers to 60 principals.
While ordinary principals go on asking, one more begins to copy the model (inputs drawn without
regard to what occurs together), or to search around one input: twenty events a second, each sent
at once with ten of ordinary principals. The time is from the first of the attacker's events to the
moment at which the incident that names the attacker was opened.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.words import words
from stanch.engine.ingest.schema import conform

Floats = NDArray[np.float64]
RESULT = Path(__file__).parent / "results" / "opening.json"
FEATURES, BASELINE, USERS = 12, 20_000, 60
PACE = 20.0
"""Events of the attacker in a second."""
CROWD = 10
"""Ordinary events beside each of them."""
LONGEST = 30.0
FIRST = 1000
MIX = np.random.default_rng(0).normal(size=(4, FEATURES))
WEIGHTS = np.random.default_rng(1).normal(size=FEATURES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running server."""

    host: str
    key: str
    pid: int

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Any:
        """The JSON that is answered."""
        link = HTTPConnection(self.host, timeout=600)
        try:
            head = {"authorization": f"Bearer {self.key}", "content-type": kind}
            link.request(method, path, body, head)
            answer = link.getresponse()
            said = answer.read()
            if answer.status >= 300:
                raise SystemExit(f"{method} {path}: {answer.status} {said[:300]!r}")
            return json.loads(said)
        finally:
            link.close()


@contextmanager
def serving() -> Iterator[Server]:
    """A server of its own, with the settings it comes with."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "stanch", "up", "--data", folder, "--port", "0", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
            text = b""
            while run.stdout is not None and not text.rstrip().endswith(b"}"):
                text += run.stdout.readline()
            key = (Path(folder) / "admin.key").read_text(encoding="utf-8").strip()
            host = json.loads(text)["url"].removeprefix("http://")
            try:
                yield Server(host=host, key=key, pid=run.pid)
            finally:
                run.terminate()
                run.wait(timeout=30)


def ordinary(dice: np.random.Generator, n: int) -> Floats:
    """Inputs whose numbers hang together through four hidden causes."""
    causes = dice.normal(size=(n, 4)) @ MIX
    return np.asarray(causes + 0.4 * dice.normal(size=(n, FEATURES)), np.float64)


def copying(dice: np.random.Generator, n: int) -> Floats:
    """Each number from where it occurs, without regard to the others."""
    return np.stack([dice.permutation(c)[:n] for c in ordinary(dice, n + 400).T], axis=1)


def searching(dice: np.random.Generator, n: int) -> Floats:
    """Around one input."""
    return ordinary(dice, 1) + 0.05 * dice.normal(size=(n, FEATURES))


ATTACKS = (copying, searching)


def rows(asset: str, who: list[str], x: Floats, times: list[datetime]) -> list[dict[str, Any]]:
    """These inputs with the model's answers, as events."""
    score = 1 / (1 + np.exp(-x @ WEIGHTS))
    return [
        {
            "id": f"{asset}-{name}-{int(at.timestamp() * 1e6)}-{i}",
            "ts": at.isoformat(),
            "kind": "inference",
            "asset": asset,
            "version": "v1",
            "principal": name,
            "features": line.tolist(),
            "prediction": "yes" if s > 0.5 else "no",
            "scores": [1 - s, s],
        }
        for i, (name, line, s, at) in enumerate(zip(who, x, score.tolist(), times, strict=True))
    ]


def prepare(server: Server, asset: str, dice: np.random.Generator) -> None:
    """Registers the asset and sets its baseline."""
    about = {"id": asset, "kind": "model", "name": asset, "owner": "ada"}
    server.ask("POST", "/api/v1/assets", json.dumps(about).encode())
    x = ordinary(dice, BASELINE)
    who = [f"user-{i % USERS}" for i in range(BASELINE)]
    since = datetime.now(UTC) - timedelta(days=1)
    times = [since + timedelta(seconds=3 * i) for i in range(BASELINE)]
    made = rows(asset, who, x, times)
    for one in made:
        one["ts"] = datetime.fromisoformat(one["ts"])
    table = conform(pa.Table.from_pylist(made))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    kind = "application/vnd.apache.arrow.stream"
    path = f"/api/v1/assets/{asset}/baselines?version=v1"
    server.ask("POST", path, sink.getvalue().to_pybytes(), kind)


def attack(server: Server, asset: str, number: int) -> float | None:
    """Seconds from the first malicious event to the incident; None when none came in time."""
    dice = np.random.default_rng(FIRST + number)
    asked = ATTACKS[number % len(ATTACKS)](dice, int(LONGEST * PACE))
    start = time.monotonic()
    first = datetime.now(UTC)
    for n, line in enumerate(asked):
        at = [datetime.now(UTC)] * (CROWD + 1)
        who = [*(f"user-{dice.integers(USERS)}" for _ in range(CROWD)), "mallory"]
        x = np.concatenate([ordinary(dice, CROWD), line[None]])
        server.ask("POST", "/api/v1/events", json.dumps(rows(asset, who, x, at)).encode())
        for one in server.ask("GET", f"/api/v1/incidents?asset={asset}&closed=false")["items"]:
            opened = datetime.fromisoformat(one["incident"]["opened"])
            if any(s["principal"] == "mallory" for s in one["incident"]["suspects"]):
                return (opened - first).total_seconds()
        time.sleep(max(0.0, start + (n + 1) / PACE - time.monotonic()))
    return None


def main() -> None:
    """Measures, prints and keeps what was measured."""
    words(__doc__, most=1)
    attacks = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    found: list[float | None] = []
    with serving() as server:
        for number in range(attacks):
            asset = f"model-{number}"
            prepare(server, asset, np.random.default_rng(number))
            found.append(attack(server, asset, number))
            print(f"{ATTACKS[number % 2].__name__:10} {found[-1]}", flush=True)
    seconds = sorted(one for one in found if one is not None)
    figures = {
        "attacks": attacks,
        "opened": len(seconds),
        "median seconds": statistics.median(seconds),
        "p95 seconds": seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))],
        "most seconds": seconds[-1],
    }
    for name, value in figures.items():
        print(f"{name:20} {value:8.2f}")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    kept = {"machine": machine, "load": os.getloadavg()[0], "figures": figures, "each": found}
    RESULT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
