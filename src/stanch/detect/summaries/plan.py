"""The plan: what is counted of an asset, and on which bins; learned once, from reference rows.

In    the arrays that `learn.plan_of` derived from the reference.
Out   a `Plan`; its digest stands in every summary counted on it, so that only like is merged.
Why   with the bins fixed, all monitoring is adding integers: exact, order-free, replayable.
"""

from dataclasses import dataclass, field

import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Ints, Octets, Shorts
from stanch.detect.summaries.codec import packed, unpacked
from stanch.detect.summaries.latency import QUICKEST
from stanch.vocabulary.ids import Digest, digest_of
from stanch.vocabulary.trouble import BadFile

MOST_VALUES = 64
"""Known values of one category; rarer ones of the reference count as new."""
MOST_CLASSES = 64
MOST_GROUPS = 32
QUESTIONS = 6
"""That a tree of the off-manifold score asks."""
STRAYING, MOST_STRAYING = 4, 31
"""Numbers of one row that are out of range together, at least and at most, before it tells."""
FOLDED = 16
"""Classes kept apart in fairness counts and principal blocks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A category and the values it had in the reference."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Joint:
    """How the joint structure is watched: integers only, so that it is exact everywhere.

    J numbers (at most 64, spread evenly) are standardised to SIGMA units and rounded; waves and
    axes are integer combinations of them.
    """

    uses: Codes
    """(J,) places of the numbers."""
    centre: Floats
    """(J,)"""
    scale: Floats
    """(J,) SIGMA / standard deviation; 0 for a constant."""
    waves: Shorts
    """(J, 64) frequencies: 65,536 is a full turn per unit."""
    phase: Shorts
    """(64,)"""
    axes: Shorts
    """(J, 24)"""
    middle: Ints
    """(24,) reference medians along the axes."""
    drawn: Ints
    """(8, 33) edges of the axes' histograms."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Manifold:
    """The off-manifold score: boosted trees on coarse cells, real against column-permuted rows.

    Each of T trees asks a row six questions, the same whatever the answers are: is the cell of this
    input above this border? A row's score is the sum, over the trees, of the leaf that its answers
    lead to. High means: this combination of values does not occur in the reference.
    """

    asks: Codes = field(default_factory=lambda: np.zeros((0, QUESTIONS), np.int32))
    """(T, 6) places among numbers, then categories."""
    borders: Octets = field(default_factory=lambda: np.zeros((0, QUESTIONS), np.uint8))
    """(T, 6) coarse cells: an answer is yes above."""
    leaves: Shorts = field(default_factory=lambda: np.zeros((0, 1 << QUESTIONS), np.int16))
    """(T, 64) by the answers, of which the first counts one, the second two."""
    pairs: Codes = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    """(P, 2) places; only in a plan of before, which had a table for each of P pairs of inputs."""
    tables: Shorts = field(default_factory=lambda: np.zeros((0, 17 * 17), np.int16))
    """(P, 17 * 17) by the coarse cells of both."""
    edges: Ints
    """(31,) between the 32 bins; the last is the reference's 99th percentile."""
    auc: float
    """How well real rows were told from permuted ones, on rows held out; 0.5 is not at all."""
    far: int | None = None
    """The score that one row in a thousand held out is above; none in a plan of before."""
    foreign: tuple[float, ...] = ()
    """Shares of permuted rows, held out, that are unusual, off and far."""

    @property
    def tells(self) -> bool:
        """Whether there is anything that a row is scored by."""
        return bool(self.asks.size or self.pairs.size)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Plan:
    """What is counted of one asset."""

    numbers: tuple[str, ...]
    categories: tuple[Known, ...]
    classes: tuple[str, ...]
    groups: tuple[str, ...]
    """Group attributes with their value, like `sex=f`."""
    rows: int
    """Rows of the reference."""
    edges: Floats
    """(F, 65): lowest, 63 inner edges, highest. All NaN for a number that was never there."""
    value: Floats
    """(65,) the same for a numeric answer; empty for a classifier."""
    near: float
    """Margins under this are close to the boundary."""
    joint: Joint
    manifold: Manifold
    grid: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    """(F, 2) the unit that a number goes by (0 for none), and how far from a whole one is between
    two; of no numbers in a plan that was learnt before grids were."""
    quickest: float = QUICKEST
    """Milliseconds of the lowest edge of latencies."""

    @property
    def straying(self) -> int:
        """So many numbers of one row are out of range together, where it tells: a few stray alone,
        of many more.
        """
        return min(max(STRAYING, len(self.numbers) // 32), MOST_STRAYING)

    @property
    def digest(self) -> Digest:
        """What every summary on this plan carries."""
        return digest_of(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The canonical bytes; `Plan.from_bytes` gives the same plan back."""
        header = {
            "numbers": self.numbers,
            "categories": [[k.name, k.values] for k in self.categories],
            "classes": self.classes,
            "groups": self.groups,
            "rows": self.rows,
            "near": self.near,
            "auc": self.manifold.auc,
        } | self._added()
        return packed("plan", header, self._arrays())

    def _added(self) -> dict[str, object]:
        """What plans of before had not, where it is there: their bytes stay as they were."""
        own = self.manifold
        added: dict[str, object] = {}
        if own.far is not None:
            added |= {"far": own.far, "foreign": own.foreign}
        if self.quickest != QUICKEST:
            added["quickest"] = self.quickest
        return added

    def _arrays(self) -> dict[str, np.ndarray]:
        own = {"edges": self.edges, "value": self.value}
        own |= {"grid": self.grid} if self.grid.size else {}
        joint = {name: getattr(self.joint, name) for name in Joint.__slots__}
        trees = ("asks", "borders", "leaves")
        tables = ("pairs", "tables", "edges", *(trees if self.manifold.asks.size else ()))
        manifold = {f"manifold_{name}": getattr(self.manifold, name) for name in tables}
        return own | {f"joint_{name}": array for name, array in joint.items()} | manifold

    @classmethod
    def from_bytes(cls, data: bytes) -> "Plan":
        """The plan that these bytes hold, or `BadFile`."""
        read = unpacked("plan", data)
        head, arrays = read.header, read.arrays
        try:
            return cls(
                numbers=tuple(head["numbers"]),
                categories=tuple(Known(name=n, values=tuple(v)) for n, v in head["categories"]),
                classes=tuple(head["classes"]),
                groups=tuple(head["groups"]),
                rows=int(head["rows"]),
                near=float(head["near"]),
                edges=arrays["edges"],
                value=arrays["value"],
                grid=arrays.get("grid", np.zeros((0, 2))),
                quickest=float(head.get("quickest", QUICKEST)),
                joint=Joint(**{name: arrays[f"joint_{name}"] for name in Joint.__slots__}),
                manifold=Manifold(
                    **{
                        name.removeprefix("manifold_"): array
                        for name, array in arrays.items()
                        if name.startswith("manifold_")
                    },
                    auc=float(head["auc"]),
                    far=int(head["far"]) if "far" in head else None,
                    foreign=tuple(float(share) for share in head.get("foreign", ())),
                ),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadFile("plan", f"lacks a part ({error})") from None
