"""The people of a batch: whose each row is, and the ledger that the counts of each make.

In    the names of a batch and the places of its rows in them; the counts of each name.
Out   `People`, in the order of their names; a live `Ledger`.
Why   lines that are in the ledger's order from the start need not be copied into it.
"""

from dataclasses import dataclass

import numpy as np

from stanch.detect.summaries.arrays import Codes, Hashes, Ints, Octets
from stanch.detect.summaries.kernels import Kernels
from stanch.detect.summaries.ledger import Ledger, bucket_of, hashes_of, kept_of, levels_of
from stanch.detect.summaries.parts import CARD, SAMPLED
from stanch.detect.summaries.sample import Points
from stanch.detect.summaries.sketch import SMALL
from stanch.vocabulary.ids import Digest


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class People:
    """The principals of a batch."""

    names: tuple[str, ...]
    """Sorted."""
    hashes: Hashes
    who: Ints
    """(n,) the line of each row; the last one, after all names, is nobody's."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lines:
    """The counts of each principal of a batch, a line each, and one for nobody."""

    table: Ints
    inputs: Octets
    cells: Octets
    points: Points | None = None
    """What their samples are drawn from."""


def people_of(names: tuple[str, ...], principals: Codes) -> People:
    """Whose these rows are, by places in these names; -1 for nobody."""
    order = sorted(range(len(names)), key=names.__getitem__)
    line = np.empty(len(names) + 1, np.int64)
    line[order] = np.arange(len(names))
    line[-1] = len(names)
    ordered = tuple(names[i] for i in order)
    return People(names=ordered, hashes=hashes_of(ordered), who=line[principals])


def sketches_of(people: People, hashes: Hashes, quick: Kernels) -> Octets:
    """(P + 1, 256) how many different of these hashes, one to a row, each principal had."""
    registers = np.zeros((len(people.names) + 1, SMALL), np.uint8)
    quick.put(registers, people.who, hashes)
    return registers


def ledger_of(
    plan: Digest, people: People, lines: Lines, watch: tuple[str, ...], quick: Kernels
) -> Ledger:
    """The ledger of a batch: everybody in the buckets, those kept by name."""
    kept, level = kept_of(levels_of(people.hashes), people.names, watch, 0)
    every = len(kept) == len(people.names)
    chosen = slice(len(kept)) if every else np.array(kept, np.int64)
    keys, cards = _sampled(people, kept, lines.points, quick)
    buckets = quick.pooled(lines.table[:-1], people.hashes)
    buckets[bucket_of("")] += lines.table[-1]
    return Ledger(
        plan=plan,
        names=tuple(people.names[i] for i in kept),
        table=lines.table[chosen],
        inputs=lines.inputs[chosen],
        cells=lines.cells[chosen],
        keys=keys,
        cards=cards,
        buckets=buckets,
        level=level,
        watch=tuple(sorted({*watch})),
    )


def _sampled(
    people: People, kept: list[int], points: Points | None, quick: Kernels
) -> tuple[Ints, Octets]:
    """The samples of those kept."""
    if points is None:
        empty = (len(kept), SAMPLED)
        return np.zeros(empty, np.int64), np.zeros((*empty, CARD), np.uint8)
    lines = np.full(len(people.names) + 1, -1, np.int64)
    lines[kept] = np.arange(len(kept))
    return quick.cards(quick.drawn_rows(lines[people.who], points, len(kept)), points)
