"""A baseline's counts over many files: this process alone, and with others.

Run    python -m bench.backfill [--files 12] [--rows 250000] [--processes 2]
Data   Made answers: 20 numbers, 500 principals, an hour and a quarter to a file, on one asset.
Look   The wall time and the CPU of `count_pieces`, alone and with the crew, in turns; the same
       bytes each time, or it ends.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stanch.app.crew import Crew
from stanch.engine.backfill import Backfilled, Job, count_pieces
from stanch.engine.ingest.schema import conform
from stanch.engine.proposing import proposal_of
from stanch.prepare.baseline import Setting
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId

RESULTS = Path(__file__).parent / "results" / "backfill.json"
SINCE = datetime(2026, 3, 2, tzinfo=UTC)
FRAUD = Asset(id=AssetId("fraud"), kind=AssetKind.MODEL, name="fraud", owner="bench")
WIDTH, PRINCIPALS = 20, 500
Taken = tuple[float, float, int]
"""Seconds, seconds of CPU, a digest of the bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pieces:
    """A lake."""

    files: Sequence[str]
    tail: pa.Table


def rows(n: int, seed: int) -> pa.Table:
    """So many answers, in the hour and a quarter of this seed."""
    dice = np.random.default_rng([7, seed])
    numbers = pa.array(dice.normal(size=n * WIDTH))
    start = int((SINCE + timedelta(minutes=75 * seed)).timestamp() * 1e6)
    times = start + np.arange(n) * (4_500_000_000 // max(n, 1))
    return conform(
        pa.table(
            {
                "id": [f"{seed}-{i}" for i in range(n)],
                "ts": pa.array(times, pa.timestamp("us", "UTC")),
                "kind": ["inference"] * n,
                "asset": ["fraud"] * n,
                "principal": [f"p{i}" for i in dice.integers(PRINCIPALS, size=n)],
                "features": pa.ListArray.from_arrays(np.arange(0, n * WIDTH + 1, WIDTH), numbers),
                "prediction": [("no", "yes")[i] for i in dice.integers(2, size=n)],
            }
        )
    )


def main() -> None:
    """Prints the table and keeps it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=12)
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = [Path(folder) / f"{seed}.parquet" for seed in range(asked.files)]
        for seed, path in enumerate(made):
            pq.write_table(rows(asked.rows, seed), path, compression="zstd")
        size = sum(one.stat().st_size for one in made)
        setting = Setting(asset=FRAUD.id, version=1, by="bench", made=SINCE)
        job = Job(plan=proposal_of(rows(50_000, 999), FRAUD, setting).plan, asset=FRAUD)
        pieces = Pieces(files=[str(one) for one in made], tail=rows(0, 0))
        crew = Crew(processes=asked.processes, large=0)
        count_pieces(job, Pieces(files=pieces.files[:1], tail=pieces.tail))
        alone: list[Taken] = []
        helped: list[Taken] = []
        for _ in range(asked.turns):
            alone.append(_timed(job, pieces, None))
            helped.append(_timed(job, pieces, crew))
    if len({digest for _, _, digest in (*alone, *helped)}) != 1:
        raise SystemExit("the bytes differ")
    total = asked.files * asked.rows
    found = {
        "machine": platform.platform(),
        "load": os.getloadavg()[0],
        "rows": total,
        "megabytes": round(size / 1e6, 1),
        "processes": asked.processes,
        **_told("alone", alone, total),
        **_told("with others", helped, total),
    }
    for name, value in found.items():
        print(f"{name:28}{value}")
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


def _timed(job: Job, pieces: Pieces, crew: Crew | None) -> Taken:
    begun, used = time.perf_counter(), _cpu()
    found = count_pieces(job, pieces, crew)
    return time.perf_counter() - begun, _cpu() - used, _digest(found)


def _cpu() -> float:
    own, theirs = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime


def _digest(found: Backfilled) -> int:
    hours = tuple((h, one.to_bytes()) for h, one in sorted(found.hours.items()))
    return hash((hours, found.ledger.to_bytes()))


def _told(name: str, taken: Sequence[Taken], rows: int) -> dict[str, float]:
    wall, cpu = (statistics.median(one[k] for one in taken) for k in (0, 1))
    return {
        f"{name}, seconds": round(wall, 2),
        f"{name}, rows a second": round(rows / wall),
        f"{name}, CPU seconds": round(cpu, 2),
    }


if __name__ == "__main__":
    main()
