"""The demo: a real model behind a guard, its tenants, and one attack on it, live.

In    the address of a server that just started, its key, and its desk of drills.
Out   a `Demo` that runs until it is stopped. The attack begins after a minute, or at once when
      somebody presses the button of the console, or says `stanch drill run --live`.
Why   a product for attacks shows its worth when one happens. Whoever watches may answer what is
      asked; when nobody does, the demo's own person answers, and takes all back at the end, so
      that within three minutes an attack is found, asked about, contained and undone, as often as
      somebody wants to see it. Each play is scored as a drill is. Ordinary
      traffic of two sample assets goes on beside it; without scikit-learn there is only that, and
      one sentence says so.
"""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from stanch.engine.clock import utc_now
from stanch.sandbox.act import Act, Tempo
from stanch.sandbox.build import Stage, make, raised
from stanch.sandbox.desk import DrillDesk, HowToPlay
from stanch.sandbox.moment import Moment, Tell
from stanch.sandbox.options import Options
from stanch.sandbox.pace import Pace
from stanch.sandbox.player import Told
from stanch.sandbox.processes import Server, repeated
from stanch.sandbox.registry import drill
from stanch.sandbox.traffic import start as start_traffic
from stanch.sandbox.wire import Api
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import Busy, Missing, Trouble, Unreachable

Say = Callable[[str], None]
SHOWN = "unsigned_model"
"""Of all drills the one that shows all there is: found at once, asked about, contained, undone."""
ASSET = "digit-reader"
_NOBODY = Caller(name="the demo", scopes=frozenset({Scope.RESPOND}))
_LAST_SECONDS = 20.0
"""What its own questions to the server get at the end."""


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
        self._due: datetime | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="demo")
        self._thread.start()

    def stop(self) -> None:
        """Ends it; returns when nothing of it runs any more, or does not hear for too long."""
        self._over.set()
        self.cancel()
        self._desk.attach(None)
        self._thread.join(_LAST_SECONDS)

    @property
    def _how(self) -> str:
        """How somebody has it attack at once."""
        page = f"{self._api.url}/drills"
        return f"press the button on {page} or say stanch drill run {SHOWN} --live"

    def cancel(self) -> None:
        """Ends the attack that is under way."""
        self._enough.set()

    @property
    def due(self) -> datetime | None:
        """When it attacks by itself; nothing once it did, or somebody was quicker."""
        return self._due

    def attack(self, tell: Tell) -> Told:
        """Attacks now, as often as it is asked; gives back what came of it, once all is back."""
        stage, self._due = self._stage, None
        if stage is None:
            return Told(trouble="The demo's model is not up.")
        self._enough.clear()
        told = Act(stage, self._tempo, self._enough, self._heard(tell)).play()
        said = told.moment.says if told.moment is not None else told.trouble
        self._say(f"The demo: {said[0].lower()}{said[1:]} To see it again: {self._how}.")
        return told

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
            # A server that stops is away before it says that the demo is over.
            if not self._over.wait(_LAST_SECONDS if isinstance(trouble, Unreachable) else 0):
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
                self._due = utc_now() + timedelta(seconds=self._tempo.first)
                self._desk.attach(self)
                self._say(
                    f"The demo: {len(stage.tenants)} tenants ask the model {ASSET}. "
                    f"In {self._tempo.first:.0f} seconds somebody attacks it; to see it at once, "
                    f"{self._how}. What you are asked stands on {self._api.url}/approvals; "
                    f"after {self._tempo.reads:.0f} seconds the demo answers it itself."
                )
                self._over.wait(self._tempo.first)
                self._begin()
                self._over.wait()
                self._desk.close()

    def _begin(self) -> None:
        """The first attack, unless somebody was quicker."""
        if self._over.is_set() or self._due is None:
            return
        try:
            self._desk.start(SHOWN, HowToPlay(live=True), _NOBODY)
        except Busy:
            self._due = None


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


def start(where: Api, desk: DrillDesk, say: Say) -> Demo:
    """The demo, begun."""
    return Demo(where, desk, say)
