"""The runner: plays a drill from an empty folder to its score.

In    a drill and how to run it.
Out   its moments as they come, its `Score`; `CouldNotTell` when the stage could not be built.
Why   the order is the same for every drill, so that scores compare: (1) build, (2) an ordinary
      while, (3) the attack, while eyes watch, (4) a while after, (5) the evidence, here and as an
      outsider gets it, (6) the way back, (7) the referee. Whatever happens, nothing is left
      running.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from stanch.engine.clock import monotonic
from stanch.sandbox.aftermath import evidence_of, undone, unready
from stanch.sandbox.build import Stage, staged
from stanch.sandbox.drill import Drill, Gain
from stanch.sandbox.eyes import Bar, Eyes
from stanch.sandbox.ground import Ground
from stanch.sandbox.moment import Moment, Part, Tell, Voice
from stanch.sandbox.options import Options
from stanch.sandbox.outsider import bundles_of, remembered
from stanch.sandbox.pace import Pace
from stanch.sandbox.people import READS, Person
from stanch.sandbox.processes import repeated
from stanch.sandbox.referee import Record, enough, score
from stanch.sandbox.score import Score
from stanch.vocabulary.trouble import CouldNotTell

LOOK_EVERY = 0.25
_SHOWS = 1.5


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


def run(drill: Drill, options: Options, tell: Tell, ground: Ground | None = None) -> Score:
    """The drill's score; `ground` is where it is played, when that was prepared."""
    times = SMALL if options.small else FULL
    tell(Moment(part=Part.BUILDING, says=f"{drill.id}: building the stage."))
    with staged(drill, options, ground or Ground()) as stage:
        return _played(stage, times, tell)


def _played(stage: Stage, times: Times, tell: Tell) -> Score:
    drill, wanted = stage.drill, stage.drill.expected
    bar = Bar(asset=stage.asset, enough=lambda p: enough(p, wanted), clean=stage.clean)
    eyes = Eyes(lambda: stage.server.api, bar)
    person = Person(api=stage.approver, says_yes=frozenset(wanted.asks))

    voice = Voice(tell, lambda: eyes.sight.seconds, name=drill.id)
    say, eyes.news = voice.begins, voice.news
    began = monotonic()
    with _life(stage, eyes, person):
        # (2) an ordinary while: whatever is said now is a false alarm
        say(Part.QUIET, f"ordinary traffic of {len(stage.tenants)} tenants.")
        _wait(times.quiet, lambda: False)
        keys = remembered(stage.server.api)
        # (3) the attack, (4) a while after
        eyes.attack_begins()
        say(Part.ATTACK, f"{drill.title.lower()}.")
        loot = _attacked(stage, times, eyes)
        clean = stage.clean()
        stage.notes.extend(unready(stage))
        # (5) the evidence
        say(Part.PROOF, "checking the evidence.")
        evidence = evidence_of(stage, eyes.sight)
        bundles = bundles_of(stage.server.api, eyes.sight.incidents, stage.folder, keys)
        # (6) the way back
        say(Part.BACK, "taking it back.")
        back = undone(stage, eyes.sight)
    # (7) the referee
    return score(
        Record(
            drill=drill,
            seed=stage.options.seed,
            speed=stage.options.speed,
            through=stage.options.through,
            small=stage.options.small,
            tenants=stage.tenants,
            sight=eyes.sight,
            service=stage.service,
            gain=drill.gain(stage.scene, loot) if loot is not None else Gain(says="nothing"),
            evidence=evidence,
            bundles=bundles,
            undone=back,
            clean=clean,
            answers=tuple(person.answers),
            pace=stage.service.made(stage.per_second * (monotonic() - began)),
            notes=tuple(stage.notes),
        )
    )


def _attacked(stage: Stage, times: Times, eyes: Eyes) -> Any:
    """What the attacker has, once it is contained or there was time enough for it."""
    sight, expected = eyes.sight, stage.drill.expected
    attack = _Attack(stage)
    _wait(times.attack, lambda: attack.over or sight.contained is not None)
    if sight.contained is None and not stage.drill.innocent:
        late = times.after + 2 * READS * bool(expected.asks)
        _wait(late, lambda: sight.contained is not None)
    _wait(times.settled, lambda: False)
    stage.scene.stop.set()
    loot = attack.loot()
    if expected.good:
        # Whatever the pipeline did at the end has to show in what people are answered.
        _wait(_SHOWS, lambda: False)
    eyes.look()
    return loot


@contextmanager
def _life(stage: Stage, eyes: Eyes, person: Person) -> Iterator[None]:
    """Tenants ask, labels come, eyes look and a person answers, until the block is left."""
    stop = threading.Event()
    pace = Pace(stage.per_second, stop)

    def tenants() -> None:
        while pace.next():
            stage.serve()

    asking = threading.Thread(target=tenants, daemon=True)
    threads = [
        asking,
        repeated(stage.tell_labels, 1.0, stop),
        repeated(eyes.look, LOOK_EVERY, stop),
        repeated(person.look, LOOK_EVERY, stop),
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
