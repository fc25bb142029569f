"""Resource abuse: an endpoint or pipeline used far beyond its habit.

In    a Window: how much is used now; earlier windows of the same length (`usage`).
Out   a Finding with the factor and the heaviest users; Blind with too few earlier windows.
Why   stolen keys, a loop in an agent, a miner in a pipeline: the bill is the first to notice.
Math  The use of this window against all earlier ones: with n earlier windows exchangeable with it,
      the chance to be above all of them is at most 1 / (n + 1). That alone would be told about
      monthly, so it must also be `factor` times the highest of them. Cost is judged in the same
      way, apart from the count: few but dear requests. What was usual at this time of day is told.
      A window that still fills can only be under its final count, never over it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import UNIT, Block, Part
from stanch.detect.window import Usage, Window
from stanch.detect.wording import listed, shown
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
from stanch.vocabulary.ids import DetectorId, PrincipalId
from stanch.vocabulary.words import counted

ID = DetectorId("resource_abuse")
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    known: int = 72
    """Earlier windows that make a habit: half a day when one starts every ten minutes."""
    factor: float = 3.0
    """How many times the highest earlier use."""
    least: int = 50
    """Events under which nothing is said."""
    near: timedelta = timedelta(hours=1)
    """How close the time of day must be to count as the same."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding when the events or their cost are far beyond every earlier window."""
    if len(window.usage) < limits.known:
        why = f"{counted(len(window.usage), 'earlier window')}; {limits.known} needed"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    events, cost = used(window)
    factors: dict[str, float] = {}
    if events >= limits.least:
        factors["events"] = _factor(events, [u.events for u in window.usage])
        dear = [u.cost for u in window.usage if u.cost]
        if len(dear) >= limits.known:
            factors["cost"] = _factor(cost, dear)
    beyond = {name: f for name, f in factors.items() if f >= limits.factor}
    if beyond:
        yield _finding(window, events, beyond, limits)


def used(window: Window) -> tuple[int, int]:
    """The events of this window, and what they cost in UNITs."""
    events = window.n + sum(window.record.deeds.values()) + window.record.seen
    cost = int(window.now.sums[Part.COST][0]) if window.now is not None else 0
    return events, cost


def _factor(now: int, earlier: Sequence[int]) -> float:
    """How many times the highest earlier one this is."""
    return now / max(*earlier, 1)


def _alike(usage: Sequence[Usage], at: datetime, near: timedelta) -> tuple[Usage, ...]:
    """The earlier windows at about the same time of day."""
    found: list[Usage] = []
    for one in usage:
        apart = abs(one.start - at) % DAY
        if min(apart, DAY - apart) <= near:
            found.append(one)
    return tuple(found)


def _finding(window: Window, events: int, beyond: dict[str, float], limits: Limits) -> Finding:
    most = max(beyond, key=lambda name: (beyond[name], name))
    now = events if most == "events" else used(window)[1] / UNIT
    past = [u.events if most == "events" else u.cost / UNIT for u in window.usage]
    alike = _alike(window.usage, window.span.start, limits.near)
    suspects = _heaviest(window)
    says = (
        f"{shown(window.asset.name)} was used far beyond habit: {now:,.0f} {most} in "
        f"{_minutes(window)} min, {max(past):,.0f} at most in {len(past)} earlier windows"
    )
    if suspects:
        says += f"; most by {listed(s.principal for s in suspects)}"
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=says + ".",
        measured={f"{n} beyond the highest before": round(f, 2) for n, f in sorted(beyond.items())}
        | {
            "events": float(events),
            "earlier windows": float(len(past)),
            "highest at this time of day": float(max((u.events for u in alike), default=0)),
        },
        because=window.cites or (Cite(kind=CiteKind.ASSET, ref=window.asset.id),),
        strength=round(math.log10(len(past) + 1) + math.log10(beyond[most]), 2),
        suspects=suspects,
        atlas=DETECTOR.atlas,
        points_to={AttackKind.DENIAL_OF_WALLET: 0.6, AttackKind.ACCESS: 0.2},
    )


def _minutes(window: Window) -> int:
    return max(1, round((window.span.end - window.span.start).total_seconds() / 60))


def _heaviest(window: Window) -> tuple[Suspect, ...]:
    """Those with a fifth of the use or more, the heaviest first."""
    uses = _answers(window.ledger) if window.n and window.ledger is not None else {}
    if not uses:
        for deed, n in window.record.deeds.items():
            uses[deed.principal] = uses.get(deed.principal, 0) + n
    total = max(sum(uses.values()), window.n, 1)
    ranked = sorted(uses.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(
        Suspect(principal=PrincipalId(name), share=n / total, confidence=0.5)
        for name, n in ranked[:5]
        if name and n * 5 >= total
    )


def _answers(ledger: Ledger) -> dict[str, int]:
    rows = ledger.block(Block.ROWS)[:, 0]
    return {name: int(n) for name, n in zip(ledger.names, rows, strict=True)}


def _example(usual: int) -> Window:
    ten = timedelta(minutes=10)
    past = tuple(
        Usage(start=examples.START - ten * (k + 2), events=usual + 7 * (k * 13 % 17), cost=0)
        for k in range(300, 0, -1)
    )
    return replace(examples.window(), usage=past)


DETECTOR = Detector(
    id=ID,
    title="Resource abuse",
    reads=(EventKind.INFERENCE, EventKind.EXCHANGE, EventKind.ACCESS, EventKind.TOOL_CALL),
    atlas=("AML.T0034", "AML.T0029"),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(200),
    quiet_on=lambda: _example(1500),
)
