"""Backfills: counting over the lake, on as many processes or machines as there are.

In    the lake's files, a plan, an executor: a process pool here, a Dask cluster's elsewhere.
Out   the summary and the ledger of all the rows; the same bytes whoever counted which file.
Why   counts merge exactly, so a job may be cut anywhere, run anywhere, and be run again when a
      worker dies: nothing about the answer depends on it.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.dataset as pads

from stanch.detect.summaries.count import Counted, counted, nothing
from stanch.detect.summaries.fingerprints import Fingerprints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.ready import ready
from stanch.detect.summaries.summary import Summary
from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.schema import conform
from stanch.engine.watch.answers import answers, schema_of
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.trouble import BadFile

_KINDS = (EventKind.INFERENCE.value, EventKind.EXCHANGE.value)
_ROWS = 65_536
"""Rows that one worker holds at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What to count, of which asset, in which rows."""

    plan: bytes
    asset: Asset
    version: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    prints: tuple[bytes, ...] = ()
    """Fingerprints of rows that are to be recognised."""


class _Part(msgspec.Struct, frozen=True, array_like=True):
    summary: bytes
    ledger: bytes


def count_files(executor: Executor, job: Job, files: Sequence[str | Path]) -> Counted:
    """All rows of the job in these files, counted; a file whose worker died is counted again."""
    plan = Plan.from_bytes(job.plan)
    pieces = [executor.submit(count_file, job, str(one)) for one in files]
    total = nothing(plan)
    total = Counted(summary=total.summary, ledger=total.ledger.seal())
    for found in _results(pieces):
        total = total.merge(_read(found, plan))
    return total


def count_file(job: Job, file: str) -> bytes:
    """The counts of one file, as bytes: what a worker does."""
    plan = ready(Plan.from_bytes(job.plan))
    schema, valued = schema_of(plan.plan), plan.plan.value.size > 0
    prints = [Fingerprints.from_bytes(one) for one in job.prints]
    total = nothing(plan.plan)
    for rows in _batches(job, file):
        columns = answers(rows, schema, job.asset, valued=valued, prints=prints)
        total = total.merge(counted(plan, columns))
    part = _Part(summary=total.summary.to_bytes(), ledger=total.ledger.seal().to_bytes())
    return msgspec.msgpack.encode(part)


def _results(pieces: Iterable[Future[bytes]]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece.result()


def _read(found: bytes, plan: Plan) -> Counted:
    part = msgspec.msgpack.decode(found, type=_Part)
    return Counted(
        summary=Summary.from_bytes(part.summary, plan), ledger=Ledger.from_bytes(part.ledger)
    )


def _batches(job: Job, file: str) -> Iterator[pa.Table]:
    """The job's rows of a file, a bounded piece at a time."""
    wanted = (pc.field("asset") == job.asset.id) & pc.field("kind").isin(_KINDS)
    if job.version is not None:
        wanted &= pc.field("version") == job.version
    if job.since is not None:
        wanted &= pc.field("ts") >= pa.scalar(job.since, pa.timestamp("us", "UTC"))
    if job.until is not None:
        wanted &= pc.field("ts") < pa.scalar(job.until, pa.timestamp("us", "UTC"))
    try:
        scanner = pads.dataset(file).scanner(filter=wanted, batch_size=_ROWS)
        for batch in scanner.to_batches():
            if batch.num_rows:
                yield conform(pa.Table.from_batches([batch]))
    except (OSError, pa.ArrowInvalid) as error:
        raise BadFile(file, f"cannot be read as Parquet ({error})") from error
