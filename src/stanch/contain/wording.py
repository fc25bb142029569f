"""Wording: lists of names in a sentence about a policy."""

from collections.abc import Iterable

from stanch.vocabulary.spoken import LONGEST, several, spoken

SHOWN = 5
"""Names in a sentence; the rest are counted."""


def names(given: Iterable[str]) -> str:
    """A few names in order, and how many more there are."""
    return several((spoken(one, LONGEST) for one in sorted(map(str, given))), SHOWN)


def phrases(given: Iterable[str]) -> str:
    """The same of what is fit for a sentence already."""
    return several(sorted(given), SHOWN)


def sentences(*said: tuple[str, Iterable[str]]) -> str:
    """Each sentence with its names in it, but those without a name."""
    listed = ((sentence, list(some)) for sentence, some in said)
    return " ".join(sentence.format(names(some)) for sentence, some in listed if some)
