"""Backfills: one process, a pool and a cluster that loses a worker give the same bytes."""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stanch.detect.summaries.count import Counted
from stanch.engine.backfill import Job, count_files
from stanch.engine.baselines import proposal_of
from stanch.engine.ingest.schema import conform
from stanch.prepare.baseline import Setting
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import BadFile

P = ParamSpec("P")
T = TypeVar("T")
SINCE = datetime(2026, 3, 2, tzinfo=UTC)
FRAUD = Asset(id=AssetId("fraud"), kind=AssetKind.MODEL, name="fraud", owner="payments")


class Alone(Executor):
    """One process, in order."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def rows(n: int, seed: int) -> pa.Table:
    dice = np.random.default_rng(seed)
    times = [SINCE + timedelta(seconds=seed * n + i) for i in range(n)]
    return conform(
        pa.table(
            {
                "id": [f"{seed}-{i}" for i in range(n)],
                "ts": pa.array(times, pa.timestamp("us", "UTC")),
                "kind": ["inference"] * n,
                "asset": ["fraud" if i % 5 else "other" for i in range(n)],
                "principal": [f"p{i % 9}" for i in range(n)],
                "features": pa.array(dice.normal(size=(n, 3)).tolist(), pa.list_(pa.float64())),
                "prediction": ["yes" if i % 3 else "no" for i in range(n)],
            }
        )
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("lake")
    made = [folder / f"{seed}.parquet" for seed in range(8)]
    for seed, path in enumerate(made):
        pq.write_table(rows(800, seed), path)
    return made


@pytest.fixture(scope="module")
def job() -> Job:
    own = rows(4000, 99)
    own = own.filter(pa.compute.equal(own["asset"], "fraud"))  # pyrefly: ignore[missing-attribute]  made at import
    setting = Setting(asset=FRAUD.id, version=1, by="ada", made=SINCE)
    return Job(plan=proposal_of(own, FRAUD, setting).plan, asset=FRAUD)


def bytes_of(found: Counted) -> tuple[bytes, bytes]:
    return found.summary.to_bytes(), found.ledger.to_bytes()


def test_a_pool_gives_the_bytes_of_one_process(job: Job, files: Sequence[Path]) -> None:
    alone = count_files(Alone(), job, files)
    assert alone.summary.n == 8 * 640
    with ProcessPoolExecutor(2) as pool:
        assert bytes_of(count_files(pool, job, list(reversed(files)))) == bytes_of(alone)


def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(
    job: Job, files: Sequence[Path]
) -> None:
    distributed = pytest.importorskip("distributed")
    alone = count_files(Alone(), job, files)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor(retries=3)
        victim = next(iter(cluster.workers.values()))
        os.kill(victim.process.pid, signal.SIGKILL)
        assert bytes_of(count_files(executor, job, files)) == bytes_of(alone)


def test_only_the_jobs_own_rows_are_counted(job: Job, files: Sequence[Path]) -> None:
    until = SINCE + timedelta(seconds=800)
    narrow = Job(plan=job.plan, asset=FRAUD, since=SINCE, until=until)
    assert count_files(Alone(), narrow, files).summary.n == 640


def test_a_file_that_is_no_parquet_is_named(job: Job, tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 not really")
    with pytest.raises(BadFile, match=r"broken\.parquet"):
        count_files(Alone(), job, [broken])
