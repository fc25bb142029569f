"""Causes: which kinds of attack can be one and the same thing done by somebody.

In    findings with the kinds of attack they point to.
Out   the family of a finding, and whether two families can share a cause.
Why   a copied model and a stolen threshold look alike while they happen; a poisoned dataset and a
      backdoor are one deed. Findings of one family on one asset belong together; an entry by
      stolen credentials belongs to whatever it was used for.
"""

from collections.abc import Iterable
from enum import StrEnum
from types import MappingProxyType

from stanch.vocabulary.finding import AttackKind, Finding
from stanch.vocabulary.incident import VerdictKind


class Family(StrEnum):
    """Kinds of attack that one deed shows at the same time."""

    QUERIES = "queries"
    MAKING = "making"
    PROMPTS = "prompts"
    COST = "cost"
    ENTRY = "entry"
    HARM = "harm"
    PLAIN = "plain"
    """A change that points to no attack by itself."""


FAMILY = MappingProxyType(
    {
        AttackKind.EXTRACTION: Family.QUERIES,
        AttackKind.EVASION: Family.QUERIES,
        AttackKind.THRESHOLD_PROBING: Family.QUERIES,
        AttackKind.MEMBERSHIP_INFERENCE: Family.QUERIES,
        AttackKind.POISONING: Family.MAKING,
        AttackKind.BACKDOOR: Family.MAKING,
        AttackKind.WEIGHT_TAMPERING: Family.MAKING,
        AttackKind.SUPPLY_CHAIN: Family.MAKING,
        AttackKind.PROMPT_INJECTION: Family.PROMPTS,
        AttackKind.DENIAL_OF_WALLET: Family.COST,
        AttackKind.ACCESS: Family.ENTRY,
        AttackKind.FAIRNESS_HARM: Family.HARM,
    }
)
"""The family of each kind of attack."""

ASKING = frozenset(k for k, f in FAMILY.items() if f in (Family.QUERIES, Family.COST))
"""Kinds that show in how somebody asks; a few questions may look like any of them."""
OF_PEOPLE = frozenset({Family.QUERIES, Family.PROMPTS, Family.COST, Family.ENTRY})
"""Families of what somebody did with a model, whichever version answered."""
INNOCENT = frozenset({VerdictKind.NATURAL, VerdictKind.FAULT})

_TOGETHER = frozenset(
    {
        frozenset({Family.ENTRY, Family.QUERIES}),
        frozenset({Family.ENTRY, Family.MAKING}),
        frozenset({Family.ENTRY, Family.PROMPTS}),
        frozenset({Family.ENTRY, Family.COST}),
        frozenset({Family.QUERIES, Family.COST}),
        frozenset({Family.PROMPTS, Family.COST}),
        frozenset({Family.MAKING, Family.HARM}),
    }
)


CLEAR = 0.5
"""A finding that speaks for a kind of attack less than this may as well be plain change."""


def family_of(finding: Finding) -> Family:
    """The family this finding points to most; plain when it points nowhere clearly."""
    if not finding.points_to:
        return Family.PLAIN
    top = max(sorted(finding.points_to), key=lambda kind: finding.points_to[kind])
    return FAMILY[top] if finding.points_to[top] >= CLEAR else Family.PLAIN


def instead(now: Iterable[str], before: Iterable[str]) -> bool:
    """Whether what is believed now takes the place of what was believed before.

    Ways of asking are told from each other late, and no attack is none. What was done to data, to
    a release or with a key stays true beside what it was for.
    """
    new, old = set(now), set(before)
    if new & INNOCENT or old <= INNOCENT:
        return True
    return bool(new & ASKING) and old <= ASKING


def compatible(one: Family, other: Family) -> bool:
    """Whether one cause can show as both."""
    return one is other or Family.PLAIN in (one, other) or frozenset({one, other}) in _TOGETHER
