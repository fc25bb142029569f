"""Wording: names that others chose, made fit to stand in a sentence.

In    text from events: principals, actions, digests, groups.
Out   the text without control and invisible characters, and short.
Why   who attacks chooses names; a name must not move a cursor, hide itself or drown the sentence.
"""

import unicodedata
from collections.abc import Iterable

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
NO_BASELINE = "no baseline: set one from ordinary days (stanch baseline set)"
"""What most detectors lack first, and the remedy."""
NO_GROUPS = (
    "no group attributes are told: send groups with each answer, then set the baseline again"
)
INSTEAD = "\N{REPLACEMENT CHARACTER}"


def shown(text: str, longest: int = 60) -> str:
    """The text as people may see it."""
    clean = "".join(INSTEAD if unicodedata.category(c) in HIDDEN else c for c in text[:longest])
    return clean + ("..." if len(text) > longest else "")


def listed(names: Iterable[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    every = tuple(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(shown(name) for name in every[:most]) + more


def ordinal(number: int) -> str:
    """The number as a place in a row: 1st, 2nd, 11th."""
    teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
