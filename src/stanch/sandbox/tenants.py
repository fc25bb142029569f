"""Tenants: innocent people's traffic, each with habits of their own, and the labels that come late.

In    rows nobody learnt from; a seed; a door for each tenant.
Out   requests at a steady pace; what each tenant was refused; events for late labels.
Why   an alarm is worth what it keeps quiet about, and a containment what it leaves running.
"""

import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from stanch.sandbox.victims.net import Net
from stanch.sandbox.victims.spec import latency_ms
from stanch.sandbox.victims.table import Floats, Table
from stanch.sandbox.wire import GONE, Answer, Door

REFUSED = frozenset({401, 403, 413, 429, 502, 503})
_NOISE = 0.05
"""How much a number differs from one time to the next, as a share of its spread."""
_INK = 0.8
"""The same for the ink of a picture, where there is any."""
_TASTE = 4.0
"""How alike tenants are: classes in a Dirichlet share of this strength."""
_AHEAD = 256


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ask:
    """One ordinary request."""

    tenant: str
    row: Floats
    truth: str
    groups: Mapping[str, str]


class Habits:
    """Ordinary requests without end, the same for the same seed."""

    def __init__(self, rows: Table, names: Sequence[str], seed: int) -> None:
        self.rows = rows
        self.names = tuple(names)
        self.factors: Floats = np.ones(len(rows.features))
        """What a broken pipeline multiplies each feature by; ones as long as nothing is broken."""
        self._dice = np.random.default_rng([seed, 17])
        shares = 1.0 / np.arange(1, len(names) + 1) ** 0.5
        self._shares = shares / shares.sum()
        self._taste = self._dice.dirichlet(np.full(len(rows.classes), _TASTE), len(names))
        self._waiting: deque[Ask] = deque()

    def turn_to(self, rows: Table) -> None:
        """From now on people are as in these rows."""
        self.rows = rows
        self._waiting.clear()

    def break_unit(self, feature: int, factor: float) -> None:
        """From now on this feature reaches the model in another unit, for everybody."""
        self.factors[feature] = factor
        self._waiting.clear()

    def next(self) -> Ask:
        """The next request of somebody."""
        if not self._waiting:
            self._waiting.extend(self.many(_AHEAD))
        return self._waiting.popleft()

    def many(self, count: int) -> list[Ask]:
        """The next so many requests."""
        rows, dice, kinds = self.rows, self._dice, len(self.rows.classes)
        by_class = [np.flatnonzero(rows.y == k) for k in range(kinds)]
        there = np.asarray([len(found) > 0 for found in by_class])
        tenants = dice.choice(len(self.names), count, p=self._shares)
        weights = np.where(there, self._taste[tenants], 0.0).cumsum(axis=1)
        drawn = dice.random(count) * weights[:, -1]
        classes = np.minimum((drawn[:, None] >= weights).sum(axis=1), kinds - 1)
        places = dice.random(count)
        at = np.asarray(
            [by_class[k][int(p * len(by_class[k]))] for k, p in zip(classes, places, strict=True)]
        )
        x = varied(rows.x[at], rows, dice) * self.factors + 0.0
        return [
            Ask(
                tenant=self.names[tenant],
                row=row,
                truth=rows.classes[int(rows.y[place])],
                groups=groups_of(rows.groups[place]) if rows.groups else {},
            )
            for tenant, row, place in zip(tenants, x, at, strict=True)
        ]


def varied(x: Floats, rows: Table, dice: np.random.Generator) -> Floats:
    """The rows, each a little different: no two people send the very same thing."""
    noise = dice.normal(0.0, 1.0, x.shape)
    if not rows.whole:
        found: Floats = (x + _NOISE * noise * rows.spread).round(4)
        return found
    ink: Floats = np.where(x > 0, np.clip((x + _INK * noise).round(), 0, rows.x.max()), x)
    return ink


def groups_of(text: str) -> Mapping[str, str]:
    """The attribute and its value, of a group like `sex=b`."""
    name, _, value = text.partition("=")
    return {name: value}


def network_of(name: str) -> str:
    """The address a principal comes from: steady for each."""
    number = sum((n + 1) * ord(c) for n, c in enumerate(name))
    return f"10.{number // 60_000 % 200}.{number // 250 % 250}.{number % 250 + 1}"


@dataclass(kw_only=True, slots=True)
class Service:
    """How the innocent were served."""

    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    """Requests without any answer: the victim was down."""
    right: int = 0
    answered: int = 0
    version: str = ""
    """The version that answered last."""
    alone: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, ask: Ask, answer: Answer) -> None:
        """Counts one request."""
        with self.alone:
            self.asked[ask.tenant] += 1
            self.refused[ask.tenant] += answer.status in REFUSED
            self.lost += answer.status == GONE
            self.answered += answer.given
            self.right += answer.says == ask.truth
            self.version = answer.version if answer.given else self.version

    def made(self, planned: float) -> float:
        """The share of the requests planned that could be made: little on a slow machine."""
        with self.alone:
            return round(min(1.0, sum(self.asked.values()) / max(1.0, planned)), 3)

    def refused_share(self, guilty: Sequence[str] = ()) -> float:
        """The share of requests of the innocent that were refused."""
        with self.alone:
            names = [name for name in self.asked if name not in guilty]
            asked = sum(self.asked[name] for name in names)
            return sum(self.refused[name] for name in names) / max(1, asked)


def serve_once(habits: Habits, doors: Mapping[str, Door], service: Service) -> tuple[Ask, Answer]:
    """One ordinary request, asked and counted."""
    ask = habits.next()
    answer = doors[ask.tenant].ask(ask.row, ask.groups)
    service.saw(ask, answer)
    return ask, answer


def label_event(asset: str, event: str, label: str, at: datetime) -> dict[str, Any]:
    """The event that says what was true."""
    return {
        "id": f"label-{event}",
        "ts": at.isoformat(),
        "kind": "label",
        "asset": asset,
        "of": event,
        "label": label,
    }


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Past:
    """What went on before the drill: the asset it is about, until when, for how long."""

    asset: str
    answered: tuple[tuple[str, Net, float], ...]
    """Which version answered, with its net, until which share of the time."""
    until: datetime
    lasted: timedelta
    rows: int


def history(habits: Habits, past: Past) -> list[dict[str, Any]]:
    """The events and labels of an ordinary time, as the guard would have told them."""
    step = past.lasted / past.rows
    asks = habits.many(past.rows)
    versions = [_version_at(past, n) for n in range(past.rows)]
    rows = np.asarray([ask.row for ask in asks])
    by_version = {name: net.scores(rows).round(6) for name, net, _ in past.answered}
    dice = np.random.default_rng(3)
    events: list[dict[str, Any]] = []
    for n, (ask, version) in enumerate(zip(asks, versions, strict=True)):
        row = by_version[version][n]
        at = past.until - past.lasted + n * step
        name = f"{past.asset}-past-{n}"
        events.append(
            {
                "id": name,
                "ts": at.isoformat(),
                "kind": "inference",
                "asset": past.asset,
                "version": version,
                "principal": ask.tenant,
                "source": network_of(ask.tenant),
                "features": ask.row.tolist(),
                "prediction": habits.rows.classes[int(row.argmax())],
                "scores": row.tolist(),
                "latency_ms": round(latency_ms(dice), 3),
                "status": 200,
                **({"groups": dict(ask.groups)} if ask.groups else {}),
            }
        )
        if n % 2 == 0:
            events.append(label_event(past.asset, name, ask.truth, at + step))
    return events


def _version_at(past: Past, place: int) -> str:
    """The version that answered the request at this place."""
    return next(name for name, _, until in past.answered if place < until * past.rows)
