"""Model provenance: is what is deployed the model that was trained, signed and registered?

In    a Window: its deployments; the asset's registered digest; verified signatures; earlier
      trainings and deployments (`before`, `history`).
Out   one Finding for each deployment, with all that is wrong with it; Blind when there is nothing
      to compare a deployment with. The same deployed once more is a deed of its own.
Why   swapped weights, a model nobody trained, a release without a signature: all enter here.
How   exact comparison, no statistics. Speaks when the digest
        - is absent or no digest,
        - is not the registered one, though the version is the registered version,
        - is not what the same version was at first,
        - stands under no verified signature (only when signatures are kept),
        - came out of no training run that was seen (only when runs tell their digests),
      or when somebody deploys who never did, once there are `known` earlier deployments by name.
      Things that are wrong add up: their strengths, and the log-odds of what they point to.
      What was deployed before the first run that is known came out of an older one: going back to
      it is a roll-back. Any other digest stays unknown however often it is deployed.
      Whoever wrote to that very version in the window, as the registry's own accesses tell, is a
      suspect beside the deployer: a service that loads what it finds is none.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from types import MappingProxyType

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.detect.wording import listed, ordinal, shown, spoken
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import (
    AttackKind,
    Blind,
    Cite,
    CiteKind,
    Finding,
    Lifecycle,
    Suspect,
)
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import DetectorId, PrincipalId, digest_of, parse_digest, plain_digest
from stanch.vocabulary.trouble import BadName
from stanch.vocabulary.words import counted

ID = DetectorId("model_provenance")
WRITES = ("push*", "upload*", "publish*", "write*", "put*", "overwrite*", "replace*", "update*")
MOST = 50
"""Deployments of one window that are told, the last ones."""
DONE = frozenset({"ok", "success", "succeeded", "allowed", "granted", "done", "200", "201", "204"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How sure each thing makes us, as a power of ten."""

    changed: float = 6.0
    """The digest is not the registered one, or changed under its version."""
    unsigned: float = 4.0
    no_digest: float = 3.0
    untrained: float = 3.0
    stranger: float = 1.0
    """Somebody deployed who never did before."""
    known: int = 5
    """Earlier deployments that make a custom of who deploys."""
    most: float = 8.0
    """What all of it together comes to at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that is wrong with a deployment."""

    name: str
    says: str
    strength: float
    cites: tuple[Cite, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What deployments are compared with."""

    trained: frozenset[str]
    since: datetime
    """When the first of these runs was: what was deployed before came out of older ones."""
    deployed: tuple[Happening, ...]


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for each deployment whose model is not what it should be."""
    known = _known(window)
    now = window.record.of(EventKind.DEPLOYMENT)
    comparable = window.asset.digest or window.signed is not None or known.trained or known.deployed
    if not comparable:
        why = "no registered digest, signature, training run or earlier deployment to compare with"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    elif window.signed is None:
        why = "unsigned models: nobody is named who signs (signers in the inventory)"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    times: dict[tuple[str, str, str], int] = {}
    for at, one in list(enumerate(now))[-MOST:]:
        earlier = replace(known, deployed=(*known.deployed, *now[:at]))
        faults = tuple(_faults(window, one, earlier, limits))
        if faults:
            same = one.version, one.principal, one.what
            times[same] = times.get(same, 0) + 1
            yield _finding(window, one, faults, (times[same], limits))


def _known(window: Window) -> Known:
    ours = {h.event for h in window.record.happenings}
    old = [*window.before.happenings, *(h for h in window.history if h.event not in ours)]
    runs = [h for h in (*old, *window.record.happenings) if h.kind is EventKind.TRAINING]
    past = {h.event: h for h in old if h.kind is EventKind.DEPLOYMENT}
    told = [h for h in runs if _plain(h.facts.get("digest", ""))]
    return Known(
        trained=frozenset(_plain(h.facts["digest"]) for h in told),
        since=min((h.at for h in told), default=window.span.start),
        deployed=tuple(sorted(past.values(), key=lambda h: (h.at, h.event))),
    )


def _plain(digest: str) -> str:
    """The digest as it is compared; empty when it is none."""
    try:
        return parse_digest(plain_digest(digest))
    except BadName:
        return ""


def _faults(window: Window, one: Happening, known: Known, limits: Limits) -> Iterator[Fault]:
    digest, asset = _plain(one.what), window.asset
    if not digest:
        says = f"says {shown(one.what)!r} for a digest" if one.what else "says no digest"
        yield Fault(name="no digest", says=says, strength=limits.no_digest)
        return
    registered = one.version in ("", asset.version)
    if asset.digest and registered and digest != asset.digest:
        yield Fault(
            name="not the registered digest",
            says=f"has the digest {digest[:19]}, {asset.digest[:19]} is registered",
            strength=limits.changed,
            cites=(Cite(kind=CiteKind.ASSET, ref=asset.id),),
        )
    yield from _changed(one, digest, known, limits)
    yield from _stranger(one, known, limits)
    if window.signed is not None and digest not in window.signed:
        yield Fault(
            name="no signature",
            says=f"stands under none of {counted(len(window.signed), 'verified signature')}",
            strength=limits.unsigned,
        )
    older = {_plain(h.what) for h in known.deployed if h.at < known.since} | {asset.digest}
    if known.trained and digest not in known.trained | older:
        yield Fault(
            name="no training run",
            says=f"came out of none of {counted(len(known.trained), 'training run')}",
            strength=limits.untrained,
        )


def _stranger(one: Happening, known: Known, limits: Limits) -> Iterator[Fault]:
    custom = [h.principal for h in known.deployed if h.principal]
    if one.principal and len(custom) >= limits.known and one.principal not in custom:
        says = f"is the first of {len(custom) + 1} deployments by {spoken(one.principal)}"
        yield Fault(name="new deployer", says=says, strength=limits.stranger)


def _changed(one: Happening, digest: str, known: Known, limits: Limits) -> Iterator[Fault]:
    same = [h for h in known.deployed if h.version and h.version == one.version and _plain(h.what)]
    if same and digest != _plain(same[0].what):
        yield Fault(
            name="changed under its version",
            says=f"was {_plain(same[0].what)[:19]} at first under the same version",
            strength=limits.changed,
            cites=(Cite(kind=CiteKind.EVENT, ref=same[0].event),),
        )


WEIGHTS = MappingProxyType(
    {
        "not the registered digest": {
            AttackKind.WEIGHT_TAMPERING: 0.85,
            AttackKind.SUPPLY_CHAIN: 0.6,
        },
        "changed under its version": {AttackKind.WEIGHT_TAMPERING: 0.85, AttackKind.BACKDOOR: 0.5},
        "no signature": {AttackKind.SUPPLY_CHAIN: 0.85, AttackKind.WEIGHT_TAMPERING: 0.5},
        "no training run": {AttackKind.SUPPLY_CHAIN: 0.75, AttackKind.WEIGHT_TAMPERING: 0.5},
        "no digest": {AttackKind.SUPPLY_CHAIN: 0.6},
        "new deployer": {AttackKind.SUPPLY_CHAIN: 0.7},
    }
)


def _finding(
    window: Window, one: Happening, faults: tuple[Fault, ...], told: tuple[int, Limits]
) -> Finding:
    version, principal = one.version, one.principal
    time, limits = told
    by_name = {fault.name: fault for fault in faults}
    odds: dict[AttackKind, float] = {}
    for name in by_name:
        for kind, weight in WEIGHTS[name].items():
            odds[kind] = odds.get(kind, 0.0) + math.log(weight / (1 - weight))
    points = {kind: round(1 / (1 + math.exp(-total)), 4) for kind, total in odds.items()}
    what = f"Version {shown(version)}" if version else "A version without a name"
    who = f", deployed by {spoken(principal)}" if principal else ", deployed by nobody named"
    who += f" for the {ordinal(time)} time" if time > 1 else ""
    cites = dict.fromkeys((Cite(kind=CiteKind.EVENT, ref=one.event),))
    cites |= dict.fromkeys(c for fault in faults for c in fault.cites)
    says = "; it ".join(fault.says for fault in by_name.values())
    wrote = _wrote(window.record, version) - {principal} if "changed" in " ".join(by_name) else ()
    if wrote:
        who += f", written by {listed(sorted(wrote))}"
    suspects = sorted({principal, *wrote} - {""})
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=version,
        window=window.span,
        says=f"{what} of {shown(window.asset.name)}{who}: it {says}.",
        measured=dict.fromkeys(sorted(by_name), 1.0) | {"deployments": float(time)},
        because=tuple(cites),
        lifecycle=Lifecycle.DEPLOYMENT,
        strength=min(sum(f.strength for f in by_name.values()), limits.most),
        suspects=tuple(
            Suspect(principal=PrincipalId(n), share=round(1 / len(suspects), 4), confidence=0.8)
            for n in suspects
        ),
        topic=" ".join(filter(None, (version, _plain(one.what)))),
        deeds=(one.event,),
        atlas=DETECTOR.atlas,
        points_to=points,
    )


def _wrote(record: Record, version: str) -> set[str]:
    """Who wrote to this version, by the accesses of the window."""
    return {
        deed.principal
        for deed in record.deeds
        if deed.kind is EventKind.ACCESS
        and version
        and deed.outcome.lower() in DONE
        and any(fnmatchcase(deed.action.lower(), pattern) for pattern in WRITES)
        and version in re.split(r"[/:@#?&=\s]+", deed.resource)
    }


def _example(deployed: bytes) -> Window:
    good = digest_of(b"good weights")
    minute = timedelta(minutes=1)
    trained = Happening(
        at=examples.START - 60 * minute,
        event="evt-train",
        kind=EventKind.TRAINING,
        principal="pipeline",
        what="run-7",
        facts={"run": "run-7", "digest": good},
    )
    deployment = Happening(
        at=examples.START + minute,
        event="evt-deploy",
        kind=EventKind.DEPLOYMENT,
        principal="release-bot",
        version="v7",
        what=digest_of(deployed),
    )
    return replace(
        examples.nothing_seen(),
        asset=replace(examples.asset(), version="v7", digest=good),
        record=Record(happenings=(deployment,), seen=1),
        history=(trained,),
        signed={good: "release key"},
    )


DETECTOR = Detector(
    id=ID,
    title="Model provenance",
    reads=(EventKind.DEPLOYMENT,),
    atlas=("AML.T0018", "AML.T0010.003"),
    lifecycle=Lifecycle.DEPLOYMENT,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(b"other weights"),
    quiet_on=lambda: _example(b"good weights"),
)
