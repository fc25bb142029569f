"""The summary: exact integer counts over the answers of one asset in a window of time.

Laws (property-tested): merge is commutative and associative, has `empty` as its neutral element,
and `counted(rows)` split in any way and merged gives the same bytes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from stanch.detect.summaries.arrays import Ints, Octets
from stanch.detect.summaries.codec import packed, unpacked
from stanch.detect.summaries.parts import (
    AXIS_SLOTS,
    BINS,
    BUCKET_AXES,
    DRAWN_AXES,
    LATENCIES,
    LEVELS,
    MAIN_AXES,
    MANIFOLD_BINS,
    SLOTS,
    STATUSES,
    WAVES,
    Part,
    Peak,
)
from stanch.detect.summaries.plan import FOLDED, Plan
from stanch.detect.summaries.sketch import REGISTERS, estimate
from stanch.detect.summaries.strange import Strange, strange_of
from stanch.vocabulary.ids import Digest, digest_of, parse_digest
from stanch.vocabulary.trouble import BadFile, BadInput


def shapes_of(plan: Plan) -> Mapping[Part, tuple[int, ...]]:
    """The shape of each part under this plan."""
    classes, groups = len(plan.classes), len(plan.groups)
    folded = min(classes, FOLDED) + 2
    shapes: dict[Part, tuple[int, ...]] = {
        Part.ROWS: (1,),
        Part.NUMBERS: (len(plan.numbers), SLOTS),
        Part.CATEGORIES: (len(plan.categories), BINS + 2),
        Part.ODD: (5,),
        Part.PREDICTIONS: (classes + 2,),
        Part.VALUE: (SLOTS if plan.value.size else 0,),
        Part.SCORES: (classes, LEVELS),
        Part.CONFIDENCE: (LEVELS,),
        Part.MARGIN: (LEVELS,),
        Part.NEAR: (1,),
        Part.WAVES: (WAVES,),
        Part.AXES: (DRAWN_AXES, AXIS_SLOTS),
        Part.MOMENTS: (2, MAIN_AXES),
        Part.MANIFOLD: (MANIFOLD_BINS,),
        Part.LATENCY: (LATENCIES,),
        Part.STATUS: (STATUSES,),
        Part.COST: (2,),
        Part.TOKENS: (2,),
        Part.HITS: (1,),
        Part.GROUPS: (groups, folded),
        Part.BEHAVIOUR: (1 << BUCKET_AXES, folded),
        Part.LABELLED: (classes + 2, classes + 2),
        Part.CALIBRATION: (LEVELS, 3),
        Part.FAIRNESS: (groups, folded, folded),
    }
    if plan.manifold.far is not None:
        shapes[Part.FAR] = (1,)
    return MappingProxyType(shapes)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Summary:
    """What was counted, on which plan."""

    plan: Digest
    sums: Mapping[Part, Ints]
    peaks: Mapping[Peak, Octets]
    strange: Strange

    @property
    def n(self) -> int:
        """How many answers."""
        return int(self.sums[Part.ROWS][0])

    @property
    def labelled(self) -> int:
        """How many late labels."""
        return int(self.sums[Part.LABELLED].sum())

    @property
    def digest(self) -> Digest:
        """What a finding cites."""
        return digest_of(self.to_bytes())

    def different(self, what: Peak) -> float:
        """About how many different ones there were (3 % standard error)."""
        return estimate(self.peaks[what])

    def merge(self, other: "Summary") -> "Summary":
        """Both together; `BadInput` when they were counted on different plans."""
        if self.plan != other.plan:
            raise BadInput(f"Summaries on the plans {self.plan} and {other.plan} do not merge.")
        return Summary(
            plan=self.plan,
            sums=MappingProxyType({p: a + other.sums[p] for p, a in self.sums.items()}),
            peaks=MappingProxyType(
                {p: np.maximum(a, other.peaks[p]) for p, a in self.peaks.items()}
            ),
            strange=self.strange.merge(other.strange),
        )

    def less(self, other: "Summary") -> Mapping[Part, Ints]:
        """The counts here that are not in `other`, a part of this one (sketches cannot shrink)."""
        if self.plan != other.plan:
            raise BadInput(f"Summaries on the plans {self.plan} and {other.plan} do not compare.")
        return MappingProxyType({p: a - other.sums[p] for p, a in self.sums.items()})

    def to_bytes(self) -> bytes:
        """The canonical bytes: equal counts, equal bytes, however the rows were sharded."""
        arrays = {f"+{p}": a for p, a in self.sums.items()} | {
            f"^{p}": a for p, a in self.peaks.items()
        }
        return packed("summary", {"plan": self.plan, "strange": self.strange.counts}, arrays)

    @classmethod
    def from_bytes(cls, data: bytes, plan: Plan) -> "Summary":
        """The summary on this plan that these bytes hold, or `BadFile`."""
        read = unpacked("summary", data)
        if read.header.get("plan") != plan.digest:
            raise BadFile("summary", "was counted on another plan")
        none = empty(plan)
        expected = {f"+{p}": a for p, a in none.sums.items()} | {
            f"^{p}": a for p, a in none.peaks.items()
        }
        if {k: (a.shape, a.dtype) for k, a in expected.items()} != {
            k: (a.shape, a.dtype) for k, a in read.arrays.items()
        }:
            raise BadFile("summary", "has not the parts of its plan")
        try:
            strange = strange_of([read.header["strange"]])
        except (KeyError, TypeError, AttributeError) as error:
            raise BadFile("summary", f"lacks its strange values ({error})") from None
        return cls(
            plan=parse_digest(read.header["plan"]),
            sums=MappingProxyType({p: read.arrays[f"+{p}"] for p in none.sums}),
            peaks=MappingProxyType({p: read.arrays[f"^{p}"] for p in none.peaks}),
            strange=strange,
        )


def empty(plan: Plan) -> Summary:
    """A summary of nothing."""
    return Summary(
        plan=plan.digest,
        sums=MappingProxyType({p: np.zeros(s, np.int64) for p, s in shapes_of(plan).items()}),
        peaks=MappingProxyType({p: np.zeros(REGISTERS, np.uint8) for p in Peak}),
        strange=Strange(),
    )


def merged(summaries: Iterable[Summary], plan: Plan) -> Summary:
    """All of them together; of none, the empty one."""
    total = empty(plan)
    for one in summaries:
        total = total.merge(one)
    return total
