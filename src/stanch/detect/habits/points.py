"""Points: the different inputs of principals, as far as their samples hold them.

In    a ledger and the principals in question.
Out   `Points`, and how close they lie to each other.
Why   one principal's inputs are judged by where they lie, next to each other and to everybody's.
Math  Two inputs are compared in two ways: by how many of 24 axes part them (they lie on different
      sides of the median), which holds for any tails; and by their distance along the main axes,
      each in its own standard deviation, which sees small steps. `RADII` and `WIDTHS` are the
      distances at which two inputs count as neighbours; no single one fits every search.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stanch.detect.summaries.arrays import Flags, Floats, Ints, Octets
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import SIGMA
from stanch.detect.summaries.sample import ALONE, FLAGS, NEAR, PLACE, SAID, SIDES, STEP

Singles = NDArray[np.float32]
Bits = NDArray[np.uint32]

RADII = (0, 1, 2, 3, 4, 5, 6)
WIDTHS = (0.6, 1.0, 1.5, 2.0)
NARROWEST = 0.25
"""An axis that varies less than this many standard deviations of a number counts as this wide."""
LEVELS = len(RADII) + len(WIDTHS)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Points:
    """Inputs of P principals, at most 64 of each."""

    there: Flags
    """(P, 64)"""
    sides: Bits
    """(P, 64) the sides of the medians on which each lies, a bit for each axis."""
    place: Singles
    """(P, 64, 10) along the main axes, in standard deviations of a number."""
    said: Octets
    """(P, 64) the answers."""
    near: Flags
    """(P, 64) close to the decision boundary."""
    alone: NDArray[np.int8]
    """(P, 64, 8) along single numbers, in sixteenths of a deviation; zeros past those there are."""

    @property
    def count(self) -> Ints:
        """(P,) how many there are of each."""
        return self.there.sum(axis=1)

    def some(self, most: int) -> "Points":
        """At most so many of each principal."""
        return Points(
            there=self.there[:, :most],
            sides=self.sides[:, :most],
            place=self.place[:, :most],
            said=self.said[:, :most],
            near=self.near[:, :most],
            alone=self.alone[:, :most],
        )


def points(ledger: Ledger, places: Ints) -> Points:
    """The sampled inputs of these principals."""
    cards = ledger.cards[places]
    low, middle, high = np.moveaxis(cards[..., SIDES].astype(np.uint32), -1, 0)
    steps = np.ascontiguousarray(cards[..., PLACE]).view(np.int8)
    return Points(
        there=ledger.keys[places] > 0,
        sides=low | middle << np.uint32(8) | high << np.uint32(16),
        place=steps.astype(np.float32) * np.float32((1 << STEP) / SIGMA),
        said=cards[..., SAID],
        near=(cards[..., FLAGS] & NEAR) > 0,
        alone=np.ascontiguousarray(cards[..., ALONE]).view(np.int8),
    )


def parted(ours: Bits, others: Bits) -> Octets:
    """(..., n, m) by how many axes each pair is parted."""
    return np.bitwise_count(ours[..., :, None] ^ others[..., None, :])


def squared(ours: Singles, others: Singles) -> Singles:
    """(..., n, m) squared distances.

    Axis by axis: a product of matrices would hand this little work to many threads.
    """
    far = np.zeros((*ours.shape[:-1], others.shape[-2]), np.float32)
    for axis in range(ours.shape[-1]):
        gap = ours[..., :, None, axis] - others[..., None, :, axis]
        far += gap * gap
    return far


def scaled(place: Singles, width: Floats) -> Singles:
    """Places in the standard deviations of each axis; `width` are variances in SIGMA units."""
    own = np.sqrt(np.maximum(width, 0.0)) / SIGMA
    return (place / np.maximum(own, NARROWEST).astype(np.float32)).astype(np.float32)


def neighbours(sides: Octets, far: Singles, *, there: Flags) -> Ints:
    """(..., n, LEVELS) how many of the others are neighbours of each, at each distance."""
    counts = [((sides <= radius) & there).sum(axis=-1) for radius in RADII]
    counts += [((far <= width * width) & there).sum(axis=-1) for width in WIDTHS]
    return np.stack(counts, axis=-1)
