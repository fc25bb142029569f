"""Residuals: labels weighed by how sure the model was of the answers that they contradict.

In    labels of each principal, and those that say wrong, by how sure the model was; the baseline's.
Out   nats of each principal, that some of its labels were turned on answers that were right.
Why   a model that errs in two of five answers errs in those it doubts. Who turns labels turns those
      of sure answers too, and that is seen where the number of wrong ones tells nothing.
Math  An answer of level l is wrong at the rate q_l of the baseline, times what the rest of now err
      more, times `SLACK`. Turned labels are of right answers: level l has the share f_l (1 - q_l)
      of those, so a wrong label there is (1 - q_l) / q_l / sum f (1 - q) times as likely among
      turned ones, and a right one is none. The likelihood ratio of the mixture, at its largest.
"""

import numpy as np
from numpy.typing import NDArray

from stanch.triage.verdict.nats import TINY
from stanch.triage.verdict.observations import Floats, Ints

SLACK = 1.15
"""How much oftener the model may err for one honest principal, at answers it is as sure of."""
TRIM = 0.1
MOST = 0.95
SHARES = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
"""Shares of turned labels that are tried."""
ANOTHER_WORLD = 0.3
"""Where an input moved this far, how sure the model is tells nothing: it never saw such rows."""
PRIOR = 20.0
"""Labels that the baseline's whole rate is worth at one level."""
FEW = 5.0
"""The same of what everybody errs more, for one newcomer."""


def turned(
    told: Ints, usual: Ints, harder: Floats | float, new: NDArray[np.bool_]
) -> Floats | None:
    """(P,) nats of each; None where there are no labels with a level, now or in the baseline.

    `told` (P, 2, L) labels and those that say wrong; `usual` (2, L) the baseline's; `harder` (P,)
    how much more the model errs at what each asks; a newcomer may be as hard as anybody known.
    """
    if not usual[0].sum() or not told[:, 0].sum():
        return None
    whole = usual[1].sum() / usual[0].sum()
    rates: Floats = (usual[1] + PRIOR * whole) / (usual[0] + PRIOR)
    expected, wrong = told[:, 0] @ rates, told[:, 1].sum(axis=1)
    by_chance = (wrong - expected) / np.sqrt(expected + 1)
    kept = np.argsort(by_chance, kind="stable")[: len(told) - max(1, round(TRIM * len(told)))]
    more = max(1.0, float((wrong[kept].sum() + 0.5) / (expected[kept].sum() + 1.0)))
    own = np.broadcast_to(more * np.asarray(harder, np.float64), wrong.shape).copy()
    shown = (wrong + FEW * more) / (expected + FEW)
    own[new] = np.maximum(own[new], shown[~new].max(initial=0.0))
    rate = np.clip(SLACK * own[:, None] * rates, TINY, MOST)
    levels = told[:, 0].sum(axis=0) / told[:, 0].sum()
    ratio = (1 - rate) / rate / ((1 - rate) @ levels)[:, None]
    right = told[:, 0] - told[:, 1]
    said = np.log1p((ratio[:, :, None] - 1) * SHARES)
    nats = np.einsum("pl,ple->pe", told[:, 1], said) + np.outer(right.sum(1), np.log1p(-SHARES))
    best: Floats = np.maximum(nats.max(axis=1), 0.0)
    return best
