"""The matrix: many drills on many seeds, several at a time, within a budget of time.

In    orders; how many players; seconds.
Out   the scores in the order of the orders; what could not be played, and what was left, in words.
Why   one drill on one seed is an anecdote. When the time is over no new one begins, and what was
      left is said: a matrix that was cut short does not look whole.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from stanch.engine.clock import monotonic
from stanch.sandbox.moment import Moment
from stanch.sandbox.player import Order, Told
from stanch.sandbox.plays import Player
from stanch.sandbox.score import Score

Tell = Callable[[Order, Told], None]
"""Hears everything that is told of each order: its moments, and at the end its score."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How a matrix is played."""

    jobs: int = 1
    """Players at a time; more than there are cores make the figures of seconds worse."""
    seconds: float = float("inf")
    """After so many no new drill begins."""


@dataclass(kw_only=True, slots=True)
class Played:
    """What came of a matrix."""

    scores: list[Score] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Why a drill came to no score, in sentences."""
    left: list[str] = field(default_factory=list)
    """Drills that no time was left for, with their seeds."""
    seconds: float = 0.0


def played(orders: Sequence[Order], budget: Budget, tell: Tell) -> Played:
    """All of them, as far as the time goes; nothing is left running, whatever happens."""
    start = monotonic()
    waiting: queue.SimpleQueue[tuple[int, Order]] = queue.SimpleQueue()
    for place in enumerate(orders):
        waiting.put(place)
    ends = start + budget.seconds
    found: dict[int, Told] = {}
    players = [Player() for _ in range(max(1, min(budget.jobs, len(orders))))]
    threads = [
        threading.Thread(target=_work, args=(player, waiting, (found, ends, tell)), daemon=True)
        for player in players
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)
    finally:
        for player in players:
            player.stop()
    return _sum(orders, found, monotonic() - start)


def _work(
    player: Player,
    waiting: "queue.SimpleQueue[tuple[int, Order]]",
    shared: tuple[dict[int, Told], float, Tell],
) -> None:
    found, ends, tell = shared

    while monotonic() < ends:
        try:
            place, order = waiting.get_nowait()
        except queue.Empty:
            return
        player.ask(replace(order, more=not waiting.empty()))
        found[place] = told = player.watch(partial(_heard, tell, order))
        tell(order, told)


def _heard(tell: Tell, order: Order, moment: Moment) -> None:
    tell(order, Told(moment=moment))


def _sum(orders: Sequence[Order], found: dict[int, Told], seconds: float) -> Played:
    whole = Played(seconds=round(seconds, 1))
    for place, order in enumerate(orders):
        told = found.get(place)
        if told is None:
            whole.left.append(f"{order.name}, seed {order.options.seed}")
        elif told.score is not None:
            whole.scores.append(told.score)
        else:
            whole.failed.append(f"{order.name}, seed {order.options.seed}: {told.trouble}")
    return whole
