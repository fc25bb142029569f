"""Searches: whether somebody asks nearly the same again and again, or everybody does.

In    different inputs by whether they hardly differ from earlier ones of the same principal (from
      none, one, several), now and in the baseline.
Out   nats of each principal, and of all inputs together; how many inputs that is about.
Why   inputs in a heap do not come one by one: who asks one thing three times has three in a heap,
      and chance does that as often as it does one. So a border has to be so high that a search of
      seven inputs stays under it. What counts is how often somebody asks again: the fourth time is
      stranger than the second.
Math  `mixture`, of a search that asks four times around each input with what the rest do now, no
      less than in the baseline. One may do it twice as often as the rest, everybody half more than
      in the baseline.
"""

from dataclasses import dataclass

import numpy as np

from stanch.triage.verdict.mixture import among_others, mixed
from stanch.triage.verdict.nats import TASTE, TOLERANCE, surplus_of
from stanch.triage.verdict.observations import Base, Floats, Now

SEARCH = np.array([0.25, 0.25, 0.5])
"""Of the inputs of a search: the first around each, the second, those after it."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Searching:
    """How much is asked nearly again."""

    each: Floats
    """(P,) nats of each principal."""
    surplus: Floats
    """(P,) inputs of each beyond what the rest ask again."""
    whole: float
    """Nats of all inputs together."""


def searching(now: Now, base: Base) -> Searching | None:
    """What inputs that hardly differ tell; None where they were not counted."""
    if now.again is None or base.again is None:
        return None
    inputs, again = now.again.sum(axis=1), now.again[:, 1:].sum(axis=1)
    whole = now.again.sum(axis=0, keepdims=True)
    return Searching(
        each=among_others(now.again, base.again, SEARCH, TASTE),
        surplus=surplus_of(again, inputs, float(base.again[1:].sum())),
        whole=float(mixed(whole, base.again, SEARCH, TOLERANCE)[0]),
    )
