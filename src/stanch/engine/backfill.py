"""Backfills: counting over the lake, on as many processes or machines as there are.

In    the lake's files and what is not in them yet, a plan, whoever helps: a process pool, a Dask
      cluster, nobody.
Out   the counts of all the rows, by hour of the week and by principal; the same bytes whoever
      counted which file.
Why   counts merge exactly, so a job may be cut anywhere, run anywhere, and be run again when a
      worker dies: nothing about the answer depends on it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial, reduce
from itertools import chain
from typing import Protocol, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.count import counted, nothing
from stanch.detect.summaries.fingerprints import Fingerprints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.summaries.summary import Summary, empty
from stanch.detect.warming import warm_up
from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.schema import conform
from stanch.engine.watch.answers import answers, schema_of
from stanch.engine.watch.conditions import conditions_of
from stanch.prepare.baseline import HOURS
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.trouble import BadFile

A = TypeVar("A")
B = TypeVar("B")
_KINDS = (EventKind.INFERENCE.value, EventKind.EXCHANGE.value)
_ROWS, _LEAST = 65_536, 64
"""Rows that one worker holds at once, at most and at least."""
_BYTES = 256 * 1024 * 1024
"""Bytes of them: rows of ten thousand inputs are wide."""
_WORTH = 50_000
"""Rows of a file that are worth the second in which compiled code is loaded."""
_HOUR = 3_600_000_000
"""Microseconds."""
_MONDAY = 72
"""Hours from the first moment of 1970, a Thursday, back to a Monday's midnight."""


class Crew(Protocol):
    """Who helps with large jobs over the lake."""

    def worth(self, files: Sequence[str], /) -> bool:
        """Whether others shall read these files."""
        ...

    def each(self, work: Callable[[A], B], pieces: Sequence[A], /) -> Iterable[B]:
        """What the work makes of each piece, in their order."""
        ...


class Pieces(Protocol):
    """Rows of the lake, as they lie there."""

    @property
    def files(self) -> Sequence[str]:
        """Parquet files; each row is in one of them."""
        ...

    @property
    def tail(self) -> pa.Table:
        """The rows that are in no file yet."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What to count, of which asset, in which rows."""

    plan: bytes
    asset: Asset
    version: str | None = None
    condition: str = ""
    """One of the asset's conditions of operation; empty for all of them."""
    since: datetime | None = None
    until: datetime | None = None
    prints: tuple[bytes, ...] = ()
    """Fingerprints of rows that are to be recognised."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Backfilled:
    """All the rows of a job, counted."""

    hours: Mapping[int, Summary]
    """By hour of the week, where there are rows."""
    ledger: Ledger

    def merge(self, other: "Backfilled") -> "Backfilled":
        """Both together."""
        both = self.hours.keys() & other.hours.keys()
        return Backfilled(
            hours={
                **self.hours,
                **other.hours,
                **{hour: self.hours[hour].merge(other.hours[hour]) for hour in both},
            },
            ledger=self.ledger.merge(other.ledger),
        )

    def summary(self, plan: Plan) -> Summary:
        """The whole week."""
        return reduce(Summary.merge, (self.hours[h] for h in sorted(self.hours)), empty(plan))


class _Part(msgspec.Struct, frozen=True, array_like=True):
    hours: dict[int, bytes]
    ledger: bytes


def count_pieces(
    job: Job,
    pieces: Pieces,
    crew: Crew | None = None,
    still: Callable[[], object] = lambda: None,
) -> Backfilled:
    """All rows of the job in these pieces, counted; whoever helps, it is the same.

    `still` is asked after each piece, and raises where nobody wants them any more.
    """
    plan, work = Plan.from_bytes(job.plan), partial(count_file, job)
    helped = crew is not None and crew.worth(pieces.files)
    found = (
        crew.each(work, pieces.files) if crew is not None and helped else map(work, pieces.files)
    )
    tail = pieces.tail.filter(_wanted(job))
    own = _packed(job, [_apart(job, conform(tail))] if tail.num_rows else [])

    def read(one: bytes) -> Backfilled:
        still()
        return _read(one, plan)

    return reduce(Backfilled.merge, map(read, chain([own], found)))


def count_file(job: Job, file: str) -> bytes:
    """The counts of one file, as bytes: what a worker does."""
    rows = _opened(file)
    if rows.count_rows() >= _WORTH:
        _quick()
    return _packed(job, _batches(job, rows, file))


@cache
def _quick() -> bool:
    """Whether the compiled kernels are in use; a process that was just started has none yet."""
    return warm_up()


def _packed(job: Job, parts: Iterable[pa.Table]) -> bytes:
    plan = ready(Plan.from_bytes(job.plan))
    total = Backfilled(hours={}, ledger=nothing(plan.plan).ledger)
    prints = [Fingerprints.from_bytes(one) for one in job.prints]
    for rows in parts:
        for hour, part in _by_hour(rows):
            total = total.merge(_counted(plan, job.asset, prints, hour, part))
    hours = {hour: one.to_bytes() for hour, one in sorted(total.hours.items())}
    return msgspec.msgpack.encode(_Part(hours=hours, ledger=total.ledger.seal().to_bytes()))


def _counted(
    plan: Ready, asset: Asset, prints: Sequence[Fingerprints], hour: int, rows: pa.Table
) -> Backfilled:
    valued = plan.plan.value.size > 0
    columns = answers(rows, schema_of(plan.plan), asset, valued=valued, prints=prints)
    found = counted(plan, columns)
    return Backfilled(hours={hour: found.summary}, ledger=found.ledger)


def hours_of_week(rows: pa.Table) -> Ints:
    """The hour of the week of each row."""
    micros = pc.cast(rows["ts"], pa.int64()).to_numpy()
    return (micros // _HOUR + _MONDAY) % HOURS


def _apart(job: Job, rows: pa.Table) -> pa.Table:
    """The rows of the job's condition; all, where it is of all."""
    told = job.asset.conditions
    if not job.condition or told is None:
        return rows
    return rows.filter(pc.equal(conditions_of(rows, told), job.condition))


def _by_hour(rows: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """The rows by hour of the week."""
    hours = hours_of_week(rows)
    for hour in np.unique(hours).tolist():
        yield hour, rows.filter(pa.array(hours == hour))


def _read(found: bytes, plan: Plan) -> Backfilled:
    part = msgspec.msgpack.decode(found, type=_Part)
    return Backfilled(
        hours={hour: Summary.from_bytes(one, plan) for hour, one in part.hours.items()},
        ledger=Ledger.from_bytes(part.ledger),
    )


def _opened(file: str) -> pads.Dataset:
    try:
        return pads.dataset(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(file, error) from error


def _batches(job: Job, rows: pads.Dataset, file: str) -> Iterator[pa.Table]:
    """The job's rows of a file, a bounded piece at a time."""
    try:
        for batch in rows.to_batches(
            filter=_wanted(job), batch_size=_at_once(file), batch_readahead=1, fragment_readahead=1
        ):
            if batch.num_rows:
                yield _apart(job, conform(pa.Table.from_batches([batch])))
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(file, error) from error


def _at_once(file: str) -> int:
    """How many rows of this file are held at once."""
    told = pq.read_metadata(file)
    groups = (told.row_group(place) for place in range(told.num_row_groups))
    wide = sum(group.total_byte_size for group in groups) / max(1, told.num_rows)
    return max(_LEAST, min(_ROWS, int(_BYTES / max(1.0, wide))))


def _unreadable(file: str, error: Exception) -> BadFile:
    return BadFile(file, f"cannot be read as Parquet ({error})")


def _wanted(job: Job) -> pads.Expression:
    """Which rows are the job's."""
    wanted = (pc.field("asset") == job.asset.id) & pc.field("kind").isin(_KINDS)
    if job.version is not None:
        wanted &= pc.field("version") == job.version
    if job.since is not None:
        wanted &= pc.field("ts") >= pa.scalar(job.since, pa.timestamp("us", "UTC"))
    if job.until is not None:
        wanted &= pc.field("ts") < pa.scalar(job.until, pa.timestamp("us", "UTC"))
    return wanted
