"""Wording: lists of names in a sentence about a policy."""

from collections.abc import Iterable

SHOWN = 5
"""Names in a sentence; the rest are counted."""


def names(given: Iterable[str]) -> str:
    """A few names in order, and how many more there are."""
    ordered = sorted(map(str, given))
    more = len(ordered) - SHOWN
    return ", ".join(ordered[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def sentences(*said: tuple[str, Iterable[str]]) -> str:
    """Each sentence with its names in it, but those without a name."""
    listed = ((sentence, list(some)) for sentence, some in said)
    return " ".join(sentence.format(names(some)) for sentence, some in listed if some)
