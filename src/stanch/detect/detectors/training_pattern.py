"""Training pattern: a training run unlike the asset's earlier ones.

In    a Window: its training runs; the runs before (`before`, `history`).
Out   a Finding for each run and person that is out of pattern, with the numbers that are; Blind
      with too few earlier runs.
Why   a hijacked pipeline shows in what it does: other data, far more or fewer rows, parameters that
      never change changed, results too good or too bad.
Math  Each number of a run (parameters, results, rows) is z = |x - median| / spread, over all runs
      with it in; spread is 1.4826 MAD, at least 5 % of the median, and 0.01 where that is nothing.
      A run's score is its largest z. Full conformal: with n earlier runs that are exchangeable with
      this one, the chance that its score is above all theirs is at most 1 / (n + 1), whatever the
      distribution; the spread is computed with the new run among the others, so the ranks are fair.
      It speaks only when the run's score is above every earlier one *and* beyond `far`, which
      grows with few runs: far x sqrt((n + 1) / (n - 1)).
      A text that was the same in every run, and is another now, is out of pattern too; so is a
      dataset never trained on, unless an event of a dataset told of it before, or every tenth run
      has another one. Each rests on the same 1 / (n + 1).
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.detect.wording import shown
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
from stanch.vocabulary.ids import DetectorId, PrincipalId

ID = DetectorId("training_pattern")
MOST_RUNS = 200
MOST_NUMBERS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    known: int = 8
    """Earlier runs that make a pattern."""
    changing: float = 0.1
    """The share of different datasets among earlier runs from which a new one is no news."""
    far: float = 6.0
    """How many spreads from the median a number must be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What one training run told."""

    event: Happening
    numbers: Mapping[str, float]
    texts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Odd:
    """One thing that is out of pattern."""

    name: str
    says: str
    measured: float
    z: float


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for each run that is out of pattern."""
    now = window.record.of(EventKind.TRAINING)
    ours = {h.event for h in now}
    past = {
        h.event: h
        for h in (*window.history, *window.before.happenings)
        if h.kind is EventKind.TRAINING and h.event not in ours
    }
    earlier = [run_of(h) for h in sorted(past.values(), key=lambda h: (h.at, h.event))]
    if len(earlier) < limits.known and (now or not earlier):
        why = f"{len(earlier)} earlier training runs; {limits.known} needed"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    announced = _announced(window)
    for event in now:
        one = run_of(event)
        odd = tuple(_odd(one, earlier[-MOST_RUNS:], limits))
        odd = tuple(o for o in odd if o.name != "dataset" or one.texts["dataset"] not in announced)
        if odd:
            yield _finding(window, one, odd, len(earlier[-MOST_RUNS:]))


def _announced(window: Window) -> frozenset[str]:
    """The names and digests of datasets that events of datasets told of before this window."""
    told = (*window.history, *window.before.happenings)
    kept = [h for h in told if h.kind is EventKind.DATASET and h.at < window.span.start]
    names = ((h.what, h.facts.get("dataset", ""), h.facts.get("digest", "")) for h in kept)
    return frozenset(name for own in names for name in own if name)


def run_of(event: Happening) -> Run:
    """The run's numbers and texts; what does not parse is left out."""
    numbers: dict[str, float] = {}
    texts: dict[str, str] = {}
    told = dict(event.facts)
    for group in ("params", "metrics"):
        told |= {f"{group}.{k}": v for k, v in _object(event.facts.get(group, "")).items()}
        told.pop(group, None)
    for name, value in sorted(told.items()):
        if name == "rows" or name.startswith(("params.", "metrics.")):
            number = _number(value)
            if number is not None and len(numbers) < MOST_NUMBERS:
                numbers[name] = number
            elif number is None and name.startswith("params."):
                texts[name] = value
    if event.facts.get("dataset"):
        texts["dataset"] = event.facts["dataset"]
    return Run(event=event, numbers=numbers, texts=texts)


def _object(text: str) -> Mapping[str, str]:
    """The fields of a JSON object as texts; none when it is cut or no object."""
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _odd(one: Run, earlier: list[Run], limits: Limits) -> Iterator[Odd]:
    names = sorted(
        n for n in one.numbers if sum(n in run.numbers for run in earlier) >= limits.known
    )
    if names:
        table = np.array(
            [[run.numbers.get(name, np.nan) for name in names] for run in (*earlier, one)]
        )
        z = scores(table)
        count = len(table) - 1
        bar = limits.far * math.sqrt((count + 1) / (count - 1))
        highest = float(np.nanmax(z[:-1])) if count else 0.0
        for name, own in zip(names, z[-1], strict=True):
            if own > max(highest, bar):
                values = [run.numbers[name] for run in earlier if name in run.numbers]
                middle = float(np.median(values))
                yield Odd(
                    name=name,
                    says=f"{shown(name)} is {one.numbers[name]:g}, {middle:g} is usual",
                    measured=one.numbers[name],
                    z=float(own),
                )
    for name, value in sorted(one.texts.items()):
        seen = [run.texts[name] for run in earlier if name in run.texts]
        several = len(set(seen))
        fixed = several < limits.changing * len(seen) if name == "dataset" else several == 1
        fixed = fixed or several == 1
        if len(seen) >= limits.known and fixed and value not in seen:
            says = f"{shown(name)} is {shown(value)!r}, {shown(seen[-1])!r} before"
            yield Odd(name=name, says=says, measured=1.0, z=limits.far)


def scores(table: Floats) -> Floats:
    """(runs, numbers) robust distances from the median, each number over all runs."""
    middle = np.nanmedian(table, axis=0)
    apart = np.abs(table - middle)
    spread = np.maximum(1.4826 * np.nanmedian(apart, axis=0), 0.05 * np.abs(middle))
    spread = np.where(spread > 0, spread, 0.01)
    return np.nan_to_num(apart / spread, nan=0.0)


def _finding(window: Window, one: Run, odd: tuple[Odd, ...], count: int) -> Finding:
    odd = tuple(sorted(odd, key=lambda o: (-o.z, o.name)))
    who = f" by {shown(one.event.principal)}" if one.event.principal else ""
    says = "; ".join(o.says for o in odd[:3])
    more = f"; and {len(odd) - 3} more" if len(odd) > len(odd[:3]) else ""
    data = any(o.name in ("rows", "dataset") for o in odd)
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=one.event.version,
        window=window.span,
        says=f"Training run {shown(one.event.what)}{who} is unlike {count} earlier ones: "
        f"{says}{more}.",
        measured={shown(o.name): round(o.measured, 6) for o in odd[:10]}
        | {"earlier runs": float(count), "largest distance in spreads": round(odd[0].z, 2)},
        because=(Cite(kind=CiteKind.EVENT, ref=one.event.event),),
        lifecycle=Lifecycle.TRAINING,
        strength=round(math.log10(count + 1), 2),
        suspects=(Suspect(principal=PrincipalId(one.event.principal), share=1.0, confidence=0.6),)
        if one.event.principal
        else (),
        features=tuple(o.name for o in odd[:10]),
        topic=one.event.what,
        deeds=(one.event.event,),
        atlas=DETECTOR.atlas,
        points_to={AttackKind.POISONING: 0.6 if data else 0.4, AttackKind.BACKDOOR: 0.3},
    )


def _run(k: int, *, rows: int, rate: float = 0.1) -> Happening:
    wobble = (k * 37 % 11) / 1000
    return Happening(
        at=examples.START + timedelta(days=k),
        event=f"evt-run-{k}",
        kind=EventKind.TRAINING,
        principal="pipeline",
        what=f"run-{k}",
        facts={
            "dataset": "loans",
            "rows": str(rows),
            "params.rate": str(rate),
            "metrics.accuracy": f"{0.9 + wobble:.4f}",
        },
    )


def _example(rows: int, rate: float) -> Window:
    past = tuple(_run(k - 20, rows=10_000 + 200 * (k % 7)) for k in range(20))
    record = Record(happenings=(_run(0, rows=rows, rate=rate),), seen=1)
    return replace(examples.nothing_seen(), record=record, history=past)


DETECTOR = Detector(
    id=ID,
    title="Training pattern",
    reads=(EventKind.TRAINING,),
    atlas=("AML.T0020", "AML.T0018.000"),
    lifecycle=Lifecycle.TRAINING,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(60_000, 2.0),
    quiet_on=lambda: _example(10_500, 0.1),
)
