"""What is told in weeks in which nobody attacks: logins, rights, training runs, and use.

Run    python -m bench.ordinary_weeks [--assets 5] [--weeks 26] [--seed 2001] [--say]
Look   As on a server: windows of twenty minutes (of accesses every twenty, of use every ten), the
       custom of the place before it (`CUSTOM`), the last runs, the use of the last week. The first
       weeks are custom only.
Weeks  `access`: sixty people and eight services on a registry. People work on weekdays, each at an
       own pace and with an own share of mistyped passwords (a few of them every sixth time); are
       away for a week or two now and then; forget a new password for a morning. One joins a month,
       one leaves. One in twelve promotes and deletes now and then. Three look after rights, some
       weeks not at all. A service's secret runs out for
       an hour once a quarter.
       `training`: `bench.training_weeks`.
       `use`: by the hour and the day of the week, growing by a tenth a month, with a holiday, a
       campaign of twice the use and a batch job at night once a month.
Count  Alarms: what is told again within a day of the same topic is one. By asset and year.
Limits Made by us after what operators describe; no public log of a registry has labels like these.
"""

import argparse
import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.training_weeks import maker, weeks_of
from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.detectors import access_anomaly, resource_abuse, training_pattern
from stanch.detect.summaries.acquaintances import Known, met
from stanch.detect.summaries.record import Deed, Record, record_of
from stanch.detect.window import Usage, Window
from stanch.engine.watch.hop import HOP
from stanch.engine.watch.memory import MOST_USAGE
from stanch.engine.watch.stored import CUSTOM
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.span import Span

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
WARM = 6
"""Weeks of which nothing is counted."""
PEOPLE, SERVICES, ADMINS = 60, 8, 3
SATURDAY = 5
Rng = np.random.Generator


@dataclass(kw_only=True, slots=True)
class Count:
    """What was told, by topic; the newest time of each."""

    newest: dict[tuple[str, str], datetime] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    says: list[str] = field(default_factory=list)
    waits: set[str] = field(default_factory=set)
    habits: Counter[str] = field(default_factory=Counter)
    """Assets of each habit, where they have one."""
    by_habit: Counter[str] = field(default_factory=Counter)

    def look(self, detector: Detector[Any], window: Window, habit: str = "") -> None:
        """Count what the detector says of this window; what waits opens no incident."""
        for one in detector.seen_in(window):
            if not isinstance(one, Finding):
                continue
            if one.waits:
                self.waits.add(one.id)
                continue
            key = detector.id, one.topic
            last = self.newest.get(key)
            if last is None or window.span.start - last > DAY:
                self.told[f"{detector.id}: {_topic(one)}"] += 1
                self.by_habit[habit] += 1
                self.says.append(f"{window.span.start:%m-%d %H:%M} {one.says}")
            self.newest[key] = window.span.start


def _topic(one: Finding) -> str:
    """What the finding is about, whoever it was."""
    known = ("failed logins", "sprayed", "probing", "newcomers", "rights")
    return next((t for t in known if one.topic.startswith(t)), "") or ", ".join(one.features[:2])


@dataclass(kw_only=True, slots=True)
class Person:
    """One who works with the registry."""

    name: str
    pace: float
    """Visits a day."""
    slips: float
    """The share of mistyped passwords."""
    source: str
    joined: datetime
    leaves: datetime
    admin: bool = False
    releases: bool = False
    away: list[tuple[datetime, datetime]] = field(default_factory=list)


def people(rng: Rng, weeks: int) -> list[Person]:
    """Those there from the start, and one who joins each month."""
    found: list[Person] = []
    for n in range(PEOPLE + weeks // 4):
        joined = START if n < PEOPLE else START + (n - PEOPLE + 1) * 4 * WEEK
        slips = 1 / 6 if rng.random() < 0.05 else float(rng.beta(1, 30))
        source = f"10.0.{n % 2}.1" if rng.random() < 0.6 else f"10.1.0.{n}"
        away = [
            (s, s + (2 if rng.random() < 0.4 else 1) * WEEK)
            for s in (START + float(rng.uniform(0, weeks)) * WEEK for _ in range(1 + weeks // 10))
        ]
        found.append(
            Person(
                name=f"person-{n:02}",
                pace=float(rng.lognormal(0.7, 0.8)),
                slips=slips,
                source=source,
                joined=joined,
                leaves=joined + float(rng.uniform(0.2, 4)) * max(weeks, 26) * WEEK,
                admin=n < ADMINS,
                releases=bool(rng.random() < 0.08),
                away=away,
            )
        )
    return found


class Calendar:
    """What was done, by hop."""

    def __init__(self) -> None:
        self.deeds: dict[datetime, list[tuple[Deed, int]]] = {}

    def add(self, at: datetime, deed: Deed, n: int = 1) -> None:
        """Enter a deed."""
        self.deeds.setdefault(START + (at - START) // HOP * HOP, []).append((deed, n))

    def records(self) -> dict[datetime, Record]:
        """By hop."""
        return {at: record_of(deeds) for at, deeds in self.deeds.items()}


def accesses(rng: Rng, weeks: int) -> dict[datetime, Record]:
    """The accesses of each hop."""
    made = Calendar()
    crowd = people(rng, weeks)
    for day in range(weeks * 7):
        today = START + day * DAY
        if today.weekday() >= SATURDAY and rng.random() < 0.95:
            continue
        for one in crowd:
            there = one.joined <= today <= one.leaves
            if there and not any(a <= today <= b for a, b in one.away):
                _workday(made, rng, one, today)
    _services(made, rng, weeks)
    return made.records()


def _workday(made: Calendar, rng: Rng, one: Person, today: datetime) -> None:
    slips = 0.75 if rng.random() < 1 / 90 else one.slips
    for _ in range(int(rng.poisson(one.pace))):
        at = today + timedelta(hours=float(np.clip(rng.normal(13, 2.5), 6, 22)))
        login = Deed(EventKind.ACCESS, one.name, "login", "registry", "ok", one.source)
        while rng.random() < slips:
            made.add(at, login._replace(outcome="failed"))
        made.add(at, login)
        _visit(made, rng, one, (at, login))


def _visit(made: Calendar, rng: Rng, one: Person, login: tuple[datetime, Deed]) -> None:
    at, deed = login
    for _ in range(int(rng.poisson(2))):
        closed = rng.random() < 0.02
        thing = f"model-{int(rng.zipf(1.6)) % 40}"
        outcome = "denied" if closed else "ok"
        made.add(at, deed._replace(action="pull", resource=thing, outcome=outcome))
    if rng.random() < 0.15:
        made.add(at, deed._replace(action="push", resource=f"model-{int(rng.integers(40))}"))
    if one.releases and rng.random() < 0.1:
        order = str(rng.choice(["promote", "promote", "delete"]))
        made.add(at, deed._replace(action=order, resource=f"model-{int(rng.integers(40))}"))
    if one.admin and rng.random() < 0.06:
        for _ in range(int(rng.integers(1, 5))):
            made.add(at, deed._replace(action="grant", resource=f"role-{int(rng.integers(6))}"))


def _services(made: Calendar, rng: Rng, weeks: int) -> None:
    for n in range(SERVICES):
        broken = {START + float(rng.uniform(0, weeks)) * WEEK for _ in range(max(1, weeks // 13))}
        deed = Deed(EventKind.ACCESS, f"service-{n}", "login", "registry", "ok", f"10.2.0.{n}")
        for hour in range(weeks * 168):
            at = START + timedelta(hours=hour, minutes=7 * n)
            if any(b <= at < b + timedelta(hours=1) for b in broken):
                made.add(at, deed._replace(outcome="failed"), 6)
            else:
                made.add(at, deed)
                made.add(at, deed._replace(action="pull", resource=f"model-{n}"))


class Custom:
    """The deeds of the time before, as they come and go; who was ever here stays."""

    def __init__(self, records: dict[datetime, Record]) -> None:
        self._records = records
        self._deeds: Counter[Deed] = Counter()
        self._inside: deque[datetime] = deque()
        self.known: Known = {}

    def go(self, at: datetime) -> None:
        """On to what was before this hop and the one before it; hop by hop."""
        newest = at - 2 * HOP
        if newest in self._records:
            self._deeds.update(self._records[newest].deeds)
            self._inside.append(newest)
            self.known = met(self.known, self._records[newest], newest)
        while self._inside and self._inside[0] < at - CUSTOM:
            self._deeds.subtract(self._records[self._inside.popleft()].deeds)

    def record(self) -> Record:
        """The deeds of these days."""
        return Record(deeds={deed: n for deed, n in self._deeds.items() if n})


def access(rng: Rng, weeks: int, count: Count) -> None:
    """One asset's weeks of accesses."""
    records = accesses(rng, weeks)
    custom, none = Custom(records), Record()
    for k in range(weeks * 7 * 144):
        at = START + k * HOP
        custom.go(at)
        if at - START >= WARM * WEEK and k % 2 and at in records:
            window = replace(
                examples.nothing_seen(),
                span=Span(start=at - HOP, end=at + HOP),
                record=records.get(at - HOP, none).merge(records[at]),
                before=custom.record(),
                known=custom.known,
            )
            count.look(access_anomaly.DETECTOR, window)


def training(rng: Rng, weeks: int, count: Count) -> None:
    """One asset's training runs and deployments."""
    one = maker(rng)
    count.habits[one.habit] += 1
    for window in weeks_of(one, weeks):
        if window.span.start - START >= WARM * WEEK:
            count.look(training_pattern.DETECTOR, window, one.habit)


def use(rng: Rng, weeks: int, count: Count) -> None:
    """One asset's use."""
    size = weeks * 7 * 144
    hours = np.arange(size) / 6
    level = float(rng.choice([60, 600, 6000])) * 1.1 ** (hours / 730)
    weekend = np.where((hours // 24) % 7 >= 5, rng.uniform(0.1, 0.8), 1.0)
    mean = level * (0.15 + np.maximum(0, np.sin((hours % 24 - 7) / 14 * np.pi))) * weekend
    for _ in range(weeks // 13 + 1):
        at = int(rng.integers(size))
        mean[at : at + 144] *= 0.1  # a holiday
        at = int(rng.integers(size))
        mean[at : at + 432] *= 2.0  # a campaign
    for month in range(weeks // 4):
        at = month * 4 * 1008 + int(rng.integers(6)) * 144 + 12
        mean[at : at + 12] += 1.2 * level[at]  # a batch at night
    events = rng.poisson(mean * rng.gamma(20, 1 / 20, size))
    pairs = events[:-1] + events[1:]
    for k in range(WARM * 1008, size - 2):
        at = START + k * HOP
        low = max(0, k - MOST_USAGE)
        if pairs[k] < 2.0 * pairs[low : k - 1].max():
            continue  # far under what it speaks of
        past = tuple(Usage(start=START + j * HOP, events=int(pairs[j])) for j in range(low, k - 1))
        deed = Deed(EventKind.ACCESS, "app", "read", "endpoint", "ok")
        window = replace(
            examples.nothing_seen(),
            span=Span(start=at, end=at + 2 * HOP),
            record=record_of([(deed, int(pairs[k]))]),
            usage=past,
        )
        count.look(resource_abuse.DETECTOR, window)


KINDS = {"access": access, "training": training, "use": use}


def told(kinds: Iterable[str], assets: int, weeks: int, seed: int) -> Iterator[tuple[str, Count]]:
    """For each kind, what was told of all assets together."""
    for kind in kinds:
        count = Count()
        for n in range(assets):
            count.newest.clear()
            KINDS[kind](np.random.default_rng(seed + n), weeks, count)
        yield kind, count


def main() -> None:
    """Measures and prints alarms by asset and year."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--assets", type=int, default=5)
    ask.add_argument("--weeks", type=int, default=26)
    ask.add_argument("--seed", type=int, default=2001)
    ask.add_argument("--kind", choices=(*KINDS,), action="append")
    ask.add_argument("--say", action="store_true")
    asked = ask.parse_args()
    years = asked.assets * (asked.weeks - WARM) / 52.18
    path = Path(__file__).parent / "results/ordinary_weeks.json"
    out: dict[str, dict[str, float]] = json.loads(path.read_text()) if path.exists() else {}
    for kind, count in told(asked.kind or KINDS, asked.assets, asked.weeks, asked.seed):
        rates = {name: round(n / years, 2) for name, n in sorted(count.told.items())}
        out[kind] = {"asset years": round(years, 2), **rates}
        out[kind]["all"] = round(count.told.total() / years, 2)
        for habit, assets in sorted(count.habits.items()):
            own = years * assets / asked.assets
            out[kind][f"all, {habit} ({assets} assets)"] = round(count.by_habit[habit] / own, 2)
        if count.waits:
            out[kind]["that wait"] = round(len(count.waits) / years, 2)
        print(kind, json.dumps(out[kind]), flush=True)
        if asked.say:
            print("\n".join(count.says[:40]))
        path.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
