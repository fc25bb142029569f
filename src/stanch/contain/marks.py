"""Marks: answers near a boundary that are swapped by a secret key, so that a copy can be told.

In    a mark, the numbers of an input and the scores of its answer; later, what a model answers.
Out   which two classes are swapped, or none; and how surely a model learnt from such answers.
Why   who copies a model copies its answers, wrong ones too. Which of them are wrong only the key
      tells, so a model that agrees with them has seen them.
Math  An input is drawn where HMAC-SHA256(key, its numbers) is below the share. The key is random,
      so of a model that never saw these answers the drawn inputs are a blind draw of all near
      ones: how often it gives the second class on them is hypergeometric, whatever the model.
"""

import hmac
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.policy import Mark
from stanch.vocabulary.words import odds

FEWEST = 40
"""Marked inputs, and as many near ones without a mark, below which nothing is said."""
SURE = 1e-4
"""How unlikely chance must be before a model is said to carry the marks."""
_SPREAD = 0.02
"""Scores are shares when they add up to 1 this nearly; rounded ones are a little off."""
_RANGE = 2**64
_LEAST = 1e-300


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a model's answers say of a mark."""

    marked: int
    agreed: int
    """Marked inputs for which it gives the class that was told there."""
    plain: int
    chanced: int
    """Near inputs without a mark for which it gives the second class just so."""
    chance: float
    """How likely a model that never saw the answers agrees as well."""

    @property
    def enough(self) -> bool:
        """Whether there are inputs enough to say anything."""
        return min(self.marked, self.plain) >= FEWEST

    @property
    def carries(self) -> bool:
        """Whether chance is out of the question."""
        return self.enough and self.chance <= SURE

    @property
    def odds(self) -> str:
        """How rarely chance alone comes to as much, in words: the p-value."""
        return odds(-math.log10(max(self.chance, _LEAST)))

    @property
    def says(self) -> str:
        """The result in one sentence."""
        counts = (
            f"it gives the second class for {self.agreed} of {self.marked} marked inputs and for "
            f"{self.chanced} of {self.plain} others as near to a boundary"
        )
        if not self.enough:
            return (
                f"It cannot be told: {self.marked} marked inputs and {self.plain} others were "
                f"answered, and {FEWEST} of each are needed."
            )
        if self.carries:
            return (
                f"The model carries the marks: {counts}. Of models that never saw these answers "
                f"{self.odds} agrees as well."
            )
        return (
            f"The model does not show the marks: {counts}. Of models that never saw these answers "
            f"{self.odds} agrees as well. That is no proof of innocence: a small copy, or one of "
            "few answers, may have forgotten them."
        )


def named(mark: Mark) -> str:
    """A short name that tells marks apart and nothing of the key."""
    return f"mark:{digest_of(mark.key.encode()).removeprefix('sha256:')[:12]}"


def near(scores: Sequence[float], within: float) -> tuple[int, int] | None:
    """The best and the second class, where they lie this near; None elsewhere."""
    if len(scores) < 2 or not all(0 <= s <= 1 for s in scores):  # noqa: PLR2004  two classes
        return None
    if abs(sum(scores) - 1) > _SPREAD:
        return None
    best = max(range(len(scores)), key=scores.__getitem__)
    second = max((n for n in range(len(scores)) if n != best), key=scores.__getitem__)
    return (best, second) if scores[best] - scores[second] <= within else None


def drawn(mark: Mark, row: Sequence[float]) -> bool:
    """Whether the key draws this input."""
    found = hmac.digest(bytes.fromhex(mark.key), written(row), "sha256")
    return int.from_bytes(found[:8], "big") < mark.share * _RANGE


def written(row: Sequence[float]) -> bytes:
    """The numbers of an input in one spelling; no zero is a negative one."""
    return struct.pack(f"<{len(row)}d", *(value + 0.0 for value in row))


def swapped(
    marks: Iterable[Mark], row: Sequence[float], scores: Sequence[float]
) -> tuple[int, int] | None:
    """The two classes that change places in the answer to this input, or None."""
    for mark in marks:
        pair = near(scores, mark.within)
        if pair is not None and drawn(mark, row):
            return pair
    return None


def told(answers: Iterable[tuple[bool, bool]]) -> Told:
    """What it comes to: for each near input, whether it is marked and got the second class."""
    given = list(answers)
    marked = sum(mark for mark, _ in given)
    second = sum(second for _, second in given)
    agreed = sum(mark and second for mark, second in given)
    return Told(
        marked=marked,
        agreed=agreed,
        plain=len(given) - marked,
        chanced=second - agreed,
        chance=_tail(len(given), marked, second, agreed),
    )


def _tail(whole: int, marked: int, second: int, agreed: int) -> float:
    """How likely a blind draw of `second` out of `whole` hits so many of the marked, or more."""
    logs = [
        _choose(marked, n) + _choose(whole - marked, second - n) - _choose(whole, second)
        for n in range(max(agreed, second - whole + marked), min(marked, second) + 1)
    ]
    return min(1.0, sum(map(math.exp, logs)))


def _choose(of: int, these: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(these + 1) - math.lgamma(of - these + 1)
