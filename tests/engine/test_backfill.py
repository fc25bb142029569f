"""Backfills: one process, a pool and a cluster that loses a worker give the same bytes."""

import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stanch.app.crew import Crew
from stanch.engine.backfill import Backfilled, Job, count_pieces
from stanch.engine.ingest.schema import conform
from stanch.engine.proposing import proposal_of
from stanch.prepare.baseline import Setting
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import BadFile, CouldNotTell, Unreachable

SINCE = datetime(2026, 3, 2, tzinfo=UTC)
FRAUD = Asset(id=AssetId("fraud"), kind=AssetKind.MODEL, name="fraud", owner="payments")


@dataclass(frozen=True, kw_only=True, slots=True)
class Some:
    """Pieces of a lake."""

    files: Sequence[str]
    tail: pa.Table


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


def counts(found: Backfilled) -> tuple[dict[int, bytes], bytes]:
    return {h: one.to_bytes() for h, one in sorted(found.hours.items())}, found.ledger.to_bytes()


def whole(files: Sequence[Path]) -> Some:
    return Some(files=[str(one) for one in files], tail=rows(0, 0))


def everyone(**crew: Any) -> Crew:
    return Crew(large=0, **crew)


def many(found: Backfilled) -> int:
    return sum(one.n for one in found.hours.values())


def test_a_pool_gives_the_bytes_of_one_process(job: Job, files: Sequence[Path]) -> None:
    alone = count_pieces(job, whole(files))
    assert many(alone) == 8 * 640
    turned = whole(list(reversed(files)))
    assert counts(count_pieces(job, turned, everyone(processes=2))) == counts(alone)


def test_a_pool_whose_processes_die_leaves_the_rest_to_us(files: Sequence[Path]) -> None:
    killed = [*map(str, files[:2]), "die", *map(str, files[2:])]
    us = os.getpid()
    found = list(everyone(processes=2).each(partial(size_or_die, us), killed))
    assert found == [one.stat().st_size for one in files[:2]] + [0] + [
        one.stat().st_size for one in files[2:]
    ]


def test_what_goes_wrong_elsewhere_is_said_here() -> None:
    with pytest.raises(CouldNotTell, match="the hunt took over 60 s; ask for less time"):
        list(everyone(processes=1).each(too_long, [60]))


def too_long(seconds: int) -> None:
    raise CouldNotTell(f"the hunt took over {seconds} s; ask for less time")


def size_or_die(us: int, file: str) -> int:
    if file != "die":
        return Path(file).stat().st_size
    if os.getpid() != us:
        os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(
    job: Job, files: Sequence[Path]
) -> None:
    distributed = pytest.importorskip("distributed")
    alone = count_pieces(job, whole(files))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        victim = next(iter(cluster.workers.values()))
        os.kill(victim.process.pid, signal.SIGKILL)
        crew = everyone(cluster=cluster.scheduler_address)
        assert counts(count_pieces(job, whole(files), crew)) == counts(alone)


def test_a_cluster_that_nobody_answers_for_is_named(job: Job, files: Sequence[Path]) -> None:
    pytest.importorskip("distributed")
    crew = Crew(large=0, cluster="tcp://127.0.0.1:1", patience=0.2)
    with pytest.raises(Unreachable, match=r"tcp://127\.0\.0\.1:1"):
        count_pieces(job, whole(files), crew)


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A real scheduler whom nobody works for yet."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=0,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as made:
        yield made


def asked(cluster: Any, patience: float = 3.0) -> Crew:
    return everyone(cluster=cluster.scheduler_address, patience=patience)


_NEVER = threading.Event()


def _first_only(piece: int) -> int:
    return piece if piece == 1 else _NEVER.wait(5)


def test_a_cluster_without_workers_is_not_waited_for(cluster: Any) -> None:
    with pytest.raises(CouldNotTell, match="has no worker; start them: dask worker"):
        list(asked(cluster).each(str, [1]))


def test_a_cluster_that_loses_everybody_is_not_waited_for(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stanch.app.cluster._ALONE", 0.5)
    cluster.scale(1)
    cluster.wait_for_workers(1, timeout=60)
    found = asked(cluster).each(_first_only, [1, 2])
    assert next(found) == 1
    cluster.scale(0)
    with pytest.raises(CouldNotTell, match="lost all its workers during the job"):
        next(found)


def test_a_scheduler_that_leaves_during_a_job_is_named_and_nothing_else_is_logged(
    cluster: Any,
) -> None:
    cluster.scale(1)
    cluster.wait_for_workers(1, timeout=60)
    heard: list[logging.LogRecord] = []
    library, listening = logging.getLogger("distributed.client"), logging.Handler()
    listening.emit = heard.append  # type: ignore[method-assign]  all that it does
    library.addHandler(listening)
    found = asked(cluster).each(_first_only, [1, 2])
    assert next(found) == 1
    cluster.close()
    with pytest.raises(Unreachable, match="it left during the job"):
        next(found)
    library.removeHandler(listening)
    assert heard == []


def test_a_worker_with_another_stanch_is_told_before_it_works(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.scale(1)
    cluster.wait_for_workers(1, timeout=60)
    packages = {
        "client": {"packages": {"stanch": "2"}},
        "workers": {"w": {"packages": {"stanch": "1"}}},
    }

    def told(*_: object, **__: object) -> object:
        return packages

    monkeypatch.setattr("distributed.Client.get_versions", told)
    with pytest.raises(CouldNotTell, match="worker w of the cluster has stanch 1, and this is"):
        list(asked(cluster).each(str, [1]))


def test_small_jobs_are_done_here(files: Sequence[Path]) -> None:
    named = [str(one) for one in files]
    assert not Crew(processes=2).worth(named)
    assert not Crew(large=0).worth(named)
    assert Crew(processes=2, large=1000).worth(named)
    # Who reads a file that is gone says so; here is only looked how large all are.
    assert Crew(processes=2, large=1000).worth([*named, "gone.parquet"])


def test_rows_that_are_in_no_file_yet_are_counted_too(job: Job, files: Sequence[Path]) -> None:
    behind = pq.read_table(files[7])
    split = Some(files=[str(one) for one in files[:7]], tail=conform(behind))
    assert counts(count_pieces(job, split)) == counts(count_pieces(job, whole(files)))


def test_only_the_jobs_own_rows_are_counted(job: Job, files: Sequence[Path]) -> None:
    second = timedelta(seconds=1)
    narrow = Job(plan=job.plan, asset=FRAUD, since=SINCE + second, until=SINCE + 801 * second)
    assert many(count_pieces(narrow, whole(files))) == 640, "the first second, and not the last"
    asked = rows(800, 0)
    told = asked.set_column(asked.schema.get_field_index("kind"), "kind", pa.array(["label"] * 800))
    assert many(count_pieces(job, Some(files=(), tail=asked))) == 640
    assert many(count_pieces(job, Some(files=(), tail=told))) == 0


def test_rows_are_told_apart_by_hour_of_the_week(job: Job, files: Sequence[Path]) -> None:
    found = count_pieces(job, whole(files))
    assert {hour: one.n for hour, one in found.hours.items()} == {0: 2880, 1: 2240}


def test_a_file_that_is_no_parquet_is_named(job: Job, tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 not really")
    with pytest.raises(BadFile, match=r"broken\.parquet"):
        count_pieces(job, whole([broken]))
