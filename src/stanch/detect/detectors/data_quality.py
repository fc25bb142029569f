"""Data quality: inputs that are missing, not numbers, unknown, frozen, or of another shape.

In    a Window: missing, infinite and out-of-range counts, new categories, unknown columns, rows of
      a wrong shape, now and golden; the reading on missing values.
Out   one Finding for values, one for the shape; Blind without a baseline or rows.
Why   nearly all false alarms of drift are broken pipelines; said first, and as what they are, they
      keep people from hunting an attacker who is not there.
Math  missing and infinite values: the alarm of `alarms.watch`, and a rise of the share by `rise`.
      New categories, wrong shapes, unknown columns: the share's lower bound by Hoeffding,
      share - sqrt(ln(1 / wrong) / 2n), above the baseline's share plus `rise`. Frozen: all of n
      answers in one bin that holds under half of the reference, which chance does with at most
      2^-n.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Stream
from stanch.detect.detector import Detector
from stanch.detect.shifts import blind, moved
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.parts import BINS, INFINITE, MISSING, Part
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline, Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.spoken import spoken

ID = DetectorId("data_quality")
NEW, MISSHAPEN = 2, 4
"""Places in `Part.ODD`."""
FREE = 0.5
"""A bin with at least this share of the reference may hold everything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 50
    """Answers in the window."""
    rise: float = 0.02
    """The rise of a share that still does not matter."""
    wrong: float = 1e-9
    """The chance of a wrong word about a share without an alarm of its own."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for values that are gone, frozen or new, one for another shape."""
    why, base, now = blind(window, limits.enough), window.baseline, window.now
    if why or base is None or now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    parts = {**_gone(window, limits), **_frozen(base, now), **_new(window, base, now, limits)}
    if parts:
        yield _finding(window, parts, "Inputs are not what they were")
    shape = _shape(base, now, limits)
    if shape:
        yield _finding(window, shape, "The shape of the inputs changed")


def _gone(window: Window, limits: Limits) -> dict[str, tuple[str, float]]:
    found = moved(window, Stream.MISSING)
    base = window.baseline
    if found is None or base is None or window.now is None:
        return {}
    names = (*base.plan.numbers, *(k.name for k in base.plan.categories))
    gap = found.now[:, 0] - found.then[:, 0]
    endless = window.now.sums[Part.NUMBERS][:, INFINITE]
    lost = window.now.sums[Part.NUMBERS][:, MISSING]
    out: dict[str, tuple[str, float]] = {}
    for i in np.flatnonzero(gap >= limits.rise):
        wild = i < len(base.plan.numbers) and endless[i] > lost[i]
        out[names[i]] = ("infinite" if wild else "missing", float(found.now[i, 0]))
    return out


def _frozen(base: Baseline, now: Summary) -> dict[str, tuple[str, float]]:
    """Numbers that take one value only, and did not before."""
    here, there = now.sums[Part.NUMBERS][:, :BINS], base.golden.sums[Part.NUMBERS][:, :BINS]
    whole = np.maximum(there.sum(axis=1), 1)
    out: dict[str, tuple[str, float]] = {}
    for i, name in enumerate(base.plan.numbers):
        most = int(here[i].argmax())
        rows = int(here[i].sum())
        if rows >= BINS and rows == int(here[i, most]) and there[i, most] < FREE * whole[i]:
            out[name] = ("frozen", 1.0)
    return out


def _new(
    window: Window, base: Baseline, now: Summary, limits: Limits
) -> dict[str, tuple[str, float]]:
    out: dict[str, tuple[str, float]] = {}
    for i, known in enumerate(base.plan.categories):
        here, there = now.sums[Part.CATEGORIES][i], base.golden.sums[Part.CATEGORIES][i]
        if _rose(int(here[BINS]), int(here.sum()), _share(there[BINS], there.sum()), limits):
            shown = ", ".join(repr(v) for v in now.strange.top(known.name)) or "unnamed values"
            out[known.name] = (f"new ({shown})", _share(here[BINS], window.n))
    return out


def _shape(base: Baseline, now: Summary, limits: Limits) -> dict[str, tuple[str, float]]:
    out: dict[str, tuple[str, float]] = {}
    wrong, usual = int(now.sums[Part.ODD][MISSHAPEN]), int(base.golden.sums[Part.ODD][MISSHAPEN])
    if _rose(wrong, now.n, _share(usual, base.golden.n), limits):
        out["the number of inputs"] = ("not the baseline's", _share(wrong, now.n))
    for where, values in now.strange.counts.items():
        count = sum(values.values())
        known = sum(base.golden.strange.counts.get(where, {}).values())
        usual_share = _share(known, base.golden.n)
        if where.startswith("+") and _rose(count, now.n, usual_share, limits):
            out[where[1:]] = ("unknown to the baseline", _share(count, now.n))
    return out


def _share(part: float, whole: float) -> float:
    return float(part) / max(float(whole), 1.0)


def _rose(part: int, whole: int, usual: float, limits: Limits) -> bool:
    error = math.sqrt(math.log(1 / limits.wrong) / (2 * max(whole, 1)))
    return _share(part, whole) - error > usual + limits.rise


def _finding(window: Window, parts: dict[str, tuple[str, float]], start: str) -> Finding:
    names = sorted(parts, key=lambda name: (-parts[name][1], name))
    shown = "; ".join(f"{spoken(n)} is {parts[n][0]} in {parts[n][1]:.0%}" for n in names[:3])
    rest = f"; and {len(names) - 3} more" if len(names) > len(names[:3]) else ""
    reading = window.readings.get(Stream.MISSING)
    alarm = reading.strength if reading is not None and reading.alarm else 9.0
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"{start}: {shown} of {window.n} answers{rest}.",
        measured={f"{n}: {parts[n][0].split(' (')[0]}": round(parts[n][1], 4) for n in names[:10]},
        because=window.cites,
        strength=round(alarm, 2),
        features=tuple(names),
    )


def _broken(rows: Columns) -> Columns:
    """A feed lost its second number in every third row."""
    numbers = rows.numbers.copy()
    numbers[::3, 1] = np.nan
    return replace(rows, numbers=numbers)


DETECTOR = Detector(
    id=ID,
    title="Data quality",
    reads=(EventKind.INFERENCE,),
    atlas=(),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: examples.window(_broken),
    quiet_on=examples.window,
)
