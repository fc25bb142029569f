"""Tenants: innocent people's traffic, each with habits of their own, and the labels that come late.

In    rows nobody learnt from; a seed; a door for each tenant.
Out   requests at a steady pace; what each tenant was refused; events for late labels.
Why   an alarm is worth what it keeps quiet about, and a containment what it leaves running.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from stanch.sandbox.victims.data import Floats, Table
from stanch.sandbox.victims.net import Net
from stanch.sandbox.wire import GONE, Answer, Door

REFUSED = frozenset({401, 403, 413, 429, 502, 503})
_NOISE = 0.01
_TASTE = 4.0
"""How alike tenants are: classes in a Dirichlet share of this strength."""


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
        self._dice = np.random.default_rng([seed, 17])
        shares = 1.0 / np.arange(1, len(names) + 1) ** 0.5
        self._shares = shares / shares.sum()
        kinds = len(rows.classes)
        self._taste = self._dice.dirichlet(np.full(kinds, _TASTE), len(names))
        self._by_class = [np.flatnonzero(rows.y == k) for k in range(kinds)]
        self._there = np.asarray([len(found) > 0 for found in self._by_class])
        self._spread = rows.spread

    def next(self) -> Ask:
        """The next request of somebody."""
        dice = self._dice
        tenant = int(dice.choice(len(self.names), p=self._shares))
        weights = np.where(self._there, self._taste[tenant], 0.0)
        kind = int(dice.choice(len(weights), p=weights / weights.sum()))
        at = int(dice.choice(self._by_class[kind]))
        row = self.rows.x[at] + dice.normal(0.0, _NOISE, self.rows.x.shape[1]) * self._spread
        groups = self.rows.groups[at] if self.rows.groups else ""
        name, _, value = groups.partition("=")
        return Ask(
            tenant=self.names[tenant],
            row=row.round() if self.rows.whole else row.round(4),
            truth=self.rows.classes[int(self.rows.y[at])],
            groups={name: value} if name else {},
        )


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
    alone: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, ask: Ask, answer: Answer) -> None:
        """Counts one request."""
        with self.alone:
            self.asked[ask.tenant] += 1
            self.refused[ask.tenant] += answer.status in REFUSED
            self.lost += answer.status == GONE
            self.answered += answer.given
            self.right += answer.says == ask.truth

    def refused_share(self) -> float:
        """The share of requests that were refused."""
        with self.alone:
            return self.refused.total() / max(1, self.asked.total())


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
        "principal": "labelling",
    }


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Past:
    """What went on before the drill: the asset it is about, until when, for how long."""

    asset: str
    version: str
    until: datetime
    lasted: timedelta
    rows: int


def history(habits: Habits, net: Net, past: Past) -> list[dict[str, Any]]:
    """The events and labels of an ordinary time, as the guard would have told them."""
    step = past.lasted / past.rows
    events: list[dict[str, Any]] = []
    for n in range(past.rows):
        ask = habits.next()
        scores = net.scores(ask.row[None])[0]
        at = past.until - past.lasted + n * step
        name = f"{past.asset}-past-{n}"
        events.append(
            {
                "id": name,
                "ts": at.isoformat(),
                "kind": "inference",
                "asset": past.asset,
                "version": past.version,
                "principal": ask.tenant,
                "source": network_of(ask.tenant),
                "features": ask.row.tolist(),
                "prediction": habits.rows.classes[int(scores.argmax())],
                "scores": [round(float(s), 6) for s in scores],
                "latency_ms": 2.0,
                "status": 200,
                **({"groups": dict(ask.groups)} if ask.groups else {}),
            }
        )
        if n % 2 == 0:
            events.append(label_event(past.asset, name, ask.truth, at + step))
    return events
