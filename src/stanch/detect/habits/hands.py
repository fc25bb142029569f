"""Hands: who brought certain rows for training, and what a finding on such rows rests on.

In    the rows that were handed in, which of them are odd, how often an honest row is.
Out   suspects, citations, and why such rows cannot be judged.
Why   one odd row in a hundred is an accident. A hand is named when so many of its rows are odd as
      an honest one's are at most once in a hundred windows in which somebody's are (`NAMED`).
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping

from stanch.detect.habits.tails import beta_binomial
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.handed import NOBODY, Handed
from stanch.detect.window import Baseline
from stanch.detect.wording import NO_BASELINE
from stanch.vocabulary.finding import Cite, CiteKind, Suspect
from stanch.vocabulary.ids import PrincipalId

NAMED = 0.01
MOST_CITED = 50


def unfit(rows: Handed | None, base: Baseline | None) -> str:
    """Why rows that were handed in cannot be judged; empty when they can, or there are none."""
    if base is None:
        return NO_BASELINE
    if not base.plan.classes:
        return "the answers are numbers, not classes"
    if rows is not None and not (rows.said >= 0).any():
        return "rows are handed in without what the model in service says of them"
    return ""


def hands_of(
    rows: Handed, odd: Ints, brought: Mapping[str, int], usual: float
) -> tuple[Suspect, ...]:
    """Whose the odd rows are; of `brought` rows of each hand this share is odd at most."""
    need = math.log10(NAMED / max(len(rows.brought), 1))
    each = Counter(rows.by[i] for i in odd.tolist())
    return tuple(
        Suspect(principal=PrincipalId(name), share=round(n / len(odd), 4), confidence=0.9)
        for name, n in sorted(each.items(), key=lambda one: (-one[1], one[0]))
        if name != NOBODY and beta_binomial(n, brought[name], usual, 0.0) <= need
    )


def cites_of(rows: Handed, odd: Ints, base: Baseline) -> Iterator[Cite]:
    """The rows one by one, as far as a person reads, and the counts."""
    for row in odd[:MOST_CITED].tolist():
        yield Cite(kind=CiteKind.EVENT, ref=rows.events[row])
    yield Cite(kind=CiteKind.SUMMARY, ref=rows.digest)
    yield Cite(kind=CiteKind.BASELINE, ref=base.digest)
