"""Latency and errors: answers that come slower, faster or not at all.

In    a Window: readings on latency and status, both histograms now and golden, statuses by
      principal.
Out   a Finding on latency, one on errors, with who gets them; Blind without a baseline or rows, or
      when the asset tells neither.
Why   inputs made to be slow, overload and refused probes show here; so do plain faults.
Math  the alarm is that of `alarms.watch`. Latency: the median and the 95th percentile from
      quarter-octave buckets, said when either changed by `factor`. Errors: the growth of the share
      of 4xx, 5xx and other statuses. Suspects account for the excess of errors
      (`shifts.who_made`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Stream
from stanch.detect.detector import Detector
from stanch.detect.shifts import Moved, blind, counts_of, moved, who_made
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.latency import latency_edges
from stanch.detect.summaries.parts import LATENCIES, STATUSES, Block, Part
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("latency_and_errors")
SEND = "send {} with each answer, then set it again"
BAD = (3, 4)
"""4xx and 5xx among the statuses."""
TAIL = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 100
    """Answers in the window."""
    factor: float = 1.5
    """A change of latency by less does not matter."""
    growth: float = 0.02
    """The growth of the share of errors that still does not matter."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for latency and one for errors."""
    why, base, now = blind(window, limits.enough), window.baseline, window.now
    if why or base is None or now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    if lacks := _lacks(base.golden):
        yield Blind(detector=ID, asset=window.asset.id, why=lacks, version=window.version)
    latency = moved(window, Stream.LATENCY)
    if latency is not None:
        yield from _latency(window, base.plan, latency, limits)
    status = moved(window, Stream.STATUS)
    if status is not None:
        yield from _errors(window, status, limits)


def _lacks(golden: Summary) -> str:
    """What the baseline does not tell; empty when it tells both."""
    timed = golden.sums[Part.LATENCY][: LATENCIES - 1].any()
    stated = golden.sums[Part.STATUS][: STATUSES - 1].any()
    if not timed and not stated:
        return (
            f"the baseline has neither latencies nor statuses: {SEND.format('latency_ms, status')}"
        )
    if not timed:
        return f"latency: the baseline has none; {SEND.format('latency_ms')}"
    return "" if stated else f"errors: the baseline has no statuses; {SEND.format('status')}"


def quantile(shares: np.ndarray, at: float, edges: Floats) -> float:
    """The latency in ms under which this share of answers came, from its buckets."""
    place = int(np.searchsorted(np.cumsum(shares), at * shares.sum()))
    return float(edges[min(place, len(edges) - 1)])


def _latency(window: Window, plan: Plan, latency: Moved, limits: Limits) -> Iterator[Finding]:
    edges = latency_edges(plan.quickest)
    now = [quantile(latency.now[0], q, edges) for q in (0.5, TAIL)]
    then = [quantile(latency.then[0], q, edges) for q in (0.5, TAIL)]
    ratio = [a / b for a, b in zip(now, then, strict=True)]
    if max(*ratio, 1 / min(ratio)) < limits.factor:
        return
    slower = ratio[1] >= limits.factor or ratio[0] >= limits.factor
    yield Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"Answers come {'slower' if slower else 'faster'} than in the baseline: median "
        f"{now[0]:.3g} ms (was {then[0]:.3g}), 95th percentile {now[1]:.3g} ms (was "
        f"{then[1]:.3g}), over {window.n} answers.",
        measured={
            "median ms": round(now[0], 3),
            "95th percentile ms": round(now[1], 3),
            "usual median ms": round(then[0], 3),
            "usual 95th percentile ms": round(then[1], 3),
        },
        because=window.cites,
        strength=latency.strength,
        features=("latency",),
        points_to={AttackKind.DENIAL_OF_WALLET: 0.3} if slower else {},
        atlas=DETECTOR.atlas if slower else (),
    )


def _errors(window: Window, status: Moved, limits: Limits) -> Iterator[Finding]:
    now, then = float(status.now[0, list(BAD)].sum()), float(status.then[0, list(BAD)].sum())
    if now - then < limits.growth:
        return
    counts = counts_of(window.ledger, Block.STATUS, BAD)
    suspects = who_made(window.ledger, counts, max(then, 0.001))
    whose = f", the most of them for {suspects[0].principal}" if suspects else ""
    yield Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"{now:.1%} of {window.n} answers are errors, {then:.1%} in the baseline"
        f" ({status.now[0, BAD[0]]:.1%} refused, {status.now[0, BAD[1]]:.1%} failed){whose}.",
        measured={
            "share of errors": round(now, 4),
            "usual share": round(then, 4),
            "failing": round(float(status.now[0, BAD[1]]), 4),
        },
        because=window.cites,
        strength=status.strength,
        suspects=suspects,
        features=("status",),
        points_to={AttackKind.DENIAL_OF_WALLET: 0.2} if suspects else {},
        atlas=DETECTOR.atlas if suspects else (),
    )


def _failing(rows: Columns) -> Columns:
    """Answers come at half the speed and every tenth fails."""
    latency = np.full(rows.n, 12.0) if rows.latency is None else rows.latency * 2
    status = np.where(np.arange(rows.n) % 10 == 0, 503, 200).astype(np.int32)
    return replace(rows, latency=latency, status=status)


DETECTOR = Detector(
    id=ID,
    title="Latency and errors",
    reads=(EventKind.INFERENCE,),
    atlas=("AML.T0029",),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: examples.window(_failing),
    quiet_on=examples.window,
)
