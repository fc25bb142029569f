"""Dataset integrity: is a dataset what it was said to be, from where it always came?

In    a Window: its dataset events; the asset's registered digest; verified signatures; earlier
      dataset events (`before`, `history`).
Out   one Finding for each dataset, person and minute with all that is wrong; Blind when there is
      nothing to compare with. The same done again later is a deed of its own.
Why   a poisoned, swapped or cut dataset is cheapest to stop before anything is trained on it.
How   Exact comparison: the digest against the registered one, against the same version before, and
      against verified signatures; a check that failed at its source (`outcome`).
      The origin against all earlier ones, once there are `known` of them.
      The rows against earlier changes: the jump in log rows must be beyond every earlier jump (by
      exchangeability at most one time in n + 1), `far` times their median and a factor `jump`.
"""

import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from types import MappingProxyType

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.detect.wording import listed, shown, spoken
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
from stanch.vocabulary.ids import DetectorId, PrincipalId, digest_of, plain_digest
from stanch.vocabulary.words import counted

ID = DetectorId("dataset_integrity")
FAILED = ("mismatch", "failed", "invalid", "tampered", "unsigned", "corrupt")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks, and how sure each thing makes us, as a power of ten."""

    known: int = 5
    """Earlier changes that make a custom."""
    jump: float = 1.5
    """The factor in rows, up or down, that still does not matter."""
    far: float = 3.0
    """How often the median of earlier jumps."""
    changed: float = 6.0
    failed: float = 5.0
    unsigned: float = 4.0
    origin: float = 2.0
    rows: float = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that is wrong with a dataset."""

    name: str
    says: str
    strength: float
    measured: float = 1.0


WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "not the registered digest": 0.8,
        "changed under its version": 0.75,
        "failed check": 0.7,
        "no signature": 0.5,
        "new origin": 0.5,
        "rows jump": 0.4,
    }
)


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for each dataset and person, and each minute in which they changed it."""
    ours = {h.event for h in window.record.happenings}
    past = {h.event: h for h in (*window.history, *window.before.happenings)}
    earlier = [h for h in past.values() if h.kind is EventKind.DATASET and h.event not in ours]
    now = window.record.of(EventKind.DATASET)
    if not earlier and not now and window.asset.digest is None:
        why = "no dataset event was ever told, and no digest is registered"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    if len(earlier) < limits.known and not window.asset.digest and window.signed is None:
        had = counted(len(earlier), "earlier change")
        why = f"{had}; {limits.known} needed without digest or signature"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    told: dict[tuple[str, str, datetime], list[tuple[Happening, Fault]]] = {}
    for at, one in enumerate(now):
        before = sorted((*earlier, *now[:at]), key=lambda h: (h.at, h.event))
        same = [h for h in before if _name(h) == _name(one)]
        for fault in _faults(window, one, same, limits):
            minute = one.at.replace(second=0, microsecond=0)
            told.setdefault((_name(one), one.principal, minute), []).append((one, fault))
    for (name, principal, _), faults in sorted(told.items()):
        yield _finding(window, name, principal, faults)


def _name(one: Happening) -> str:
    """Which dataset: its name, or nothing for the asset itself."""
    return one.facts.get("dataset", "")


def _faults(
    window: Window, one: Happening, same: list[Happening], limits: Limits
) -> Iterator[Fault]:
    yield from _digests(window, one, same, limits)
    if any(word in one.outcome.lower() for word in FAILED):
        says = f"its check at the source ended as {shown(one.outcome)!r}"
        yield Fault(name="failed check", says=says, strength=limits.failed)
    origin = one.facts.get("origin", "")
    origins = [h.facts["origin"] for h in same if h.facts.get("origin")]
    if len(origins) >= limits.known and origin not in origins:
        says = f"it comes from {shown(origin)!r}" if origin else "it does not say where it is from"
        yield Fault(
            name="new origin",
            says=f"{says}, {len(origins)} earlier changes came from {listed(sorted(set(origins)))}",
            strength=limits.origin,
        )
    yield from _jump(one, same, limits)


def _digests(
    window: Window, one: Happening, same: list[Happening], limits: Limits
) -> Iterator[Fault]:
    asset, digest = window.asset, plain_digest(one.what)
    own = not _name(one) or _name(one) == asset.id
    if own and asset.digest and one.version in ("", asset.version) and digest != asset.digest:
        says = f"its digest is {shown(digest[:19])}, {asset.digest[:19]} is registered"
        yield Fault(name="not the registered digest", says=says, strength=limits.changed)
    twins = [plain_digest(h.what) for h in same if one.version and h.version == one.version]
    if twins and digest not in twins:
        says = f"version {shown(one.version)} had the digest {shown(twins[-1][:19])} before"
        yield Fault(name="changed under its version", says=says, strength=limits.changed)
    if window.signed is not None and digest not in window.signed:
        says = f"it stands under none of {counted(len(window.signed), 'verified signature')}"
        yield Fault(name="no signature", says=says, strength=limits.unsigned)


def rows_of(one: Happening) -> float:
    """How many rows the event tells; 0 when it tells none, or no number."""
    try:
        rows = float(one.facts.get("rows", "0"))
    except ValueError:
        return 0.0
    return rows if math.isfinite(rows) and rows > 0 else 0.0


def _jump(one: Happening, same: list[Happening], limits: Limits) -> Iterator[Fault]:
    sizes = [n for h in same if (n := rows_of(h))]
    rows = rows_of(one)
    jumps = [abs(math.log(b / a)) for a, b in pairwise(sizes)]
    if not rows or len(jumps) < limits.known:
        return
    own = abs(math.log(rows / sizes[-1]))
    usual = statistics.median(jumps)
    if own > max(*jumps, limits.far * usual, math.log(limits.jump)):
        yield Fault(
            name="rows jump",
            says=f"its rows went from {sizes[-1]:.0f} to {rows:.0f}, more than in any of "
            f"{len(jumps)} earlier changes",
            strength=limits.rows,
            measured=rows / sizes[-1],
        )


def _finding(
    window: Window, name: str, principal: str, faults: list[tuple[Happening, Fault]]
) -> Finding:
    by_name = {fault.name: fault for _, fault in faults}
    cites = dict.fromkeys(Cite(kind=CiteKind.EVENT, ref=h.event) for h, _ in faults)
    says = "; ".join(fault.says for fault in by_name.values())
    who = f", changed by {spoken(principal)}," if principal else ""
    what = f"Dataset {spoken(name)}" if name else f"Dataset {shown(window.asset.name)}"
    poisoning = max(WEIGHTS[n] for n in by_name)
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version="",
        window=window.span,
        says=f"{what}{who} is not what it was: {says}.",
        measured={n: round(f.measured, 4) for n, f in sorted(by_name.items())},
        because=(*cites, Cite(kind=CiteKind.ASSET, ref=window.asset.id)),
        lifecycle=Lifecycle.TRAINING,
        strength=max(f.strength for f in by_name.values()),
        suspects=(Suspect(principal=PrincipalId(principal), share=1.0, confidence=0.7),)
        if principal
        else (),
        topic=name,
        deeds=(faults[0][0].event,),
        atlas=DETECTOR.atlas,
        points_to={
            AttackKind.POISONING: poisoning,
            AttackKind.SUPPLY_CHAIN: min(0.6, poisoning)
            if by_name.keys() & {"new origin", "no signature", "not the registered digest"}
            else 0.2,
        },
    )


def _change(day: int, *, rows: int, origin: str) -> Happening:
    return Happening(
        at=examples.START + timedelta(days=day),
        event=f"evt-data-{day}",
        kind=EventKind.DATASET,
        principal="loader",
        version=f"day-{day}",
        what=digest_of(f"day {day}".encode()),
        facts={"rows": str(rows), "origin": origin},
    )


def _example(rows: int, origin: str) -> Window:
    house = "s3://house/loans"
    past = tuple(_change(d - 10, rows=10_000 + 150 * d, origin=house) for d in range(10))
    now = Record(happenings=(_change(0, rows=rows, origin=origin),), seen=1)
    return replace(examples.nothing_seen(), record=now, history=past)


DETECTOR = Detector(
    id=ID,
    title="Dataset integrity",
    reads=(EventKind.DATASET,),
    atlas=("AML.T0020", "AML.T0010.002"),
    lifecycle=Lifecycle.TRAINING,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(31_000, "ftp://elsewhere/loans"),
    quiet_on=lambda: _example(11_600, "s3://house/loans"),
)
