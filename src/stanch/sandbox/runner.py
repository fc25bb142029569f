"""The runner: plays a drill from an empty folder to its score.

In    a drill and how to run it.
Out   its moments as they come, its `Score`; `CouldNotTell` when the stage could not be built.
Why   the order is the same for every drill, so that scores compare: (1) build, (2) an ordinary
      while, (3) the attack, while eyes watch, (4) a while after, (5) the evidence, (6) the way
      back, (7) the referee. Whatever happens, nothing is left running.
"""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stanch.engine.clock import monotonic
from stanch.sandbox.aftermath import evidence_of, undone, unready
from stanch.sandbox.build import Stage, staged
from stanch.sandbox.drill import Drill, Gain
from stanch.sandbox.eyes import Eyes
from stanch.sandbox.moment import Moment, Part, Tell
from stanch.sandbox.options import Options
from stanch.sandbox.pace import Pace
from stanch.sandbox.processes import repeated
from stanch.sandbox.referee import Record, enough, score
from stanch.sandbox.scorecard import Score
from stanch.vocabulary.trouble import CouldNotTell

LOOK_EVERY = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """How long each part may take, in seconds."""

    quiet: float
    """Ordinary traffic before the attack."""
    attack: float
    """The longest that an attack goes on."""
    after: float
    """What detection gets after the attack ended."""
    settled: float
    """How long innocent traffic is watched after containment."""


FULL = Times(quiet=15, attack=90, after=30, settled=8)
SMALL = Times(quiet=4, attack=30, after=8, settled=3)


def run(drill: Drill, options: Options, tell: Tell) -> Score:
    """The drill's score."""
    times = SMALL if options.small else FULL
    with tempfile.TemporaryDirectory(prefix="stanch-drill-") as name:
        tell(Moment(part=Part.BUILDING, says=f"{drill.id}: building the stage."))
        with staged(drill, options, Path(name)) as stage:
            return _played(stage, times, tell)


def _played(stage: Stage, times: Times, tell: Tell) -> Score:
    drill, scene = stage.drill, stage.scene
    wanted = drill.expected.contained
    eyes = Eyes(lambda: stage.server.api, drill.world.asset, lambda policy: enough(policy, wanted))

    def say(part: Part, says: str) -> None:
        tell(Moment(part=part, says=f"{drill.id}: {says}", seconds=eyes.sight.seconds))

    eyes.news = lambda says: say(Part.ATTACK, says)
    with _life(stage, eyes):
        # (2) an ordinary while: whatever is said now is a false alarm
        say(Part.QUIET, f"ordinary traffic of {len(stage.tenants)} tenants.")
        _wait(times.quiet, lambda: False)
        # (3) the attack
        eyes.attack_begins()
        say(Part.ATTACK, f"{drill.title.lower()}.")
        attack = _Attack(stage)
        _wait(times.attack, lambda: attack.over or eyes.sight.contained is not None)
        # (4) a while after
        if eyes.sight.contained is None and not drill.innocent:
            _wait(times.after, lambda: eyes.sight.contained is not None)
        _wait(times.settled, lambda: False)
        scene.stop.set()
        loot = attack.loot()
        eyes.look()
        stage.notes.extend(unready(stage))
        # (5) the evidence, (6) the way back
        say(Part.PROOF, "checking the evidence.")
        evidence = evidence_of(stage, eyes.sight)
        say(Part.BACK, "taking it back.")
        back = undone(stage, eyes.sight)
    # (7) the referee
    gain = drill.gain(scene, loot) if loot is not None else Gain(says="nothing")
    return score(
        Record(
            drill=drill,
            seed=stage.options.seed,
            speed=stage.options.speed,
            tenants=stage.tenants,
            sight=eyes.sight,
            service=stage.service,
            gain=gain,
            evidence=evidence,
            undone=back,
            notes=tuple(stage.notes),
        )
    )


@contextmanager
def _life(stage: Stage, eyes: Eyes) -> Iterator[None]:
    """Tenants ask, labels come and eyes look, until the block is left."""
    stop = threading.Event()
    pace = Pace(stage.drill.world.per_second * stage.options.speed, stop)

    def tenants() -> None:
        while pace.next():
            stage.serve()

    asking = threading.Thread(target=tenants, daemon=True)
    threads = [
        asking,
        repeated(stage.tell_labels, 1.0, stop),
        repeated(eyes.look, LOOK_EVERY, stop),
    ]
    asking.start()
    try:
        yield
    finally:
        stop.set()
        stage.scene.stop.set()
        for thread in threads:
            thread.join(30)


@dataclass(slots=True)
class _Attack:
    """The attack, in a thread of its own."""

    stage: Stage
    _found: list[Any] = field(default_factory=list)
    _failed: list[Exception] = field(default_factory=list)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        return not self._thread.is_alive()

    def loot(self) -> Any:
        """What the attacker has at the end; `CouldNotTell` when the attack itself broke."""
        self._thread.join(60)
        if self._failed or self._thread.is_alive():
            why = repr(self._failed[0]) if self._failed else "it does not stop"
            raise CouldNotTell(f"the attack of {self.stage.drill.id} broke: {why}")
        return self._found[0]

    def _run(self) -> None:
        try:
            self._found.append(self.stage.drill.attack(self.stage.scene))
        except Exception as error:  # noqa: BLE001  border: told to the main thread, which raises
            self._failed.append(error)


def _wait(seconds: float, done: Callable[[], bool]) -> None:
    end = monotonic() + seconds
    pause = threading.Event()
    while monotonic() < end and not done():
        pause.wait(0.05)
