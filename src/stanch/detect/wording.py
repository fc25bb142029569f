"""Wording: what detectors say alike.

Names that others chose are made fit for a sentence by `vocabulary/spoken.py`.
"""

from stanch.vocabulary.spoken import listed, several, shown, spoken

__all__ = ["NO_BASELINE", "NO_GROUPS", "listed", "ordinal", "several", "shown", "spoken"]

NO_BASELINE = "no baseline: set one from ordinary days (stanch baseline set)"
"""What most detectors lack first, and the remedy."""
NO_GROUPS = (
    "no group attributes are told: send groups with each answer, then set the baseline again"
)


def ordinal(number: int) -> str:
    """The number as a place in a row: 1st, 2nd, 11th."""
    teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
