"""What the answers of a batch tell, row by row, in plain numpy; `_fast_people` holds quick twins.

In    the columns of a batch; then what each row was found to be.
Out   statuses, costs and latencies as places and whole numbers; the counts of each principal.
"""

from dataclasses import dataclass

import numpy as np

from stanch.detect.summaries.arrays import Codes, Flags, Floats, Hashes, Ints, Marks
from stanch.detect.summaries.blocks import BUCKETS, PLACES
from stanch.detect.summaries.columns import MISSING_CODE, Columns
from stanch.detect.summaries.parts import BLOCK_TICKS, LATENCIES, STATUSES, UNIT, Block
from stanch.detect.summaries.plan import FOLDED

TICK = 5_000_000
"""Microseconds of a tick: a twelfth of a minute."""
DEAREST = 1e9
"""A cost is cut here, so that no sum overflows."""
MARKED = (
    *(Block.OFF, Block.ODD, Block.NEAR, Block.HITS),
    *(Block.CANARIES, Block.BETWEEN, Block.UNUSUAL, Block.FAR, Block.STRAYED),
)
"""What a row can be marked as, the lowest bit first."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Given:
    """The answers of a batch, apart from scores."""

    says: Ints
    """(C + 2,) classes, unknown, missing."""
    said: Ints
    """(n,) among the first 16 classes, further or unknown ones, missing."""
    status: Ints
    """(n,) places."""
    cost: Ints
    """(n,) in UNITs."""
    priced: int
    """Rows that said a cost."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Facts:
    """What each row is; each (n,)."""

    who: Ints
    said: Ints
    status: Ints
    ticks: Ints
    margin: Ints
    """-1 for none."""
    cost: Ints
    tokens: Ints
    marks: Marks


def marks_of(*flags: Flags) -> Marks:
    """(n,) these flags as bits, in the order of `MARKED`."""
    marks = np.zeros(len(flags[0]), np.uint16)
    for place, flag in enumerate(flags):
        marks |= flag.astype(np.uint16) << np.uint16(place)
    return marks


def answered(batch: Columns, classes: int) -> Given:
    """What was answered in this batch."""
    special = np.where(batch.predictions == MISSING_CODE, classes + 1, classes)
    known = (batch.predictions >= 0) & (batch.predictions < classes)
    said = np.where(known, batch.predictions, special)
    cost, priced = _fixed(batch.cost, batch.n)
    return Given(
        says=np.bincount(said, minlength=classes + 2).astype(np.int64),
        said=folded(batch.predictions, classes),
        status=_status(batch),
        cost=cost,
        priced=priced,
    )


def folded(codes: Codes, classes: int, width: int = FOLDED + 2) -> Ints:
    """Codes as places among the first classes, further or unknown ones, missing."""
    most = min(classes, width - 2)
    known = np.where((codes >= 0) & (codes < most), codes, width - 2)
    return np.where(codes == MISSING_CODE, width - 1, known).astype(np.int64)


def behaved(lies: Codes, said: Ints, shape: tuple[int, ...]) -> Ints:
    """Folded answers by the sides of the medians on which the inputs lie."""
    buckets, width = shape
    narrow = np.append(np.minimum(np.arange(FOLDED + 1), width - 2), width - 1)
    cells = (lies & (buckets - 1)).astype(np.int64) * width + narrow[said]
    return np.bincount(cells, minlength=buckets * width).reshape(shape).astype(np.int64)


def pooled(table: Ints, hashes: Hashes) -> Ints:
    """(64, WIDTH) the counts of these principals, by the highest bits of their hashes."""
    buckets = np.zeros((BUCKETS, table.shape[1]), np.int64)
    place = (hashes >> np.uint64(58)).astype(np.int64)
    order = np.argsort(place, kind="stable")
    here, starts = np.unique(place[order], return_index=True)
    if len(here):
        buckets[here] = np.add.reduceat(table[order], starts)
    return buckets


def tallied(table: Ints, facts: Facts) -> None:
    """Add what is told of each row to its principal's line in `table`."""
    who, size = facts.who, len(table)

    def spread(block: Block, who: Ints, place: Ints) -> None:
        where = PLACES[block]
        width = where.stop - where.start
        cells = np.bincount(who * width + place, minlength=size * width)
        table[:, where] += cells.reshape(size, width)

    spread(Block.ROWS, who, np.zeros(len(who), np.int64))
    spread(Block.PREDICTIONS, who, facts.said)
    spread(Block.STATUS, who, facts.status)
    spread(Block.TICKS, who, (facts.ticks // TICK) % BLOCK_TICKS)
    seen = facts.margin >= 0
    spread(Block.MARGIN, who[seen], facts.margin[seen])
    for place, block in enumerate(MARKED):
        marked = (facts.marks >> np.uint16(place)) & 1 == 1
        table[:, PLACES[block].start] += np.bincount(who[marked], minlength=size)
    np.add.at(table[:, PLACES[Block.COST].start], who, facts.cost)
    np.add.at(table[:, PLACES[Block.TOKENS].start], who, facts.tokens)


def latencies(latency: Floats, edges: Floats) -> Ints:
    """(64,) the histogram of latencies; the last place is of missing ones."""
    place = np.searchsorted(edges, latency, side="right")
    place = np.where(np.isnan(latency), LATENCIES - 1, place)
    return np.bincount(place, minlength=LATENCIES).astype(np.int64)


def _status(batch: Columns) -> Ints:
    if batch.status is None:
        return np.full(batch.n, STATUSES - 1, np.int64)
    place = batch.status.astype(np.int64) // 100 - 1
    return np.where((place >= 0) & (place < STATUSES - 1), place, STATUSES - 1)


def _fixed(cost: Floats | None, n: int) -> tuple[Ints, int]:
    """The costs in UNITs, and how many rows said one."""
    if cost is None:
        return np.zeros(n, np.int64), 0
    said = np.isfinite(cost)
    clean = np.clip(np.where(said, cost, 0.0), -DEAREST, DEAREST)
    return np.rint(clean * UNIT).astype(np.int64), int(said.sum())
