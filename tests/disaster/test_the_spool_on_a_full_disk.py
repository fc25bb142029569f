"""A disk that is full: refused with nothing half kept, and well again when there is space."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from stanch.store.spool import MIB, Spool
from stanch.vocabulary.trouble import NoSpace


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    where = tmp_path / "disk"
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(where)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def batch(start: int) -> pa.Table:
    noise = np.random.default_rng(start).random(5000)
    return pa.table({"id": [f"e{start}-{i}" for i in range(5000)], "x": noise})


def test_events_leave_the_last_of_the_disk_to_whoever_has_to_stop_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimpleNamespace(total=10**12, free=256 * MIB)

    def usage(_: Path) -> SimpleNamespace:
        return disk

    monkeypatch.setattr(shutil, "disk_usage", usage)
    with Spool.open(tmp_path / "spool") as spool:
        assert spool.append(batch(0)) == 5000
        disk.free -= 1
        with pytest.raises(NoSpace, match="the last 256 MiB are for incidents"):
            spool.append(batch(1))
        disk.total, disk.free = 100 * MIB, 6 * MIB
        assert spool.append(batch(1)) == 5000


@pytest.mark.needs_tmpfs
def test_nothing_of_a_refused_batch_is_kept_and_space_heals(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1_000_000))
    kept = 0
    with Spool.open(small_disk / "spool") as spool:
        while kept < 100:
            try:
                spool.append(batch(kept))
            except NoSpace:
                break
            kept += 1
        assert 0 < kept < 100
        assert spool.end == kept * 5000
        with pytest.raises(NoSpace):
            spool.append(batch(kept))
        ballast.unlink()
        assert spool.append(batch(kept)) == 5000
    with Spool.open(small_disk / "spool") as spool:
        assert spool.read(0, 10**9).num_rows == (kept + 1) * 5000
