"""Without: what a window would have been if those who stand out had not asked.

In    the counts of a window by principal, its baseline, who stands out and by what.
Out   the share of odd rows with them, without them, and as is usual.
Why   the plainest evidence that somebody did it is that it is gone without them; where it is not,
      the change is everybody's.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from stanch.triage.verdict.observations import Base, Ints, Left, Now, Signal
from stanch.vocabulary.ids import PrincipalId


def without(
    now: Now, base: Base, gone: Sequence[PrincipalId], signals: Mapping[Signal, float]
) -> Left | None:
    """What is left of the oddness that shows most; None where nobody stands out."""
    asked = set(now.principals)
    here = dict.fromkeys(p for p in gone if p in asked)
    counted = {s: c for s, c in _counted(now, base).items() if s in signals}
    if not here or not counted:
        return None
    signal = max(sorted(counted), key=lambda s: signals[s])
    odd, rows, usual = counted[signal]
    kept = np.array([p not in here for p in now.principals], np.bool_)
    if not rows[kept].sum():
        return None
    return Left(
        signal=signal,
        names=tuple(here),
        share=float(odd.sum() / rows.sum()),
        rest=float(odd[kept].sum() / rows[kept].sum()),
        usual=usual,
    )


def _counted(now: Now, base: Base) -> dict[Signal, tuple[Ints, Ints, float]]:
    """By each way of standing out: odd rows and all rows of each, and the usual share."""
    rows = now.rows if now.different is None else now.different
    found: dict[Signal, tuple[Ints, Ints, float]] = {}
    if now.off is not None:
        found[Signal.OFF_WHO] = now.off, rows, base.off_rate
    if now.edge is not None:
        found[Signal.EDGE_WHO] = now.edge, rows, base.edge_rate
    if now.again is not None and base.again is not None:
        usual = float(base.again[1:].sum() / max(base.again.sum(), 1e-9))
        found[Signal.DUP_WHO] = now.again[:, 1:].sum(axis=1), now.again.sum(axis=1), usual
    if now.cells is not None and base.cells is not None and now.told is None:
        every, agreed = now.cells.sum(axis=(1, 2)), np.trace(now.cells, axis1=1, axis2=2)
        usual = 1 - float(np.trace(base.cells) / max(base.cells.sum(), 1))
        found[Signal.PAIR_WHO] = every - agreed, every, usual
    return found
