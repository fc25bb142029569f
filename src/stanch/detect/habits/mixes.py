"""Mixes: how often labels contradict the answers of somebody who asks about other things.

In    the ledger of the baseline's people; the labels and contradictions of each contributor now.
Out   the share of contradictions to expect of each contributor, in each pair of classes.
Why   who asks about late flights mostly has more late ones among those that the model calls in
      time, without any lie. It shows when the model grows worse; and when a unit breaks and nearly
      everything is called a fraud, who has few frauds contradicts nearly every answer.
Math  How a model errs, P(answer a | truth b), is the same for everybody; what is asked differs, by
      P(b). So P(b | a) of one is P(b | a) of the others, times the share of b in one's own labels
      over its share in theirs, made to add up to one (Bayes). Own shares are of the labels in the
      baseline: those of now may be lies. What is not certain there is in favour of the judged: b is
      taken as frequent, and a as rare, as those labels allow. Who was not there in the baseline is
      taken to ask as the others do.
"""

from dataclasses import dataclass

import numpy as np

from stanch.detect.habits.shares import ERRORS
from stanch.detect.summaries.arrays import Flags, Floats, Ints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Block

KNOWN = 30
"""Labels in the baseline from which somebody's mix is known."""
FEW = 3
"""People whose mix is known who make a custom."""
_LEAST = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Mixes:
    """The share of each class (A) in the own labels of each (P), over its share in the others'."""

    seldom: Floats
    """(P, A) as low as its labels in the baseline allow."""
    often: Floats
    """(P, A) as high."""


def mixes_of(
    names: tuple[str, ...], labels: Ints, habits: Ledger | None, kept: list[int]
) -> Mixes | None:
    """What is known of contributors with so many labels now; None when too few people had any.

    `kept` are the classes' places in the ledger's blocks.
    """
    if habits is None:
        return None
    guessed, missed, given = (
        habits.block(b)[:, kept].astype(float) for b in (Block.GUESSED, Block.MISSED, Block.GIVEN)
    )
    total = guessed.sum(axis=1)
    there: Flags = total >= KNOWN
    if there.sum() < FEW:
        return None
    size = np.maximum(total, 1.0)[:, None]
    share = (guessed - missed + given + 0.5) / (size + 0.5 * len(kept))
    places = {name: at for at, name in enumerate(habits.names) if there[at]}
    lines = np.array([places.get(name, -1) for name in names])
    own = np.where((lines >= 0)[:, None], share[lines], share[there].mean(axis=0))
    error = ERRORS * np.sqrt(share * (1 - share) / size)[lines]
    error = np.where((lines >= 0)[:, None], error, 0.0)
    others = _others(own, labels)
    others = np.where((lines >= 0)[:, None], others, own)
    return Mixes(
        seldom=np.maximum(own - error, own / 2) / others,
        often=np.minimum(own + error, 1.0) / others,
    )


def expected(mixes: Mixes, rows: Ints, odd: Ints, usual: Floats) -> Floats:
    """(P, A, B) the share of labels b to expect on the answers a of each contributor.

    `rows` (P, A) are its labels on each answer, `odd` (P, A, B) those of them that name another
    class; `usual` (A, B) is the share of these in the baseline.
    """
    rest = np.maximum(rows.sum(axis=0) - rows, 1)[:, :, None]
    here = np.maximum((odd.sum(axis=0) - odd) / rest, usual)
    wrong = here * mixes.often[:, None, :]
    right = np.maximum(1 - here.sum(axis=2), 0.0) * mixes.seldom
    found: Floats = wrong / np.maximum(wrong.sum(axis=2) + right, _LEAST)[:, :, None]
    return found


def _others(own: Floats, labels: Ints) -> Floats:
    """(P, A) the shares of all the others together."""
    weight = labels[:, None].astype(float)
    rest: Floats = (weight * own).sum(axis=0) - weight * own
    return np.maximum(rest / np.maximum(weight.sum() - weight, 1.0), _LEAST)
