"""The intake in one process: decode, check, drop repeats, write, fsync; JSON, Arrow, and a peer.

The peer decodes and validates the same JSON with pydantic, as a FastAPI route would, and writes
the lines to a file with fsync; it neither drops repeats nor makes columns.
"""

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, TypeAdapter

from stanch.engine.clock import utc_now
from stanch.engine.ingest.intake import ARROW, JSON, Intake
from stanch.store.spool import Spool

ROWS, BATCH, ARROW_BATCH, ROUNDS = 100_000, 1_000, 5_000, 5
OUT = Path(__file__).parent / "results" / "ingest.json"


class Event(BaseModel):
    """What the peer validates."""

    id: str
    ts: datetime
    kind: str
    asset: str
    version: str
    principal: str
    session: str
    source: str
    features: list[float]
    prediction: str
    scores: list[float]
    latency_ms: float
    status: int
    cost: float
    groups: dict[str, Any]


def _event(number: int, features: list[float]) -> dict[str, Any]:
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


def _bodies(first: int) -> tuple[list[bytes], list[bytes]]:
    features = np.random.default_rng(first).random((ROWS, 20))
    events = [_event(first + i, features[i].round(6).tolist()) for i in range(ROWS)]
    texts = [json.dumps(events[i : i + BATCH]).encode() for i in range(0, ROWS, BATCH)]
    streams = []
    for start in range(0, ROWS, ARROW_BATCH):
        rows = [e | {"id": "a" + e["id"]} for e in events[start : start + ARROW_BATCH]]
        table = pa.Table.from_pylist([{k: v for k, v in r.items() if k != "groups"} for r in rows])
        ts = table.column("ts").cast(pa.timestamp("us", "UTC"))
        table = table.set_column(table.schema.get_field_index("ts"), "ts", ts)
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table)
        streams.append(sink.getvalue().to_pybytes())
    return texts, streams


def _rate(work: Callable[[bytes], object], bodies: list[bytes]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    for body in bodies:
        work(body)
    return ROWS / (time.perf_counter() - wall), ROWS / (time.process_time() - cpu)


def main() -> None:
    """Runs the three in turn, round by round; prints and keeps the medians."""
    rates: dict[str, list[tuple[float, float]]] = {"json": [], "arrow": [], "pydantic json": []}
    peer = TypeAdapter(list[Event])
    with (
        tempfile.TemporaryDirectory() as folder,
        Spool.open(Path(folder) / "spool") as spool,
        (Path(folder) / "peer").open("wb") as file,
    ):
        intake = Intake(spool, clock=utc_now)

        def by_peer(body: bytes) -> None:
            file.write(peer.dump_json(peer.validate_json(body)))
            file.flush()
            os.fsync(file.fileno())

        for number in range(ROUNDS):
            texts, streams = _bodies(number * ROWS)
            rates["json"].append(_rate(lambda b: intake.take(b, JSON), texts))
            rates["arrow"].append(_rate(lambda b: intake.take(b, ARROW), streams))
            rates["pydantic json"].append(_rate(by_peer, texts))
        if spool.end != 2 * ROUNDS * ROWS:
            raise SystemExit(f"{spool.end} rows were kept, {2 * ROUNDS * ROWS} were sent")
    found = {
        name: {
            "events_per_s": round(statistics.median(r[0] for r in runs)),
            "events_per_cpu_s": round(statistics.median(r[1] for r in runs)),
        }
        for name, runs in rates.items()
    }
    machine = {"cpus": os.cpu_count(), "machine": platform.machine()}
    machine |= {"python": platform.python_version(), "load": round(os.getloadavg()[0], 1)}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"machine": machine, "in_process": found}, indent=1) + "\n")
    for name, run in found.items():
        print(f"{name:16} {run['events_per_s']:>10,}/s {run['events_per_cpu_s']:>10,}/cpu s")


if __name__ == "__main__":
    main()
