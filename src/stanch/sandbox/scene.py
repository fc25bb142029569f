"""The scene: what the attack of a drill gets to play with.

In    the world that the runner has built.
Out   doors with keys of one's own, a pace, dice; for insiders the registry and the pipeline.
Why   an attack never sees the server, the guard or the truth: only what is handed out here. What
      the referee alone may use is under `truth`.
"""

import threading
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from stanch.engine.clock import utc_now
from stanch.sandbox.pace import Pace
from stanch.sandbox.pipeline import Pipeline
from stanch.sandbox.processes import Server, Victim
from stanch.sandbox.tenants import Habits, label_event, network_of
from stanch.sandbox.victims.net import Net
from stanch.sandbox.victims.registry import Registry
from stanch.sandbox.victims.table import Table
from stanch.sandbox.wire import Answer, Door, HttpDoor
from stanch.vocabulary.trouble import Trouble


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Truth:
    """What the referee knows, and neither the attacker nor stanch."""

    net: Net
    learnt: Table
    unseen: Table
    """Rows that neither the victim nor any attacker has: gains are measured by them."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Insiders:
    """What only people inside the house reach."""

    registry: Registry
    pipeline: Pipeline
    server: Server
    victim: Victim
    habits: Habits


@dataclass(kw_only=True, slots=True, eq=False)
class Scene:
    """One drill under way."""

    asset: str
    seed: int
    small: bool
    speed: float
    known: Table
    """Rows that an outsider has: the domain is known, the victim's data is not."""
    outside: Table
    """Rows that contributors and customers bring, with what is true of them."""
    truth: Truth
    inside: Insiders
    stop: threading.Event = field(default_factory=threading.Event)
    tenants: tuple[str, ...] = ()
    opened: list[HttpDoor] = field(default_factory=list)

    def door(self, principal: str, source: str = "") -> Door:
        """The victim's API with this principal's key."""
        url, key = self.inside.victim.url, key_of(principal, self.seed)
        door = HttpDoor(url, key, source or network_of(principal))
        self.opened.append(door)
        return door

    def label(self, answer: Answer, says: str) -> None:
        """Sends the label for an answer: whoever asks a question may say what was true."""
        event = f"{self.asset}-{self.inside.victim.boot}-{answer.id}"
        told = label_event(self.asset, event, says, utc_now())
        with suppress(Trouble):
            self.inside.pipeline.api.send("POST", "/api/v1/events", [told])

    def pace(self, per_second: float) -> Pace:
        """So many a second, times the speed of the drill."""
        return Pace(per_second * self.speed, self.stop)

    def dice(self, purpose: int) -> np.random.Generator:
        """Dice of one's own for each purpose."""
        return np.random.default_rng([self.seed, purpose])

    def size(self, full: int, small: int) -> int:
        """The size to use."""
        return small if self.small else full

    def close(self) -> None:
        """Lets all connections go."""
        while self.opened:
            self.opened.pop().close()


def key_of(principal: str, seed: int) -> str:
    """The API key of a principal in a drill: good for nothing elsewhere."""
    return f"drill-{seed}-{principal}"
