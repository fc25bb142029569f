"""Ten million rows of telemetry: grouped by asset and minute, and one slice of one asset."""

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.words import words
from stanch.engine.ingest.schema import SCHEMA, conform
from stanch.store.hunt import Hunt
from stanch.store.lake import Lake

ROWS = 10_000_000
BATCH = 250_000
START = datetime(2026, 11, 20, 0, tzinfo=UTC)
OUT = Path(__file__).parent / "results" / "lake.json"


def _batch(number: int) -> pa.Table:
    dice = np.random.default_rng(number)
    step = 86_400_000_000 // (ROWS // BATCH)
    first = int(START.timestamp() * 1e6) + number * step
    ts = pa.array(np.sort(first + dice.integers(0, step, BATCH))).cast(SCHEMA.field("ts").type)
    scores = pa.array(dice.random(BATCH * 4))
    table = pa.table(
        {
            "id": pa.array(np.arange(number * BATCH, (number + 1) * BATCH)).cast(pa.string()),
            "ts": ts,
            "kind": pa.repeat(pa.scalar("inference"), BATCH),
            "asset": pa.array([f"asset-{i}" for i in range(4)]).take(
                pa.array(dice.integers(0, 4, BATCH))
            ),
            "principal": pa.array(dice.integers(0, 5000, BATCH)).cast(pa.string()),
            "latency_ms": dice.random(BATCH) * 50,
            "features": pa.FixedSizeListArray.from_arrays(scores, 4).cast(pa.list_(pa.float64())),
        }
    )
    return conform(table)


class Made:
    """Rows made when they are read, as a spool would give them."""

    name: str = "bench"
    start: int = 0
    end: int = ROWS

    def read(self, after: int, limit: int) -> pa.Table:
        """The next batch."""
        return _batch(after // BATCH).slice(0, limit)

    def rolled(self, position: int) -> None:
        """Nothing to drop."""


def _timed(name: str, work: Callable[[], object], times: int = 7) -> dict[str, float]:
    wall: list[float] = []
    cpu: list[float] = []
    for _ in range(times):
        started, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    return {f"{name}_s": statistics.median(wall), f"{name}_cpu_s": statistics.median(cpu)}


def main() -> None:
    """Writes the rows, asks both questions seven times, prints and keeps the medians."""
    words(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake.open(Path(folder) / "lake", SCHEMA)
        lake.roll_up(Made())
        day = Hunt(since=START, until=START + timedelta(days=1))
        groups = lake.minutes(day).num_rows
        slice_ = Hunt(
            asset="asset-2",
            since=START + timedelta(hours=3),
            until=START + timedelta(hours=3, minutes=10),
            limit=20_000,
        )
        found = {
            "rows": ROWS,
            "groups": groups,
            **_timed("group_by_asset_and_minute", lambda: lake.minutes(day)),
            "slice_rows": lake.hunt(slice_).num_rows,
            **_timed("slice_of_ten_minutes", lambda: lake.hunt(slice_)),
        }
        lake.close()
    machine = {"cpus": os.cpu_count(), "machine": platform.machine()}
    machine |= {"python": platform.python_version(), "load": round(os.getloadavg()[0], 1)}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"machine": machine, **found}, indent=1) + "\n")
    for name, value in found.items():
        print(
            f"{name:32} {value:>14,.3f}" if isinstance(value, float) else f"{name:32} {value:>14,}"
        )


if __name__ == "__main__":
    main()
