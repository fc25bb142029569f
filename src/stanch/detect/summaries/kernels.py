"""Kernels: the plain ones until the compiled ones are warm; both give the same bits.

`warm()` compiles (or loads from numba's cache) and switches over. The shell calls it once, in the
background, so that nobody waits for a compiler; without numba nothing changes but the speed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import numpy as np

from stanch.detect.summaries import plain, sample, sketch, told
from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints, Octets, own
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.lookup import Lookup
from stanch.detect.summaries.parts import AXIS_SLOTS, DRAWN_AXES, MAIN_AXES
from stanch.detect.summaries.plain import Certain, Lain, Seen
from stanch.detect.summaries.ready import Ready
from stanch.detect.summaries.sample import Points, Sampled
from stanch.detect.summaries.told import Facts, Given

MINUTE = 12 * told.TICK
HALF = np.int32(16)
"""Bits of a phase."""
NO_FLOATS: Floats = np.zeros(0)
NO_CODES: Codes = np.zeros(0, np.int32)


class Kernels:
    """The kernels in plain numpy."""

    def bins(self, numbers: Floats, lookup: Lookup) -> tuple[Octets, Ints]:
        """(n, F) the bins, and (F, 68) how often each came."""
        found = plain.bins(numbers, lookup)
        return found, plain.histograms(found)

    def seen(self, batch: Columns, plan: Ready, who: Ints, sums: tuple[Ints, Ints]) -> Seen:
        """All that is known of inputs; adds waves and moments to `sums`, line by principal."""
        return plain.seen(own(batch.numbers, np.float64), batch.categories, plan, who, sums)

    def grades(self, score: Codes, edges: Ints) -> Ints:
        """(n,) the bin of each off-manifold score."""
        return np.searchsorted(edges, score, side="left").astype(np.int64)

    def certain(self, scores: Floats, near: float, classes: int) -> Certain:
        """What the scores come to."""
        return plain.certain(scores, near, classes)

    def answered(self, batch: Columns, classes: int) -> Given:
        """What was answered."""
        return told.answered(batch, classes)

    def latencies(self, latency: Floats, edges: Floats) -> Ints:
        """(64,) the histogram of latencies."""
        return told.latencies(latency, edges)

    def tallied(self, table: Ints, facts: Facts) -> None:
        """Add what is told of each row to `table`, line by principal."""
        told.tallied(table, facts)

    def minutes(self, ticks: Ints) -> Ints:
        """The minutes of these ticks, each at least once."""
        return np.unique(ticks // MINUTE)

    def behaved(self, lies: Codes, said: Ints, shape: tuple[int, ...]) -> Ints:
        """(32, C' + 2) answers by the sides of the medians on which the inputs lie."""
        return told.behaved(lies, said, shape)

    def pooled(self, table: Ints, hashes: Hashes) -> Ints:
        """(64, WIDTH) the lines of principals by their hashes."""
        return told.pooled(table, hashes)

    def drawn_rows(self, lines: Ints, points: Points, size: int) -> Ints:
        """(size, 64) the rows that each line's sample keeps."""
        return sample.drawn(lines, points.keys, points.told, size)

    def cards(self, rows: Ints, points: Points) -> tuple[Ints, Octets]:
        """(size, 64) the keys and (size, 64, 24) the cards of these rows."""
        return sample.cards_of(rows, points)

    def united(self, ours: Sampled, others: Sampled) -> Sampled:
        """The samples of both together, line by line."""
        return sample.united(ours, others)

    def put(self, registers: Octets, who: Ints, hashes: Hashes) -> None:
        """Count hashes into the sketch of each line of `registers`."""
        bits = registers.shape[1].bit_length() - 1
        at = (hashes & np.uint64(registers.shape[1] - 1)).astype(np.int64)
        np.maximum.at(registers, (who, at), sketch.ranks(hashes, bits))


@dataclass(frozen=True, slots=True)
class Compiled(Kernels):
    """The same kernels, compiled."""

    fast: ModuleType
    people: ModuleType

    def bins(self, numbers: Floats, lookup: Lookup) -> tuple[Octets, Ints]:
        """(n, F) the bins, and (F, 68) how often each came."""
        return self.fast.bins(numbers, _edges(lookup))

    def seen(self, batch: Columns, plan: Ready, who: Ints, sums: tuple[Ints, Ints]) -> Seen:
        """All that is known of inputs; adds waves and moments to `sums`, line by principal."""
        if not plan.quick:
            return PLAIN.seen(batch, plan, who, sums)
        numbers, n = own(batch.numbers, np.float64), batch.n
        cells = plain.coarse_codes(batch.categories)
        prints = plain.code_hashes(batch.categories, plan.keys[numbers.shape[1] :])
        looks = _edges(plan.numbers), plan.padded, (plan.uses, plan.units, plan.singles)
        turns = plan.woven, plan.phase, HALF
        drawing = plan.middle, plan.ends, plan.drawn
        each, bins, counts = self.fast.seen(
            (numbers, cells, who),
            (*looks, (plan.asks, plan.plan.manifold.borders, plan.plan.manifold.leaves)),
            (turns, drawing),
            prints,
            sums,
        )
        odd, prints, alone, places, sides, strange = each
        return Seen(
            bins=bins,
            odd=odd,
            prints=prints,
            strange=strange,
            alone=alone,
            lain=Lain(
                places=places[: n * MAIN_AXES].reshape(n, MAIN_AXES),
                sides=sides,
                counts=counts.reshape(DRAWN_AXES, AXIS_SLOTS),
            ),
        )

    def grades(self, score: Codes, edges: Ints) -> Ints:
        """(n,) the bin of each off-manifold score."""
        return self.fast.grades(score, edges)

    def certain(self, scores: Floats, near: float, classes: int) -> Certain:
        """What the scores come to."""
        each, top, margin, sixteenth, close = self.fast.certain(scores, near, classes)
        return Certain(scores=each, top=top, margin=margin, sixteenth=sixteenth, near=close)

    def answered(self, batch: Columns, classes: int) -> Given:
        """What was answered."""
        status = NO_CODES if batch.status is None else own(batch.status, np.int32)
        cost = NO_FLOATS if batch.cost is None else own(batch.cost, np.float64)
        codes = own(batch.predictions, np.int32)
        says, by_row, priced = self.people.answered(codes, status, cost, classes)
        said, place, fixed = by_row
        return Given(says=says, said=said, status=place, cost=fixed, priced=priced)

    def latencies(self, latency: Floats, edges: Floats) -> Ints:
        """(64,) the histogram of latencies."""
        return self.people.latencies(own(latency, np.float64), edges)

    def tallied(self, table: Ints, facts: Facts) -> None:
        """Add what is told of each row to `table`, line by principal."""
        one = (facts.said, facts.status, facts.ticks)
        other = (facts.margin, facts.cost, facts.tokens)
        self.people.tallied(table, facts.who, one + other, facts.marks, self.people.SINGLE)

    def minutes(self, ticks: Ints) -> Ints:
        """The minutes of these ticks, each at least once."""
        return self.people.minutes(ticks, MINUTE)

    def behaved(self, lies: Codes, said: Ints, shape: tuple[int, ...]) -> Ints:
        """(32, C' + 2) answers by the sides of the medians on which the inputs lie."""
        return self.people.behaved(lies, said, shape[0], shape[1])

    def pooled(self, table: Ints, hashes: Hashes) -> Ints:
        """(64, WIDTH) the lines of principals by their hashes."""
        return self.people.pooled(table, hashes)

    def drawn_rows(self, lines: Ints, points: Points, size: int) -> Ints:
        """(size, 64) the rows that each line's sample keeps."""
        return self.people.drawn_rows(lines, points.keys, points.told, size)

    def cards(self, rows: Ints, points: Points) -> tuple[Ints, Octets]:
        """(size, 64) the keys and (size, 64, 24) the cards of these rows."""
        lying = (points.sides, points.places)
        return self.people.cards(rows, points.keys, points.told, lying, points.alone)

    def united(self, ours: Sampled, others: Sampled) -> Sampled:
        """The samples of both together, line by line."""
        one, other = _kind(ours), _kind(others)
        if not (self.people.in_order(one[0]) and self.people.in_order(other[0])):
            return sample.united(ours, others)
        return self.people.united(one, other)

    def put(self, registers: Octets, who: Ints, hashes: Hashes) -> None:
        """Count hashes into the sketch of each line of `registers`."""
        self.people.put(registers, who, hashes)


def _edges(lookup: Lookup) -> tuple[tuple[Floats, Floats], Codes, Octets, Floats, Octets, Ints]:
    """What compiled code is told of a lookup table."""
    line = lookup.limits, lookup.bends
    return line, lookup.begins, lookup.start, lookup.bounds, lookup.ranks, lookup.repeated


def _kind(one: Sampled) -> Sampled:
    """The one kind of arrays that samples are compiled for."""
    return own(one[0], np.int64), own(one[1], np.uint8)


PLAIN = Kernels()
_in_use: list[Kernels] = [PLAIN]


def kernels() -> Kernels:
    """The quickest kernels that are ready."""
    return _in_use[0]


def compiled() -> Kernels | None:
    """The compiled kernels, or None without numba or a folder for its cache (RuntimeError)."""
    here = "stanch.detect.summaries"
    try:
        return Compiled(import_module(f"{here}._fast"), import_module(f"{here}._fast_people"))
    except (ImportError, RuntimeError):
        return None


def use(chosen: Kernels) -> None:
    """Count with these from now on."""
    _in_use[0] = chosen


def warm(rehearse: Callable[[Kernels], object]) -> bool:
    """Compile the quick kernels by a rehearsal and switch to them; whether that went well."""
    quick = compiled()
    if quick is None:
        return False
    rehearse(quick)
    use(quick)
    return True
