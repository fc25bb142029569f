"""Kernels: the plain ones until the compiled ones are warm; both give the same bits.

`warm()` compiles (or loads from numba's cache) and switches over. The shell calls it once, in the
background, so that nobody waits for a compiler; without numba nothing changes but the speed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import numpy as np

from stanch.detect.summaries import plain, sample, sketch
from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints, Octets, Shorts
from stanch.detect.summaries.parts import MAIN_AXES
from stanch.detect.summaries.plain import Certain
from stanch.detect.summaries.plan import Joint, Manifold
from stanch.detect.summaries.ready import Lookup


class Kernels:
    """The kernels in plain numpy."""

    def bins(self, numbers: Floats, lookup: Lookup, coarse: Octets) -> tuple[Octets, Ints, Octets]:
        """(n, F) coarse cells, (F, 68) counts of bins, and (n,) what is odd about each row."""
        found = plain.bins(numbers, lookup)
        return coarse[found], plain.histograms(found), plain.oddities(found)

    def drawn(self, along: Codes, edges: Ints, table: Octets) -> Ints:
        """(8, 34) histograms of the first axes."""
        del table
        return plain.drawn(along, edges)

    def certain(self, scores: Floats, near: float, classes: int) -> Certain:
        """What the scores come to."""
        return plain.certain(scores, near, classes)

    def standard(self, numbers: Floats, joint: Joint) -> Shorts:
        """(n, J) standardised."""
        return plain.standard(numbers, joint)

    def projected(self, z: Shorts, joint: Joint) -> Codes:
        """(n, 24) along the axes."""
        return plain.projected(z, joint)

    def waves(self, z: Shorts, joint: Joint, who: Ints, table: Ints) -> None:
        """Add waves to `table`, line by principal."""
        plain.waves(z, joint, who, table)

    def strangeness(self, cells: Octets, manifold: Manifold) -> Codes:
        """(n,) off-manifold scores."""
        return plain.strangeness(cells, manifold)

    def grades(self, score: Codes, edges: Ints) -> Ints:
        """(n,) the bin of each off-manifold score."""
        return np.searchsorted(edges, score, side="left").astype(np.int64)

    def fingerprints(self, numbers: Floats, categories: Codes, keys: Hashes) -> Hashes:
        """(n,) hashes of inputs."""
        return plain.fingerprints(numbers, categories, keys)

    def sides(self, along: Codes, middle: Ints) -> Codes:
        """(n,) the sides of the medians on which each row lies, as bits."""
        return plain.sides(along, middle)

    def moments(self, along: Codes, who: Ints, table: Ints) -> None:
        """Add sums and squares along the main axes to `table`, line by principal."""
        main = along[:, :MAIN_AXES].astype(np.int64)
        np.add.at(table, who, np.concatenate([main, main * main], axis=1))

    def drawn_rows(self, lines: Ints, keys: Ints, told: Codes, size: int) -> Ints:
        """(size, 64) the rows that each line's sample keeps."""
        return sample.drawn(lines, keys, told, size)

    def put(self, registers: Octets, who: Ints, hashes: Hashes) -> None:
        """Count hashes into the sketch of each line of `registers`."""
        bits = registers.shape[1].bit_length() - 1
        at = (hashes & np.uint64(registers.shape[1] - 1)).astype(np.int64)
        np.maximum.at(registers, (who, at), sketch.ranks(hashes, bits))


@dataclass(frozen=True, slots=True)
class Compiled(Kernels):
    """The same kernels, compiled."""

    fast: ModuleType

    def drawn(self, along: Codes, edges: Ints, table: Octets) -> Ints:
        """(8, 34) histograms of the first axes."""
        if not table.size:
            return plain.drawn(along, edges)
        return self.fast.drawn(along, edges, table)

    def certain(self, scores: Floats, near: float, classes: int) -> Certain:
        """What the scores come to."""
        each, top, margin, sixteenth, close = self.fast.certain(scores, near, classes)
        return Certain(scores=each, top=top, margin=margin, sixteenth=sixteenth, near=close)

    def bins(self, numbers: Floats, lookup: Lookup, coarse: Octets) -> tuple[Octets, Ints, Octets]:
        """(n, F) coarse cells, (F, 68) counts of bins, and (n,) what is odd about each row."""
        return self.fast.bins(numbers, lookup.edges, lookup.start, lookup.scale, coarse)

    def standard(self, numbers: Floats, joint: Joint) -> Shorts:
        """(n, J) standardised."""
        return self.fast.standard(numbers, joint.uses, joint.centre, joint.scale)

    def projected(self, z: Shorts, joint: Joint) -> Codes:
        """(n, 24) along the axes."""
        return self.fast.projected(z, joint.axes)

    def waves(self, z: Shorts, joint: Joint, who: Ints, table: Ints) -> None:
        """Add waves to `table`, line by principal."""
        self.fast.waves(z, joint.waves, joint.phase, who, table)

    def strangeness(self, cells: Octets, manifold: Manifold) -> Codes:
        """(n,) off-manifold scores."""
        return self.fast.strangeness(cells, manifold.pairs, manifold.tables)

    def grades(self, score: Codes, edges: Ints) -> Ints:
        """(n,) the bin of each off-manifold score."""
        return self.fast.grades(score, edges)

    def fingerprints(self, numbers: Floats, categories: Codes, keys: Hashes) -> Hashes:
        """(n,) hashes of inputs."""
        width = numbers.shape[1]
        codes = plain.code_hashes(categories, keys[width:])
        return self.fast.fingerprints(numbers, numbers.view(np.uint64), codes, keys[:width])

    def sides(self, along: Codes, middle: Ints) -> Codes:
        """(n,) the sides of the medians on which each row lies, as bits."""
        return self.fast.sides(along, middle)

    def moments(self, along: Codes, who: Ints, table: Ints) -> None:
        """Add sums and squares along the main axes to `table`, line by principal."""
        self.fast.moments(along, who, table)

    def drawn_rows(self, lines: Ints, keys: Ints, told: Codes, size: int) -> Ints:
        """(size, 64) the rows that each line's sample keeps."""
        return self.fast.drawn_rows(lines, keys, told, size)

    def put(self, registers: Octets, who: Ints, hashes: Hashes) -> None:
        """Count hashes into the sketch of each line of `registers`."""
        self.fast.put(registers, who, hashes)


PLAIN = Kernels()
_in_use: list[Kernels] = [PLAIN]


def kernels() -> Kernels:
    """The quickest kernels that are ready."""
    return _in_use[0]


def compiled() -> Kernels | None:
    """The compiled kernels, or None without numba or a folder for its cache (RuntimeError)."""
    try:
        return Compiled(import_module("stanch.detect.summaries._fast"))
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
