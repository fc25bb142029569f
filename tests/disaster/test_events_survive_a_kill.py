"""kill -9 while events come in, roll up and compact: each acknowledged one is there once."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stanch.engine.ingest.schema import SCHEMA
from stanch.store.hunt import Hunt
from stanch.store.lake import Lake, LakeLimits
from stanch.store.spool import Spool, SpoolLimits

CHILD = """
import json, sys
from pathlib import Path
from datetime import UTC, datetime
from stanch.engine.clock import utc_now
from stanch.engine.ingest.intake import Intake
from stanch.engine.ingest.schema import SCHEMA
from stanch.store.lake import Lake, LakeLimits
from stanch.store.spool import Spool, SpoolLimits
root, run = Path(sys.argv[1]), sys.argv[2]
spool = Spool.open(root / "spool", SpoolLimits(segment_bytes=20_000))
lake = Lake.open(root / "lake", SCHEMA, LakeLimits(enough_rows=60, commit_rows=100))
intake = Intake(spool, clock=utc_now)
print("ready", flush=True)
for i in range(100_000):
    ids = [f"{run}-{i}-{k}" for k in range(20)]
    now = utc_now().isoformat()
    body = [{"id": x, "ts": now, "kind": "inference", "asset": "a"} for x in ids]
    assert intake.take(json.dumps(body).encode(), "application/json").accepted == 20
    print(i, flush=True)
    lake.roll_up(spool)
    if i % 5 == 4:
        lake.compact(now=utc_now())
"""


def _run_and_kill(root: Path, run: int, after: int) -> list[str]:
    """The ids that a child was told are kept, before it was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(root), str(run)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        told = [child.stdout.readline() for _ in range(after)]
        os.kill(child.pid, signal.SIGKILL)
        told += child.stdout.readlines()
    return [f"{run}-{line.strip()}-{k}" for line in told if line.endswith("\n") for k in range(20)]


@pytest.mark.parametrize(
    "kills", [4, pytest.param(150, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
def test_every_acknowledged_event_is_there_once_after_kills(tmp_path: Path, kills: int) -> None:
    dice = random.Random(7)  # noqa: S311  a repeatable storm, not a secret
    told: list[str] = []
    for run in range(kills):
        told += _run_and_kill(tmp_path, run, dice.randrange(1, 14))
    limits = LakeLimits(enough_rows=60)
    lake = Lake.open(tmp_path / "lake", SCHEMA, limits)
    with Spool.open(tmp_path / "spool", SpoolLimits(segment_bytes=20_000)) as spool:
        mixed = lake.hunt(Hunt(columns=("id",), limit=10**6), spool).column("id").to_pylist()
        lake.roll_up(spool, everything=True)
        kept = lake.hunt(Hunt(columns=("id",), limit=10**6)).column("id").to_pylist()
    lake.close()
    assert len(kept) == len(set(kept))
    assert sorted(mixed) == sorted(kept)
    assert told
    assert set(told) <= set(kept)
    assert len(set(kept) - set(told)) <= kills * 20
