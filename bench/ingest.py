"""Events into a real server over HTTP: JSON, Arrow, and a FastAPI service that does the same job.

`stanch up` and the peer (bench/fastapi_peer.py) each run as a process of their own; one client
sends the same bodies to both, in turn: plain sockets that stay open, requests made beforehand, a
thread for each, so that the client takes next to nothing of the two cores. Every answer comes after
fsync, and what was kept is counted at the end. A round begins when both servers have come to rest,
so that what one does afterwards (the watch, the roll-up) is not paid by the other. Rates include
the client; CPU is the server's alone, and moves less than the rates when others use the machine.
"""

import json
import os
import platform
import queue
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.words import words
from stanch.engine.clock import utc_now

WARM, ROUNDS, CONNECTIONS = 4, 5, 8
"""The first rounds are not counted: by then the server has compiled what it compiles for itself."""
JSON_ROWS, JSON_BATCH = 60_000, 1_000
ARROW_ROWS, ARROW_BATCH = 400_000, 10_000
START_SECONDS, REST_SECONDS, STOP_SECONDS = 60.0, 30.0, 120.0
OUT = Path(__file__).parent / "results" / "ingest.json"
_LOOK, _IDLE = 0.5, 0.1
"""A server that uses less than a tenth of a core is at rest."""
_TICKS = os.sysconf("SC_CLK_TCK")
_JSON, _ARROW = "application/json", "application/vnd.apache.arrow.stream"


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running server: where, whose, and how one posts to it."""

    port: int
    pid: int
    path: str
    key: str = ""

    def request(self, media: str, body: bytes) -> bytes:
        """The whole request."""
        head = (
            f"POST {self.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media}\r\n"
            f"authorization: Bearer {self.key}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def cpu_seconds(self) -> float:
        """What it has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


def event(number: int, features: list[float]) -> dict[str, Any]:
    """One inference with twenty features and what goes with it."""
    return {
        "id": f"{number:032x}",
        "ts": utc_now().isoformat(),
        "kind": "inference",
        "asset": "fraud-scorer",
        "version": "v7",
        "principal": f"key-{number % 97}",
        "session": f"s-{number % 991}",
        "source": "203.0.113.9",
        "features": features,
        "prediction": "fraud",
        "scores": [0.25, 0.75],
        "latency_ms": 12.5,
        "status": 200,
        "cost": 0.001,
        "groups": {"age": "30-40"},
    }


def json_bodies(first: int) -> list[bytes]:
    """A round of JSON arrays."""
    features = np.random.default_rng(first).random((JSON_ROWS, 20)).round(6).tolist()
    events = [event(first + i, features[i]) for i in range(JSON_ROWS)]
    return [
        json.dumps(events[i : i + JSON_BATCH]).encode() for i in range(0, JSON_ROWS, JSON_BATCH)
    ]


def arrow_bodies(first: int) -> list[bytes]:
    """A round of Arrow streams of the same fields, `groups` as JSON text."""
    return [_stream(first + i) for i in range(0, ARROW_ROWS, ARROW_BATCH)]


def _stream(first: int) -> bytes:
    one = event(0, [])
    count = ARROW_BATCH
    numbers = np.random.default_rng(first).random(count * 20)
    columns: dict[str, Any] = {
        name: pa.repeat(pa.scalar(value), count)
        for name, value in one.items()
        if name not in {"features", "scores", "groups"}
    }
    columns["id"] = pa.array([f"a{first + i:031x}" for i in range(count)])
    columns["ts"] = pa.repeat(pa.scalar(utc_now(), pa.timestamp("us", "UTC")), count)
    columns["principal"] = pa.array([f"key-{(first + i) % 97}" for i in range(count)])
    columns["session"] = pa.array([f"s-{(first + i) % 991}" for i in range(count)])
    columns["features"] = pa.FixedSizeListArray.from_arrays(pa.array(numbers), 20)
    columns["scores"] = pa.FixedSizeListArray.from_arrays(pa.array([0.25, 0.75] * count), 2)
    columns["groups"] = pa.repeat(pa.scalar('{"age":"30-40"}'), count)
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _post_all(server: Server, requests: list[bytes]) -> int:
    """How many rows the server says it accepted."""
    todo: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for request in requests:
        todo.put(request)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        each = [pool.submit(_post_some, server, todo) for _ in range(CONNECTIONS)]
        return sum(one.result() for one in each)


def _post_some(server: Server, todo: "queue.SimpleQueue[bytes]") -> int:
    """How many rows of the requests that one connection sent were accepted."""
    accepted = 0
    with socket.create_connection(("127.0.0.1", server.port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                request = todo.get_nowait()
            except queue.Empty:
                return accepted
            wire.sendall(request)
            accepted += _accepted(wire)


def _accepted(wire: socket.socket) -> int:
    """What the next answer on the wire says was accepted."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(wire)
    head, _, body = got.partition(b"\r\n\r\n")
    size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < size:
        body += _more(wire)
    answer = json.loads(body)
    if b" 20" not in head.split(b"\r\n")[0]:
        raise SystemExit(f"the server answered {head[:40]!r} {answer}")
    return int(answer["accepted"])


def _more(wire: socket.socket) -> bytes:
    some = wire.recv(1 << 16)
    if not some:
        raise SystemExit("the server hung up")
    return some


def rest(servers: Iterable[Server]) -> None:
    """Waits until the servers do next to nothing; not for ever, when they never come to that."""
    deadline = time.monotonic() + REST_SECONDS
    for server in servers:
        before = -1.0
        while time.monotonic() < deadline and server.cpu_seconds() - before > _IDLE * _LOOK:
            before = server.cpu_seconds()
            time.sleep(_LOOK)


def run(server: Server, media: str, bodies: list[bytes], rows: int) -> tuple[float, float, float]:
    """Rows a second, and the CPU microseconds for each: the server's, the client's."""
    requests = [server.request(media, body) for body in bodies]
    own, cpu, wall = time.process_time(), server.cpu_seconds(), time.perf_counter()
    accepted = _post_all(server, requests)
    wall, cpu = time.perf_counter() - wall, server.cpu_seconds() - cpu
    own = time.process_time() - own
    if accepted != rows:
        raise SystemExit(f"{accepted} rows were accepted, {rows} were sent")
    return rows / wall, cpu / rows * 1e6, own / rows * 1e6


@contextmanager
def stanch_up(folder: Path) -> Iterator[Server]:
    """The real server on a data folder of its own."""
    command = [sys.executable, "-m", "stanch", "up", "--data", str(folder), "--port", "0"]
    with _process(command) as process:
        deadline = time.monotonic() + START_SECONDS
        while not (folder / "server.json").exists():
            _still_starting(process, deadline)
        running = json.loads((folder / "server.json").read_text())
        yield Server(
            port=int(running["url"].rpartition(":")[2]),
            pid=process.pid,
            path="/api/v1/events",
            key=(folder / "admin.key").read_text().strip(),
        )


@contextmanager
def fastapi_peer(folder: Path) -> Iterator[Server]:
    """The peer, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "bench.fastapi_peer", str(folder / "peer"), str(port)]
    with _process(command) as process:
        deadline = time.monotonic() + START_SECONDS
        while not _listens(port):
            _still_starting(process, deadline)
        yield Server(port=port, pid=process.pid, path="/events")


@contextmanager
def _process(command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _still_starting(process: "subprocess.Popen[bytes]", deadline: float) -> None:
    if process.poll() is not None or time.monotonic() > deadline:
        raise SystemExit(f"{process.args} did not start")
    time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    """Runs the three in turn, round by round; prints and keeps the medians."""
    words(__doc__)
    before = os.getloadavg()[0]
    found: dict[str, list[tuple[float, float, float]]] = {
        "json": [],
        "fastapi json": [],
        "arrow": [],
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        stanch_up(Path(folder) / "data") as ours,
        fastapi_peer(Path(folder)) as peer,
    ):
        for number in range(WARM + ROUNDS):
            texts = json_bodies(number * JSON_ROWS)
            streams = arrow_bodies(number * ARROW_ROWS)
            for name, server, media, bodies, rows in (
                ("json", ours, _JSON, texts, JSON_ROWS),
                ("fastapi json", peer, _JSON, texts, JSON_ROWS),
                ("arrow", ours, _ARROW, streams, ARROW_ROWS),
            ):
                rest((ours, peer))
                told = run(server, media, bodies, rows)
                if number >= WARM:
                    found[name].append(told)
    shown = {
        name: {
            "events_per_s": round(statistics.median(r for r, _, _ in runs)),
            "best_events_per_s": round(max(r for r, _, _ in runs)),
            "server_cpu_us_per_event": round(statistics.median(c for _, c, _ in runs), 2),
            "client_cpu_us_per_event": round(statistics.median(o for _, _, o in runs), 2),
        }
        for name, runs in found.items()
    }
    ratio = statistics.median(
        a[0] / b[0] for a, b in zip(found["json"], found["fastapi json"], strict=True)
    )
    machine = {"cpus": os.cpu_count(), "machine": platform.machine()}
    machine |= {"python": platform.python_version(), "load_before": round(before, 1)}
    document = {"machine": machine, "over_http": shown, "json_over_fastapi": round(ratio, 2)}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(document, indent=1) + "\n")
    for name, one in shown.items():
        print(
            f"{name:14} {one['events_per_s']:>10,}/s  best {one['best_events_per_s']:>10,}/s"
            f"  {one['server_cpu_us_per_event']:>7} us of server CPU an event"
            f"  {one['client_cpu_us_per_event']:>5} of the client's"
        )
    print(f"json is {ratio:.1f} times the peer")


if __name__ == "__main__":
    main()
