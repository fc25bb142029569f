"""Unfilled: inputs that had no value in most of a baseline, so that none is their normal.

In    a baseline.
Out   their shares of answers without a value, the largest first.
Why   a feed that was broken while the baseline was recorded makes being broken the normal, and
      nothing is told of that input any more. Whoever knows the model can say whether it is right.
"""

from collections.abc import Mapping

from stanch.detect.summaries.parts import MISSING, Part
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.summary import Summary
from stanch.prepare.baseline import WHOLE_WEEK, Golden

MOST = 0.5


def unfilled(golden: Golden) -> Mapping[str, float]:
    """Which inputs had no value in more than half of its answers."""
    plan = Plan.from_bytes(golden.plan)
    whole = Summary.from_bytes(golden.strata[WHOLE_WEEK], plan)
    names = (*plan.numbers, *(one.name for one in plan.categories))
    missing = (
        *whole.sums[Part.NUMBERS][:, MISSING],
        *whole.sums[Part.CATEGORIES][:, -1],
    )
    shares = {name: int(n) / whole.n for name, n in zip(names, missing, strict=True)}
    most = ((name, share) for name, share in shares.items() if share > MOST)
    return dict(sorted(most, key=lambda one: -one[1]))
