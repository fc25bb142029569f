"""Mixture: whether somebody's counts by grade hold a part of what is foreign, in nats.

In    counts of each principal by grade, from ordinary to strange; the shares of the grades in what
      is usual and in what is foreign.
Out   nats of each principal; the shares of the rest, who tell what everybody does now.
Why   odd combinations and inputs that are asked again are judged alike: a count beyond one border
      sees neither how strange the rest of it is, nor how strange what is usual is.
Math  The likelihood ratio of a mixture, sum n_k log(1 - e + e a_k / b_k), at its largest over the
      shares e of what is foreign: a_k of what is foreign, b_k of the rest, with a tail so many
      times (a taste) as strange. An ordinary count speaks for nobody's guilt.
"""

import numpy as np

from stanch.triage.verdict.nats import TINY
from stanch.triage.verdict.observations import Floats, Ints

TRIM = 0.1
"""The oddest tenth of the principals tells nothing of the rest."""
SHARES = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
"""Shares of what is foreign that are tried."""
PRIOR = 5.0
"""Counts that the usual shares are worth beside those of now."""


def among_others(graded: Ints, usual: Floats, foreign: Floats, taste: float) -> Floats:
    """(P,) the nats of each, against all but the oddest tenth of them."""
    rest = rest_of(graded[quiet(mixed(graded, rest_of(graded, usual), foreign, 1.0))], usual)
    return mixed(graded, rest, foreign, taste)


def quiet(nats: Floats) -> Ints:
    """The places of all but the oddest tenth; of one alone, none."""
    kept = np.argsort(nats, kind="stable")[: len(nats) - max(1, round(TRIM * len(nats)))]
    return kept if len(nats) > 1 else kept[:0]


def rest_of(graded: Ints, usual: Floats) -> Floats:
    """(K,) the shares of these counts, in no tail less than usual."""
    counts = graded.sum(axis=0) + PRIOR * usual
    return shares_of(np.maximum(tails(counts / counts.sum()), tails(usual)))


def mixed(graded: Ints, rest: Floats, foreign: Floats, taste: float) -> Floats:
    """(P,) the log-likelihood ratio at its largest over the shares of what is foreign."""
    above = tails(rest)
    raised = shares_of(np.minimum(above * taste ** (1 - above), 1.0))
    ratio = foreign / np.maximum(raised, TINY)
    ratio[0] = min(ratio[0], 1.0)
    told: Floats = (graded @ np.log1p(np.outer(ratio - 1, SHARES))).max(axis=1)
    return np.maximum(told, 0.0)


def tails(shares: Floats) -> Floats:
    """The share of each grade and all above."""
    told: Floats = shares[::-1].cumsum()[::-1]
    return told


def shares_of(above: Floats) -> Floats:
    """The share of each grade, of which these are the tails."""
    return -np.diff(np.append(above, 0.0))
