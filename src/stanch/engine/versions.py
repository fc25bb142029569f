"""Versions: what is known of each version of an asset, and of how versions moved lately.

In    baselines, the history of deployments and trainings, findings, past policies.
Out   each version with who vouches for it and whether it is suspect; the last moves.
Why   the quickest cure is the version before; the worst is a version that is the attack itself. A
      version is vouched for by a signature over the digest it was deployed with, where the asset
      names signers; elsewhere by its signed baseline or by the training run that made it. It is
      suspect when a finding is about what it is or does, when a suspect deployed it, or when one
      name stood for two digests. How somebody asks says nothing about the version that answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from stanch.contain.going_back import CALM
from stanch.contain.known import Known, Version
from stanch.engine.automatic import SURE
from stanch.engine.ports import Transaction
from stanch.engine.watch.memory import history_of
from stanch.engine.watch.signatures import signed
from stanch.triage.causes import OF_PEOPLE, family_of
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import AssetId, plain_digest
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.kept import PolicyVersion

FIRST_LOOK = 20
"""Past policies in which the last move is looked for at first; more, where they came so fast that
an older move would still be a recent one."""


def known_of(
    tx: Transaction,
    about: tuple[Incident, Asset],
    findings: Iterable[Finding],
    siblings: tuple[AssetId, ...],
) -> Known:
    """All that is known for acts on this asset."""
    incident, asset = about
    history = history_of(tx, asset.id)
    named = {str(s.principal) for s in incident.suspects if s.confidence >= SURE}
    bad = {f.version for f in findings if f.asset == asset.id and _blames(f)}
    deployed = [h for h in history if h.kind is EventKind.DEPLOYMENT and h.version]
    bad |= {h.version for h in deployed if h.principal in named}
    bad |= _two_digests(deployed)
    vouched = _vouched(tx, asset, history)
    versions = [
        Version(
            version=version,
            signed=vouched.get(version) == "signed",
            made=vouched.get(version) == "made",
            suspect=version in bad,
            good_since=_first(deployed, version) or _baseline(tx, asset, version),
        )
        for version in sorted({*vouched, *bad, *(h.version for h in deployed)})
    ]
    return Known(
        versions=tuple(versions),
        siblings=siblings,
        moved=_moved(tx, asset.id),
        rollout=max((h.at for h in deployed if h.version not in bad), default=None),
    )


def last_good(known: Known, before: datetime) -> str:
    """The newest trusted version that served before this moment; empty when there is none."""
    good = [
        v
        for v in known.versions
        if known.trusted(v.version) and v.good_since is not None and v.good_since < before
    ]
    return max(good, key=lambda v: (v.good_since, v.version)).version if good else ""


def _blames(finding: Finding) -> bool:
    """Whether this speaks against the version that it was seen with."""
    return bool(finding.version) and family_of(finding) not in OF_PEOPLE


def _two_digests(deployed: Iterable[Happening]) -> set[str]:
    """Versions whose name stood for more than one digest."""
    digests: dict[str, set[str]] = {}
    for one in deployed:
        digests.setdefault(one.version, set()).add(plain_digest(one.what))
    return {version for version, found in digests.items() if len(found) > 1}


def _vouched(tx: Transaction, asset: Asset, history: tuple[Happening, ...]) -> Mapping[str, str]:
    """Who vouches for each version: `signed` or `made`."""
    deployed = {h.version: plain_digest(h.what) for h in history if _is_deployment(h)}
    signatures = signed(asset, history)
    if signatures is not None:
        return {v: "signed" for v, digest in deployed.items() if digest in signatures}
    runs = {
        plain_digest(h.facts.get("digest", "")) for h in history if h.kind is EventKind.TRAINING
    }
    made = {v: "made" for v, digest in deployed.items() if digest and digest in runs}
    kept = tx.baselines.history(asset.id)
    return made | {b.version: "signed" for b in kept if b.version and b.signature}


def _is_deployment(one: Happening) -> bool:
    return one.kind is EventKind.DEPLOYMENT and bool(one.version)


def _first(deployed: Iterable[Happening], version: str) -> datetime | None:
    return min((h.at for h in deployed if h.version == version), default=None)


def _baseline(tx: Transaction, asset: Asset, version: str) -> datetime | None:
    return max(
        (b.set for b in tx.baselines.history(asset.id) if b.version == version), default=None
    )


def _moved(tx: Transaction, asset: AssetId) -> datetime | None:
    """When the policy last changed which version answers; None where that is long over."""
    many = FIRST_LOOK
    while True:
        past = tx.policies.history(asset, limit=many)
        found = _move(past)
        if found is not None or len(past) < many or past[0].at - past[-1].at > CALM:
            return found
        many *= 4


def _move(past: Sequence[PolicyVersion]) -> datetime | None:
    """The latest move among these, which come newest first."""
    for newer, older in pairwise(past):
        if newer.policy.route != older.policy.route:
            return newer.at
    first = past[-1] if past and past[-1].version == 1 else None
    return first.at if first is not None and first.policy.route else None
