"""Condition mix: answers shift from one condition of operation to another.

In    a Window on all conditions of an asset: answers by condition, of all versions together, now
      and in the baseline.
Out   a Finding that names the condition that grew most, and who has most of its answers; Blind
      without a baseline, without rows, or when the baseline does not tell the mix.
Why   a region that falls silent or a channel that floods is news of its own, and it would look like
      a drift of everything. Whoever claims to be of another condition moves the mix, too.
Math  Bets on each condition's share (`alarms.bets`) over the answers of the window, as an e-value:
      it exceeds 10^`evidence` under an unchanged mix with a chance of 10^-`evidence`, however often
      the window is looked at while it fills. The reference is the mix of these hours of the week,
      where the baseline has them. The distance is the total variation. A version that is rolled out
      in one region first moves no mix, so versions are added up.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.bets import Table, log_bets, weights
from stanch.detect.alarms.watch import log_mean
from stanch.detect.detector import Detector
from stanch.detect.mixture import distance
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Block
from stanch.detect.window import Window
from stanch.detect.wording import NO_BASELINE, shown, spoken
from stanch.vocabulary.asset import Conditions
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("condition_mix")
MOST = 0.5
"""Of a condition's answers, what one principal has who is named in passing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 200
    """Answers in the window."""
    distance: float = 0.05
    """The distance of two mixes that still does not matter."""
    evidence: float = 6.0
    """Against chance, as a power of ten."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for the mix; nothing of one condition, or of an asset that has only one."""
    told, base = window.asset.conditions, window.baseline
    if told is None or window.condition:
        return
    rows = sum(window.mix_of_all.values())
    why = ""
    if base is None:
        why = NO_BASELINE
    elif not base.mix:
        why = "the baseline was set before the conditions were named; set it again"
    elif rows < limits.enough:
        why = f"{rows} answers; {limits.enough} needed"
    if why or base is None:
        yield Blind(detector=ID, asset=window.asset.id, version=window.version, why=why)
        return
    then = base.mix_then or base.mix
    strength = _evidence(_counts(window.mix_of_all, told), _counts(then, told))
    if distance(window.mix_of_all, then) >= limits.distance and strength >= limits.evidence:
        yield _finding(window, told, then, strength)


def _counts(mix: Mapping[str, int], told: Conditions) -> Ints:
    """(1, C) answers of each condition; of names that the owner took back, with the others."""
    known = [mix.get(name, 0) for name in told.values]
    return np.array([[*known, sum(mix.values()) - sum(known)]], np.int64)


def _evidence(now: Ints, then: Ints) -> float:
    """How much one mix speaks against the other, as a power of ten."""
    here, there = (Table(members=("mix",), counts=c, ordered=False) for c in (now, then))
    share = weights(bins=now.shape[1], ordered=False)
    return float(log_mean(log_bets(here, there), share)[0]) / math.log(10)


def _finding(window: Window, told: Conditions, then: Mapping[str, int], strength: float) -> Finding:
    mix = window.mix_of_all
    rows, of = sum(mix.values()), sum(then.values())
    shares = {n: (then.get(n, 0) / of, mix.get(n, 0) / rows) for n in told.every}
    grew = max(told.every, key=lambda name: shares[name][1] - shares[name][0])
    before, now = shares[grew]
    return Finding(
        detector=ID,
        asset=window.asset.id,
        window=window.span,
        says=f"The mix of conditions moved: {shown(told.field)} {shown(grew)} has {now:.0%} of "
        f"{rows} answers, {before:.0%} in the baseline{_whose(window.under.get(grew))}.",
        measured={f"share of {n}": round(share, 4) for n, (_, share) in shares.items()}
        | {"distance of the mixes": round(distance(mix, then), 4)},
        because=window.cites,
        strength=round(strength, 2),
        topic=f"mix {grew}",
    )


def _whose(ledger: Ledger | None) -> str:
    """Who alone has most of these answers, as the end of the sentence."""
    if ledger is None or not ledger.names:
        return ""
    rows = ledger.block(Block.ROWS)[:, 0]
    most, all_ = int(rows.argmax()), max(ledger.n, 1)
    share = float(rows[most]) / all_
    return f"; {share:.0%} of them are of {spoken(ledger.names[most])}" if share >= MOST else ""


def _example(*mix: int) -> Window:
    seen, told = examples.window(), examples.CONDITIONS
    usual = dict(zip(told.every, (5000, 3000, 1900, 100), strict=True))
    base = replace(seen.baseline, mix=usual) if seen.baseline is not None else None
    now = dict(zip(told.every, mix, strict=True))
    return replace(seen, baseline=base, mix=now, mix_of_all=now)


DETECTOR = Detector(
    id=ID,
    title="Condition mix",
    reads=(EventKind.INFERENCE, EventKind.EXCHANGE),
    atlas=(),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(400, 1200, 380, 20),
    quiet_on=lambda: _example(990, 610, 375, 25),
)
