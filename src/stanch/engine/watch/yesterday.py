"""Yesterday: what a hop's answers will tell a verdict once they are of the last day.

In    the counted minutes of a hop, and the baseline they were counted on.
Out   the hop's use with some numbers more: unusual rows, where values fall, how far people differ.
Why   a verdict compares today with yesterday. Yesterday's counts by principal are too many to read
      again while somebody waits; what is asked of them is a few sums for each hop.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.count import Counted
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import UNUSUAL, Block, Part
from stanch.detect.window import Baseline, Usage
from stanch.engine.observing import base_of, bins_of
from stanch.triage.verdict.oddness import stood
from stanch.triage.verdict.past import places

MOST_NUMBERS = 64
"""Of assets with more numbers, where values fall is not kept by hop."""


def of_answers(use: Usage, parts: Sequence[Counted], base: Baseline | None) -> Usage:
    """The use of a hop, with what its answers tell; the same where nothing was counted."""
    told = [p for p in parts if base is not None and p.summary.plan == base.plan.digest]
    if base is None or not told:
        return use
    unusual = sum(int(p.summary.sums[Part.MANIFOLD][UNUSUAL:].sum()) for p in told)
    fallen: tuple[tuple[int, ...], ...] = ()
    if 0 < len(base.plan.numbers) <= MOST_NUMBERS:
        whole = sum((bins_of(p.summary) for p in told[1:]), bins_of(told[0].summary))
        fallen = (tuple(places(whole).reshape(-1).tolist()),)
    graded = _graded([p.ledger for p in told])
    nats = stood(graded, base_of(base)) if base.plan.manifold.tells else ()
    return replace(
        use,
        unusual=unusual,
        places=fallen,
        stood=tuple(round(n, 1) for n in nats),
        people=len(graded),
        plan=base.plan.digest,
    )


def added(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    """Both together, place by place; the one that there is."""
    if not one or not other:
        return one or other
    return tuple(a + b for a, b in zip(one, other, strict=False))


def _graded(ledgers: Sequence[Ledger]) -> Ints:
    """(P, 4) rows of each named principal: ordinary, unusual, off, far off."""
    lines: dict[str, Ints] = {}
    for ledger in ledgers:
        tails = np.concatenate([ledger.block(b) for b in _TAILS], axis=1)
        for name, own in zip(ledger.names, np.diff(tails, axis=1, prepend=0)[:, ::-1], strict=True):
            lines[name] = lines[name] + own if name in lines else own
    return np.array([lines[name] for name in sorted(lines)], np.int64).reshape(-1, 4)


_TAILS = (Block.FAR, Block.OFF, Block.UNUSUAL, Block.ROWS)
