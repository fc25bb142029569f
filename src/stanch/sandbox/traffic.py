"""Ordinary traffic for the demo: a few assets, several tenants, and a steady day's work.

In    a server's address and a key for it.
Out   sample assets, an hour of events behind us, and events as they happen from then on.
Why   an empty console teaches nobody; this is what normal looks like, before any drill.
"""

import json
import math
import random
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from stanch.engine.clock import utc_now

TENANTS = ("north-bank", "south-bank", "shop", "insurer")
ASSETS: tuple[dict[str, Any], ...] = (
    {
        "id": "fraud-scorer",
        "kind": "model",
        "name": "Card fraud scorer",
        "owner": "payments",
        "criticality": 3,
        "data_classes": ["financial"],
        "version": "v7",
        "features": [{"name": name} for name in ("amount", "hour", "distance", "age")],
        "classes": ["ok", "fraud"],
    },
    {
        "id": "support-assistant",
        "kind": "agent",
        "name": "Customer support assistant",
        "owner": "service",
        "criticality": 2,
        "data_classes": ["personal"],
        "version": "v3",
    },
)
_SEED = 20_261_121


@dataclass(kw_only=True, slots=True)
class Traffic:
    """Makes ordinary events, the same ones for the same seed."""

    seed: int = _SEED
    count: int = 0
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311  sample data, not secrets

    def events(self, at: datetime, many: int) -> list[dict[str, Any]]:
        """So many events of around this moment."""
        return [self._one(at) for _ in range(many)]

    def _one(self, at: datetime) -> dict[str, Any]:
        self.count += 1
        moment = at + timedelta(milliseconds=self.dice.uniform(0, 1000))
        same = {
            "id": f"demo-{self.seed}-{at:%Y%m%dT%H%M%S}-{self.count}",
            "ts": moment.isoformat(),
            "principal": self.dice.choice(TENANTS),
            "source": f"10.0.{self.dice.randrange(4)}.{self.dice.randrange(1, 255)}",
        }
        return {**same, **(self._inference() if self.dice.random() < 0.9 else self._exchange())}  # noqa: PLR2004  nine in ten

    def _inference(self) -> dict[str, Any]:
        amount = self.dice.lognormvariate(3.5, 1.0)
        hour = self.dice.uniform(0, 24)
        distance = self.dice.expovariate(1 / 20)
        age = self.dice.gauss(44, 14)
        score = 1 / (1 + math.exp(4.0 - 0.01 * amount - 0.02 * distance))
        return {
            "kind": "inference",
            "asset": "fraud-scorer",
            "version": "v7",
            "features": [amount, hour, distance, age],
            "prediction": "fraud" if score > 0.5 else "ok",  # noqa: PLR2004  the model's threshold
            "scores": [1 - score, score],
            "latency_ms": self.dice.gammavariate(4, 2),
            "status": 200,
        }

    def _exchange(self) -> dict[str, Any]:
        asks = self.dice.choice(("Where is my parcel?", "Cancel my order.", "Change my address."))
        return {
            "kind": "exchange",
            "asset": "support-assistant",
            "version": "v3",
            "messages": [{"role": "user", "content": asks}],
            "output": "I have passed this on to a colleague.",
            "tokens": self.dice.randrange(40, 200),
        }


def start(url: str, key: str, say: Callable[[str], None]) -> threading.Event:
    """Sends sample traffic from a thread of its own until the event that is given back is set."""
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(url, key, say, stop), daemon=True, name="demo")
    thread.start()
    return stop


def _run(url: str, key: str, say: Callable[[str], None], stop: threading.Event) -> None:
    for asset in ASSETS:
        _post(url, key, "/api/v1/assets", asset)
    traffic = Traffic()
    now = utc_now()
    for minute in range(60, 0, -1):
        _post(url, key, "/api/v1/events", traffic.events(now - timedelta(minutes=minute), 100))
    say(f"The demo sends ordinary traffic of {len(TENANTS)} tenants to {len(ASSETS)} assets.")
    while not stop.wait(1.0):
        _post(url, key, "/api/v1/events", traffic.events(utc_now(), 20))


def _post(url: str, key: str, path: str, body: object) -> int:
    """The status of the answer; 0 when there was none, for the next second tries again."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers)  # noqa: S310  our own address
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  our own address
            return int(answer.status)
    except urllib.error.HTTPError as told:
        return told.code
    except OSError:
        return 0
