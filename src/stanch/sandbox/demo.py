"""The demo: a real model behind a guard, its tenants, and one attack on it, live.

In    the address of a server that just started, its key, and its desk of drills.
Out   a `Demo` that runs until it is stopped. The attack begins after a minute, or at once when
      somebody presses the button of the console, or says `stanch drill run --live`.
Why   a product for attacks shows its worth when one happens. Whoever watches may answer what is
      asked; when nobody does, the demo's own person answers, and takes all back at the end, so
      that within three minutes an attack is found, asked about, contained and undone. Ordinary
      traffic of two sample assets goes on beside it; without scikit-learn there is only that, and
      one sentence says so.
"""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from stanch.engine.clock import monotonic
from stanch.sandbox.aftermath import undone
from stanch.sandbox.build import VERSION, Stage, make, raised
from stanch.sandbox.desk import DrillDesk, HowToPlay
from stanch.sandbox.drill import Gain
from stanch.sandbox.eyes import Bar, Eyes
from stanch.sandbox.moment import Moment, Part, Tell
from stanch.sandbox.options import Options
from stanch.sandbox.pace import Pace
from stanch.sandbox.people import Person
from stanch.sandbox.processes import Server, repeated
from stanch.sandbox.referee import enough
from stanch.sandbox.registry import drill
from stanch.sandbox.traffic import start as start_traffic
from stanch.sandbox.wire import Api
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import Busy, Missing, Trouble

Say = Callable[[str], None]
SHOWN = "unsigned_model"
"""Of all drills the one that shows all there is: found at once, asked about, contained, undone."""
ASSET = "digit-reader"
_NOBODY = Caller(name="the demo", scopes=frozenset({Scope.RESPOND}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Tempo:
    """How fast the demo goes, in seconds."""

    first: float = 60.0
    """Ordinary life before the attack begins by itself."""
    attack: float = 75.0
    """The longest that it goes on."""
    reads: float = 30.0
    """What whoever watches has to answer a question before the demo's own person does."""
    stays: float = 20.0
    """How long the containment can be looked at before it is taken back."""


USUAL = Tempo()


class Demo:
    """The demo of one server."""

    name = SHOWN

    def __init__(self, where: Api, desk: DrillDesk, say: Say, tempo: Tempo = USUAL) -> None:
        self._api = where
        self._desk = desk
        self._say = say
        self._tempo = tempo
        self._over = threading.Event()
        self._enough = threading.Event()
        self._stage: Stage | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="demo")
        self._thread.start()

    def stop(self) -> None:
        """Ends it; returns when nothing of it runs any more."""
        self._over.set()
        self.cancel()
        self._desk.attach(None)
        self._thread.join(60)

    @property
    def _how(self) -> str:
        """How somebody has it attack at once."""
        page = f"{self._api.url}/drills"
        return f"press the button on {page} or say stanch drill run {SHOWN} --live"

    def cancel(self) -> None:
        """Ends the attack that is under way."""
        self._enough.set()

    def attack(self, tell: Tell) -> str:
        """Attacks now; gives back what came of it, once all is taken back."""
        stage = self._stage
        if stage is None:
            return "The demo's model is not up."
        self._enough.clear()
        said = _Act(stage, self._tempo, self._enough, self._heard(tell)).play()
        self._say(f"The demo: {said[0].lower()}{said[1:]} To see it again: {self._how}.")
        return said

    def _heard(self, tell: Tell) -> Tell:
        def both(moment: Moment) -> None:
            self._say(f"The demo: {moment.says}")
            tell(moment)

        return both

    def _run(self) -> None:
        traffic = start_traffic(self._api.url, self._api.key, self._say)
        try:
            self._live()
        except Missing as trouble:
            self._say(f"The demo attacks nothing: {trouble}")
            self._over.wait()
        except Trouble as trouble:
            if not self._over.is_set():
                self._say(f"The demo ended: {trouble}")
                self._over.wait()
        finally:
            traffic.set()

    def _live(self) -> None:
        shown = drill(SHOWN)
        shown = replace(shown, world=replace(shown.world, asset=ASSET))
        with tempfile.TemporaryDirectory(prefix="stanch-demo-") as name:
            server = Server(Path(name))
            server.api = self._api
            made = make(shown, Options())
            with (
                raised(shown, Options(), Path(name), (server, made)) as stage,
                _life(stage, self._over),
            ):
                self._stage = stage
                self._desk.attach(self)
                self._say(
                    f"The demo: {len(stage.tenants)} tenants ask the model {ASSET}. "
                    f"In {self._tempo.first:.0f} seconds somebody attacks it; to see it at once, "
                    f"{self._how}. What you are asked stands on {self._api.url}/approvals"
                )
                self._over.wait(self._tempo.first)
                self._begin()
                self._over.wait()
                self._desk.close()

    def _begin(self) -> None:
        """The first attack, unless somebody was quicker."""
        played = any(run.live for run in self._desk.runs().items)
        if self._over.is_set() or played:
            return
        try:
            self._desk.start(SHOWN, HowToPlay(live=True), _NOBODY)
        except Busy:
            return


@contextmanager
def _life(stage: Stage, over: threading.Event) -> Iterator[None]:
    """Tenants ask and labels come, until it is over."""
    pace = Pace(stage.drill.world.per_second, over)

    def tenants() -> None:
        while pace.next():
            stage.serve()

    people = threading.Thread(target=tenants, daemon=True)
    people.start()
    labels = repeated(stage.tell_labels, 1.0, over)
    try:
        yield
    finally:
        over.set()
        people.join(30)
        labels.join(30)


class _Act:
    """One attack of the demo, from the first question to the way back."""

    def __init__(self, stage: Stage, tempo: Tempo, cancelled: threading.Event, tell: Tell) -> None:
        wanted = stage.drill.expected
        bar = Bar(asset=stage.asset, enough=lambda p: enough(p, wanted), clean=stage.clean)
        self._stage, self._tempo, self._cancelled, self._tell = stage, tempo, cancelled, tell
        self._eyes = Eyes(lambda: stage.server.api, bar)
        self._person = Person(
            api=stage.approver, says_yes=frozenset(wanted.asks), reads=tempo.reads
        )
        self._loot: list[object] = []

    def play(self) -> str:
        """What the attacker got, and whether it was taken back."""
        stage, eyes, tempo = self._stage, self._eyes, self._tempo
        stop = threading.Event()
        stage.scene.stop = threading.Event()
        eyes.look()
        eyes.news = lambda says: self._say(Part.ATTACK, says)
        eyes.attack_begins()
        self._say(Part.ATTACK, f"{stage.drill.title.lower()}, now.")
        looking = [repeated(eyes.look, 0.5, stop), repeated(self._person.look, 0.5, stop)]
        attack = threading.Thread(target=self._attack, daemon=True)
        attack.start()
        try:
            self._wait(tempo.attack, lambda: eyes.sight.contained is not None)
            stage.scene.stop.set()
            attack.join(30)
            self._wait(tempo.stays, lambda: False)
        finally:
            stage.scene.stop.set()
            stop.set()
            for thread in looking:
                thread.join(30)
        return self._back()

    def _attack(self) -> None:
        self._loot.append(self._stage.drill.attack(self._stage.scene))

    def _back(self) -> str:
        stage = self._stage
        known = bool(self._loot) and not self._cancelled.is_set()
        gain = (
            stage.drill.gain(stage.scene, self._loot[0]) if known else Gain(says="nothing of use")
        )
        self._say(Part.BACK, f"the attack is over: {gain.says}. Taking all back.")
        if stage.drill.expected.good:
            # The owner's part: what was put there wrongly is taken out before service goes on.
            stage.scene.inside.registry.promote(VERSION)
        back = undone(stage, self._eyes.sight)
        how = {
            None: "There was nothing to take back.",
            True: "All is taken back: the policy is as before, and everybody is served.",
            False: "Not all could be taken back; see the policy's page.",
        }
        return f"It is over: {gain.says}. {how[back]}"

    def _wait(self, seconds: float, done: Callable[[], bool]) -> None:
        end = monotonic() + seconds
        while monotonic() < end and not done() and not self._cancelled.wait(0.1):
            continue

    def _say(self, part: Part, says: str) -> None:
        self._tell(Moment(part=part, says=says, seconds=self._eyes.sight.seconds))


def start(where: Api, desk: DrillDesk, say: Say) -> Demo:
    """The demo, begun."""
    return Demo(where, desk, say)
