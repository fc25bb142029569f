"""Who is accused where nobody attacks: ordinary days, a year that goes on, a broken unit.

Run    python -m bench.innocents [DAY ...] [--seeds 1001 1010] [--plays 4] [--seconds 90] [--say]
Data   What the drills use: flights of 2013, scikit-learn's digits and diabetes, made payments.
Look   In memory: the tenants of the drills ask at their pace, from a moment of their own within the
       ten minutes of a window; their labels come three seconds late. `drift`: the months turn every
       eight seconds, as in the drill. `unit_fault`: from one moment on everybody's distance is in
       metres. The others are ordinary days. All detectors look (at one of four paces, as a machine
       is quick or slow), findings become incidents, and verdicts are taken as on a server.
Count  Plays in which a finding named anybody, in which a verdict ever said attack, and what was
       said at the end. A model, its baseline and the tastes of its tenants are made once for a
       seed, and several days played with them. Drills are judged on seeds from 1 on: these begin
       at 1001.
"""

import argparse
import json
import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from stanch.detect.alarms.watch import Watch
from stanch.detect.registry import detectors
from stanch.detect.summaries.columns import Columns, Labels
from stanch.detect.summaries.count import counted, labels_counted
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.summaries.record import Record
from stanch.detect.window import Baseline, Window
from stanch.engine.judging import Around, judged
from stanch.engine.observing import Slice, observed
from stanch.engine.quiet import LEAST
from stanch.engine.watch.golden import Seasons
from stanch.engine.watch.hop import span_of
from stanch.engine.watch.minutes import Minute
from stanch.engine.watch.tally import Tally
from stanch.sandbox.build import LABELS_AFTER, Made, make
from stanch.sandbox.drill import Drill, World
from stanch.sandbox.options import Options
from stanch.sandbox.registry import drill
from stanch.sandbox.tenants import Ask, Habits
from stanch.sandbox.victims.data import flights
from stanch.triage.causes import compatible, family_of
from stanch.triage.verdict.calibration import ENOUGH, calibrate, kept, read_back
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, IncidentId, digest_of
from stanch.vocabulary.incident import Incident, VerdictKind

Floats = NDArray[np.float64]
START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ASSET = AssetId("victim")
DAYS = {
    "drift": "drift",
    "unit_fault": "unit_fault",
    "digits": "extraction",
    "payments": "threshold_probing",
    "diabetes": "fairness",
    "flights": "drift",
}
"""Each day, and the drill in whose world it is."""
LOOKS = (0.3, 0.5, 0.8, 1.3)
QUIET, MONTH, AFTER = 15.0, 8.0, 10.0
MONTHS = ((3, 4), (5,), (6,), (7,), (9, 10))
PACE = 8.0
MORE = 1.5


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Place:
    """A world with its baseline, and the tenants as they go on."""

    made: Made
    habits: Habits
    plan: Ready
    base: Baseline
    asset: Asset


@dataclass(kw_only=True, slots=True)
class Told:
    """What was said in one play."""

    named: Counter[str] = field(default_factory=Counter)
    attacks: Counter[str] = field(default_factory=Counter)
    end: Counter[str] = field(default_factory=Counter)
    says: list[str] = field(default_factory=list)


def place(day: str, seed: int) -> Place:
    """The world of this day, as the drill makes it."""
    one: Drill = drill(DAYS[day])
    made = make(one, Options(seed=seed))
    names = tuple(f"tenant-{n + 1}" for n in range(one.world.tenants))
    habits = Habits(made.parts.ordinary, names, seed)
    asks = habits.many(World(data=one.world.data).history * 7 // 10)
    rows = columns(made, habits, asks)
    classes = tuple(made.data.classes)
    found = learned(Schema(numbers=tuple(made.data.features), classes=classes), rows)
    plan = ready(found.plan)
    told = labels_counted(plan, labels(made, rows, asks, slice(None, None, 2)))
    golden = found.golden.summary.merge(told.summary)
    base = Baseline(
        plan=found.plan,
        golden=golden,
        digest=digest_of(golden.to_bytes()),
        habits=found.golden.ledger.merge(told.ledger).seal(most=1024),
    )
    asset = Asset(
        id=ASSET,
        kind=AssetKind.MODEL,
        name="Victim",
        owner="sandbox",
        version="v1",
        classes=classes,
    )
    own = replace(base, golden=found.golden.summary)
    return Place(
        made=made,
        habits=habits,
        plan=plan,
        base=replace(base, quiet=_quiet(own, plan, asset, rows)),
        asset=asset,
    )


Tables = dict[str, tuple[float, ...]]


def _quiet(base: Baseline, plan: Ready, asset: Asset, rows: Columns) -> Tables:
    size = max(LEAST, rows.n // (ENOUGH + 10))
    seen = []
    for start in range(0, rows.n - size + 1, size):
        part = counted(plan, _part(rows, slice(start, start + size)))
        window = Window(
            asset=asset,
            span=span_of(START),
            baseline=base,
            now=part.summary,
            ledger=part.ledger.seal(),
        )
        seen.append(observed(window))
    return dict(kept(calibrate(seen, "quiet windows")))


def columns(made: Made, habits: Habits, asks: Sequence[Ask]) -> Columns:
    """What these requests are and were answered."""
    x = np.asarray([a.row for a in asks])
    scores = made.net.scores(x).round(6)
    return Columns(
        numbers=x,
        principals=np.asarray([habits.names.index(a.tenant) for a in asks], np.int32),
        names=habits.names,
        categories=np.zeros((len(x), 0), np.int32),
        predictions=scores.argmax(axis=1).astype(np.int32),
        ticks=np.arange(len(x), dtype=np.int64) * 100_000,
        scores=scores,
    )


def _part(rows: Columns, which: slice) -> Columns:
    return replace(
        rows,
        numbers=rows.numbers[which],
        principals=rows.principals[which],
        categories=rows.categories[which],
        predictions=rows.predictions[which],
        ticks=rows.ticks[which],
        scores=rows.scores[which] if rows.scores is not None else None,
    )


def labels(made: Made, rows: Columns, asks: Sequence[Ask], which: slice) -> Labels:
    """What was true of these requests."""
    classes = list(made.data.classes)
    scores = rows.scores if rows.scores is not None else np.zeros((rows.n, 1))
    return Labels(
        truth=np.asarray([classes.index(a.truth) for a in asks], np.int32)[which],
        predictions=rows.predictions[which],
        confidence=scores.max(axis=1)[which],
        principals=rows.principals[which],
        names=rows.names,
    )


@dataclass(kw_only=True, slots=True)
class Day:
    """One day under way."""

    at: Place
    name: str
    tally: Tally
    seconds: float
    turns: int = 0
    due: list[tuple[float, Labels]] = field(default_factory=list)

    def turn(self, now: float) -> None:
        """What happens to the world by now."""
        habits = self.at.habits
        while self.name == "drift" and self.turns < len(MONTHS) and now >= self._next:
            habits.turn_to(flights(MONTHS[self.turns], rows=2000))
            self.turns += 1
        if self.name == "unit_fault" and now >= QUIET:
            habits.break_unit(2, 1000.0)

    @property
    def _next(self) -> float:
        return QUIET + self.turns * MONTH

    def ask(self, many: int, now: float, minute: datetime) -> None:
        """So many requests, and the labels whose time has come."""
        at, watch = self.at, self.tally.watch(minute)
        if many:
            asks = at.habits.many(many)
            rows = columns(at.made, at.habits, asks)
            self.tally.add(minute, Minute(counted=counted(at.plan, rows, watch)))
            told = labels(at.made, rows, asks, slice(None))
            self.due.append((now + LABELS_AFTER, told))
        while self.due and self.due[0][0] <= now:
            late = labels_counted(at.plan, self.due.pop(0)[1], self.tally.watch(minute))
            self.tally.add(minute, Minute(counted=late))

    def look(self, moment: datetime) -> tuple[Window, tuple[Slice, ...]]:
        """The window now, and its minutes."""
        self.tally.seal(moment)
        span = span_of(moment)
        minutes = sorted((self.tally.sealed | self.tally.minutes).items())
        slices = tuple(
            Slice(start=m, summary=one.counted.summary)
            for m, one in minutes
            if one.counted is not None and span.covers(m)
        )
        return self.tally.window(span, Record()), slices


def windows(
    at: Place, name: str, dice: np.random.Generator, seconds: float
) -> Iterator[tuple[Window, tuple[Slice, ...]]]:
    """The window at each look of one day."""
    look, began = float(dice.choice(LOOKS)), float(dice.uniform(0, 600))
    alarms = Watch(plan=at.base.plan.digest)
    tally = Tally(asset=at.asset, version="v1", baseline=Seasons(at.base, {}, {}), alarms=alarms)
    full = QUIET + MONTH * len(MONTHS) + AFTER if name == "drift" else seconds
    day = Day(at=at, name=name, tally=tally, seconds=full)
    at.habits.turn_to(at.made.parts.ordinary)
    at.habits.factors[:] = 1.0
    for turn in range(1, int(full / look)):
        now = turn * look
        day.turn(now)
        moment = START + timedelta(seconds=began + now)
        many = int(now * PACE) - int((now - look) * PACE)
        day.ask(many, now, moment.replace(second=0, microsecond=0))
        yield day.look(moment)


def played(at: Place, name: str, dice: np.random.Generator, seconds: float) -> Told:
    """What was said of one day."""
    told, held = Told(), dict[str, Finding]()
    open_now: list[Incident] = []
    for window, slices in windows(at, name, dice, seconds):
        said = (f for one in detectors().values() for f in one.seen_in(window))
        new = [f for f in said if isinstance(f, Finding) and f.id not in held]
        held |= {f.id: f for f in new}
        told.named.update(f.detector for f in new if f.suspects)
        told.says += [f"{f.detector} [{f.strength:.1f}] {f.says}" for f in new if f.suspects]
        open_now = _grown(open_now, new, held)
        fresh = {str(f.id) for f in new}
        due = [n for n, one in enumerate(open_now) if _due(one, fresh, window)]
        seen = observed(window, slices) if due else None
        around = Around(
            assets={ASSET: at.asset},
            calibration=read_back(at.base.quiet, "quiet"),
            rows=window.n,
        )
        for n in due:
            before = open_now[n]
            now = judged(before, tuple(held[f] for f in before.findings), seen, around)
            _tell(told, before, now)
            again = not fresh & set(before.findings)
            undecided = now.verdict.kind is VerdictKind.UNDECIDED
            open_now[n] = before if again and undecided else now
    told.end.update({str(o.verdict.kind) for o in open_now})
    return told


def _due(one: Incident, fresh: set[str], window: Window) -> bool:
    """Whether it is judged now: there is news, or half as much again to see."""
    verdict = one.verdict
    again = verdict.kind is VerdictKind.UNDECIDED and window.n >= MORE * verdict.rows > 0
    return again or bool(fresh & set(one.findings))


def _tell(told: Told, before: Incident, now: Incident) -> None:
    if now.verdict.kind is VerdictKind.ATTACK and before.verdict.attack != now.verdict.attack:
        names = ", ".join(s.principal for s in now.suspects)
        why = [f"{r.name} {r.weight}" for r in now.verdict.reasons if r.weight > 0]
        told.attacks[str(now.verdict.attack)] += 1
        told.says.append(f"ATTACK {now.verdict.attack} by {names}: {'; '.join(why)}")


def _grown(
    open_now: list[Incident], new: Sequence[Finding], held: dict[str, Finding]
) -> list[Incident]:
    """The incidents with these findings, each in one whose cause can be its own."""
    kept_now = list(open_now)
    for f in sorted(new, key=lambda f: f.id):
        for n, one in enumerate(kept_now):
            own = {family_of(held[i]) for i in one.findings}
            if all(compatible(family_of(f), o) for o in own):
                kept_now[n] = replace(one, findings=(*one.findings, f.id))
                break
        else:
            kept_now.append(
                Incident(
                    id=IncidentId(f"inc-{len(kept_now)}"),
                    title="",
                    asset=ASSET,
                    opened=START,
                    first_seen=START,
                    updated=START,
                    findings=(f.id,),
                )
            )
    return kept_now


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    ask.add_argument("days", nargs="*")
    ask.add_argument("--seeds", nargs=2, type=int, default=(1001, 1010))
    ask.add_argument("--plays", type=int, default=4)
    ask.add_argument("--seconds", type=float, default=90)
    ask.add_argument("--say", action="store_true", help="every sentence about somebody")
    ask.add_argument("--out", type=Path, default=Path(__file__).parent / "results/innocents.json")
    given = ask.parse_args()
    before = process_time()
    results: dict[str, dict[str, int]] = {}
    for day in given.days or DAYS:
        total: Counter[str] = Counter()
        for seed in range(given.seeds[0], given.seeds[1] + 1):
            at = place(day, seed)
            for play in range(given.plays):
                dice = np.random.default_rng([seed, play, 5])
                told = played(at, day, dice, given.seconds)
                total["plays"] += 1
                total["somebody named"] += bool(told.named)
                total["called an attack"] += bool(told.attacks)
                total.update(f"named by {d}" for d in told.named)
                total.update(f"attack: {a}" for a in told.attacks)
                total.update(f"end: {k}" for k in told.end or ["quiet"])
                if given.say:
                    for line in told.says:
                        print(f"  {seed}.{play} {line[:600]}")
        results[day] = dict(total)
        print(f"{day:12} {results[day]} {process_time() - before:.0f} s", flush=True)
    value = {
        "machine": {"machine": platform.machine(), "python": platform.python_version()},
        "seeds": list(given.seeds),
        "cpu_seconds": round(process_time() - before, 1),
        "results": results,
    }
    given.out.parent.mkdir(exist_ok=True)
    if given.out.exists():
        value["results"] = json.loads(given.out.read_text("utf-8"))["results"] | results
    given.out.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
