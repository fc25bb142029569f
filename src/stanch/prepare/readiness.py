"""Readiness: whether an asset could be defended tonight, and what to do about what is lacking.

In    the asset as it is written down, and what is known of its baseline, guards and versions.
Out   one check after the other, each held or not, with a sentence.
Why   what is missing is cheap to mend on a calm day and dear during an incident.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.people import Duty

ANSWERING = frozenset({AssetKind.MODEL, AssetKind.ENDPOINT, AssetKind.AGENT})
"""Kinds that answer somebody, so that a baseline, a guard and a fallback make sense."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known of an asset beside its description."""

    baseline: bool = False
    signed: bool = False
    """Whether the baseline carries a signature."""
    versions: int = 0
    """Versions with a signed baseline: with two there is one to go back to."""
    guards: int = 0
    behind: int = 0
    """Guards that run an older policy than the one in force."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that should be so before it is needed."""

    name: str
    holds: bool
    says: str
    """What is so, or what to do."""


def readiness(asset: Asset, known: Known) -> tuple[Check, ...]:
    """Every check that makes sense for this kind of asset."""
    return tuple(_checks(asset, known))


def _checks(asset: Asset, known: Known) -> Iterator[Check]:
    yield _check("owner", asset.owner, "Somebody owns it.", "Name its owner in the inventory.")
    yield _check(
        "responder",
        Duty.RESPONDER in asset.roles,
        "Somebody is named who responds.",
        "Name who responds: `roles: {responder: ...}` in the inventory.",
    )
    if asset.kind not in ANSWERING:
        return
    yield _check(
        "baseline",
        known.baseline and known.signed,
        "A signed baseline says what is normal.",
        f"`stanch baseline set {asset.id}` learns what is normal and signs it.",
    )
    yield _check(
        "guard",
        known.guards and not known.behind,
        "A guard enforces the policy in force.",
        "A guard is behind the policy in force; look at its log."
        if known.guards
        else "Put a guard in front of it; without one no act takes effect.",
    )
    yield _check(
        "fallback",
        asset.fallback,
        "It is stated what answers in safe mode.",
        "State a `fallback`, so that safe mode has something to answer with.",
    )
    yield _check(
        "earlier version",
        known.versions > 1,
        "There is a signed version to go back to.",
        "Set a baseline for each version, so that there is one to go back to.",
    )


def _check(name: str, holds: object, good: str, lacking: str) -> Check:
    return Check(name=name, holds=bool(holds), says=good if holds else lacking)
