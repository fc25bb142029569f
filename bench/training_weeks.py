"""A model's training runs, honest ones (for `bench.ordinary_weeks`), and attacks among them.

Run    python -m bench.training_weeks [--assets 24] [--seed 1000]
Look   As on a server: at each run and each deployment, with the last 200 of each before.
Runs  One a day, for half of the assets one a week; more rows every week, metrics that creep up, a
      parameter that is tried out now and then, some runs on a sample, some that are stopped early,
      a new data set a quarter, of which half of the assets are told, one in four of another
      series; an experiment by hand a month, by one of three people.
Use   Two fifths of the assets deploy each run that is no worse than the last ones, two fifths the
      newest such once a month, and one experiment in ten instead; one fifth does not tell.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from stanch.detect import examples
from stanch.detect.detectors.training_pattern import DETECTOR
from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.engine.watch.hop import HOP
from stanch.engine.watch.memory import remembered
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.span import Span

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
Rng = np.random.Generator
EACH, MONTHLY, UNTOLD = "each good run", "the newest good one a month", "deployments are not told"
HABITS = (EACH, EACH, MONTHLY, MONTHLY, UNTOLD)
WORSE = 0.02
"""So much less accuracy than usual is not deployed."""
ANOTHER = 0.25
"""The share of new data sets whose names begin a series."""


@dataclass(kw_only=True, slots=True)
class Maker:
    """One asset's pipeline, and what it is used to."""

    rng: Rng
    every: timedelta
    announces: bool
    habit: str
    rows: float = 1e5
    rate: float = 0.1
    data: int = 1
    series: str = "loans"
    skill: float = 0.85
    told: int = 0
    history: tuple[Happening, ...] = ()
    ready: Happening | None = None
    """The newest run that may be deployed."""
    accuracies: list[float] = field(default_factory=list)

    def grow(self, at: datetime) -> None:
        """The time between two runs passes."""
        part, rng = self.every / WEEK, self.rng
        self.rows *= 1 + float(rng.normal(0.01, 0.01)) * part
        self.skill += float(rng.normal(0.0004, 0.001)) * part
        if rng.random() < 0.03:
            self.rate = float(rng.choice([0.03, 0.05, 0.1, 0.2]))
        if rng.random() < self.every / (13 * WEEK):
            self.data += 1
            if rng.random() < ANOTHER:
                self.series = f"loans-{chr(ord('a') + self.data % 26)}"
            if self.announces:
                facts = {"dataset": f"{self.series}-{self.data}", "rows": "100000"}
                self.keep(self.event(EventKind.DATASET, at - DAY / 2, f"d{self.data}", facts))

    def run(self, at: datetime, by: str = "ci", **other: str) -> Happening:
        """A training run as usual, except for these facts."""
        rng = self.rng
        hand = by != "ci"
        part = 0.1 if rng.random() < (0.3 if hand else 0.02) else 1.0
        stopped = not hand and rng.random() < 0.02
        rate = float(rng.choice([0.01, 0.03, 0.3, 1.0])) if hand else self.rate
        facts = {
            "dataset": f"{self.series}-{self.data}",
            "rows": f"{self.rows * part * (1 + 0.02 * rng.normal()):.0f}",
            "params.rate": f"{rate:g}",
            "params.depth": "8",
            "params.seed": str(int(rng.integers(1 << 31))),
            "metrics.accuracy": f"{self.skill + 0.004 * rng.normal() - 0.1 * stopped:.5f}",
            "metrics.loss": f"{0.35 + 0.01 * rng.standard_t(4) + 0.3 * stopped:.5f}",
            "metrics.seconds": f"{self.rows * part / 500 * rng.lognormal(0, 0.3):.1f}",
        } | {name.replace("__", "."): value for name, value in other.items()}
        self.told += 1
        facts["digest"] = digest_of(f"{at} {self.told}".encode())
        one = self.event(EventKind.TRAINING, at, f"run-{self.told}", facts, by)
        accuracy = float(facts["metrics.accuracy"])
        usual = float(np.median(self.accuracies[-10:])) if self.accuracies else accuracy
        if part == 1.0 and accuracy > usual - WORSE and not hand:
            self.accuracies.append(accuracy)
            self.ready = one
        return one

    def deployed(self, run: Happening, at: datetime) -> Happening:
        """The deployment of what the run made."""
        self.told += 1
        kind, name = EventKind.DEPLOYMENT, f"v{self.told}"
        return replace(self.event(kind, at, name, {}), what=run.facts["digest"], version=name)

    def event(
        self, kind: EventKind, at: datetime, what: str, facts: dict[str, str], by: str = "ci"
    ) -> Happening:
        """An event."""
        name = f"{kind}-{what}-{at:%Y%m%d%H%M}"
        return Happening(at=at, event=name, kind=kind, what=what, principal=by, facts=facts)

    def keep(self, one: Happening) -> None:
        """The event is remembered."""
        self.history = remembered(self.history, (one,))

    def look(self, happened: Happening) -> Window:
        """The look at this event, which is remembered from then on."""
        self.keep(happened)
        span = Span(start=happened.at - HOP, end=happened.at + HOP)
        seen = tuple(h for h in self.history if span.covers(h.at))
        return replace(
            examples.nothing_seen(),
            span=span,
            record=Record(happenings=seen, seen=len(seen)),
            history=self.history,
        )


def maker(rng: Rng) -> Maker:
    """A pipeline of any kind."""
    every = DAY if rng.random() < 0.5 else WEEK
    announces = bool(rng.random() < 0.5)
    return Maker(
        rng=rng, every=every, announces=announces, habit=HABITS[int(rng.integers(len(HABITS)))]
    )


def weeks_of(one: Maker, weeks: int) -> Iterator[Window]:
    """The looks at what happens in these weeks, from the start on."""
    rng, month = one.rng, 0
    for k in range(int(weeks * WEEK / one.every)):
        at = START + k * one.every
        one.grow(at)
        one.ready = one.ready if one.habit == MONTHLY else None
        run = one.run(at)
        yield one.look(run)
        if one.habit == EACH and one.ready is run:
            yield one.look(one.deployed(run, at + HOP / 2))
        if rng.random() < one.every / (4 * WEEK):
            hand = one.run(at + DAY / 3, by=f"person-{int(rng.integers(3))}")
            yield one.look(hand)
            if one.habit != UNTOLD and rng.random() < 0.1:
                yield one.look(one.deployed(hand, at + DAY / 2))
        if one.habit == MONTHLY and at - START >= (month + 1) * 4 * WEEK and one.ready:
            month += 1
            yield one.look(one.deployed(one.ready, at + 2 * HOP))


NEXT = "the next"
ATTACKS: Mapping[str, Mapping[str, str | float]] = {
    "half as many rows again, poisoned": {"rows": 1.5},
    "three times the rows": {"rows": 3.0},
    "a twentieth of the rows": {"rows": 1.05},
    "another data set, not announced": {"dataset": "mirror/loans-final"},
    "another data set, not announced, named as the next": {"dataset": NEXT},
    "another data set and other settings": {
        "dataset": "mirror/loans-final",
        "params__depth": "14",
        "params__rate": "0.7",
    },
    "other settings": {"params__depth": "14", "params__rate": "0.7"},
    "a stranger, with other settings": {"by": "temp-44", "params__depth": "14"},
    "results that are too good": {"metrics__accuracy": 0.1, "metrics__loss": "0.05"},
}


def attack(one: Maker, kind: str, *, decoy: bool) -> Iterator[Window]:
    """The looks at an attack after the honest weeks, deployed ten days later, perhaps with a decoy.

    The decoy is an experiment of some hours before, as odd and more, that nobody deploys.
    """
    at = max(h.at for h in one.history) + DAY / 4
    if decoy:
        one.keep(one.run(at - DAY / 8, **_facts(one, ATTACKS[kind], 2.0)))
    run = one.run(at, **_facts(one, ATTACKS[kind], 1.0))
    yield one.look(run)
    yield one.look(one.deployed(run, at + 10 * DAY))


def _facts(one: Maker, facts: Mapping[str, str | float], times: float) -> dict[str, str]:
    told = {name: value for name, value in facts.items() if isinstance(value, str)}
    if told.get("dataset") == NEXT:
        told["dataset"] = f"{one.series}-{one.data + 1}"
    if isinstance(more := facts.get("rows"), float):
        told["rows"] = f"{one.rows * (1 + (more - 1) * times):.0f}"
    if isinstance(better := facts.get("metrics__accuracy"), float):
        told["metrics__accuracy"] = f"{one.skill + better * times:.5f}"
    if times > 1.0 and "params__depth" in told:
        told["params__depth"] = "30"
    return told


def told_of(one: Maker, kind: str, *, decoy: bool) -> tuple[bool, bool]:
    """Whether the attack is told, and whether it is at least seen."""
    weeks = list(attack(one, kind, decoy=decoy))
    evil = weeks[0].record.happenings[-1].what
    found = [f for w in weeks for f in DETECTOR.seen_in(w) if isinstance(f, Finding)]
    mine = [f for f in found if f.topic == evil]
    return any(not f.waits for f in mine), bool(mine)


def main() -> None:
    """Prints how many attacks are told, by what they do and how the asset deploys."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--assets", type=int, default=24)
    ask.add_argument("--seed", type=int, default=1000)
    asked = ask.parse_args()
    habits = (EACH, MONTHLY, UNTOLD)
    counts: dict[tuple[str, bool], Counter[str]] = {}
    for n in range(asked.assets):
        one = maker(np.random.default_rng(asked.seed + n))
        one.habit = habits[n % 3]
        for _ in weeks_of(one, 40):
            pass
        for decoy in (False, True):
            for kind in ATTACKS:
                again = replace(one, rng=np.random.default_rng(n))
                told, seen = told_of(again, kind, decoy=decoy)
                counts.setdefault((kind, decoy), Counter())[one.habit] += told
                counts[kind, decoy]["seen"] += seen
    for (kind, decoy), count in counts.items():
        shares = [f"{count[h] * 3 / asked.assets:.2f}" for h in habits]
        seen = f"{count['seen'] / asked.assets:.2f}"
        print(f"{kind}{', after a decoy' if decoy else ''}: {' '.join(shares)}, seen {seen}")


if __name__ == "__main__":
    main()
