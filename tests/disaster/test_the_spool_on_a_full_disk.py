"""A disk that is full: refused with nothing half kept, and well again when there is space."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from stanch.store.spool import Spool
from stanch.vocabulary.trouble import NoSpace

pytestmark = pytest.mark.needs_tmpfs


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
