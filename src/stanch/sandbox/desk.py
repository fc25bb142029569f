"""The desk of drills: what a server plays for whoever asks, one at a time, and what came of it.

In    a drill's name and how to play it; from the demo, a stage on this very server.
Out   a `DrillRun`, which is kept, and announced whenever something in it changes.
Why   a drill from the console is the same as one from the command line: a server of its own in an
      empty folder, in a process of its own. Only the demo's, which is said to be `live`, attacks a
      model that this server guards, and that one belongs to the demo.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import msgspec

from stanch.engine.clock import Clock, new_id
from stanch.engine.ports import Store
from stanch.sandbox.drill import Drill
from stanch.sandbox.moment import Moment, Part, Tell
from stanch.sandbox.options import FASTEST, SLOWEST, Options
from stanch.sandbox.player import Order, Told
from stanch.sandbox.plays import Play
from stanch.sandbox.registry import drill, drills
from stanch.sandbox.score import Score, Seconds
from stanch.vocabulary.listing import Page
from stanch.vocabulary.people import Caller
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, Busy, Conflict, NotFound

_LOG = logging.getLogger("stanch.drills")
_NAME = "drill/"
_CUT_OFF = "The server ended before the drill did."


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillRun:
    """One drill that was asked for."""

    id: str
    name: str
    title: str
    seed: int
    small: bool
    speed: float
    live: bool
    """Whether it is the demo's, on a model that this server guards."""
    by: str
    started: datetime
    part: Part = Part.WAITING
    says: str = ""
    """The last sentence it said."""
    seconds: Seconds = field(default_factory=Seconds)
    ended: datetime | None = None
    score: Score | None = None
    trouble: str = ""
    """Why it came to no score."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillCard:
    """One drill that there is, and how it went here the last time."""

    name: str
    title: str
    expected: str
    innocent: bool
    """Nobody attacks; an answer would be the mistake."""
    last: DrillRun | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """All drills, what runs now, and what the demo could show."""

    drills: tuple[DrillCard, ...]
    running: DrillRun | None = None
    live: str = ""
    """The drill that the demo plays on this server when asked; empty without a demo."""
    due: datetime | None = None
    """When the demo plays it by itself; nothing once it was played."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HowToPlay:
    """How a drill is asked for."""

    seed: int = 1
    small: bool = True
    speed: float = 1.0
    live: bool = False


class Live(Protocol):
    """The demo's stage."""

    @property
    def name(self) -> str:
        """The drill that it plays."""
        ...

    @property
    def due(self) -> datetime | None:
        """When it attacks by itself; nothing once it did."""
        ...

    def attack(self, tell: Tell) -> Told:
        """Attacks now, and says at the end what came of it, with its score."""
        ...

    def cancel(self) -> None:
        """Ends the attack that is under way."""
        ...


class Playing(Protocol):
    """A drill under way."""

    def watch(self, tell: Tell) -> Told:
        """The last it says: a score or a trouble; every moment is told until then."""
        ...

    def stop(self) -> None:
        """Breaks it off; returns when nothing of it is left."""
        ...


class DrillDesk:
    """Plays drills for people, one at a time."""

    def __init__(self, store: Store, clock: Clock, play: Callable[[Order], Playing] = Play) -> None:
        self._store = store
        self._begin = play
        self._clock = clock
        self._alone = threading.Lock()
        self._now: DrillRun | None = None
        self._play: Playing | None = None
        self._thread: threading.Thread | None = None
        self._live: Live | None = None

    def attach(self, live: Live | None) -> None:
        """From now on the demo's stage is this one; None takes it away."""
        self._live = live

    def board(self) -> Board:
        """All drills, each with its last run, and what runs now."""
        last: dict[str, DrillRun] = {}
        for one in self._kept():
            last.setdefault(one.name, one)
        cards = tuple(_card(one, last) for one in drills().values())
        return replace(self.stand(), drills=cards)

    def stand(self) -> Board:
        """What runs now and what the demo could show, without the list of drills."""
        live = self._live
        return Board(
            drills=(),
            running=self._now,
            live=live.name if live else "",
            due=live.due if live else None,
        )

    def runs(self, *, after: str = "", limit: int = 50) -> Page[DrillRun]:
        """Runs, newest first."""
        older = [one for one in self._kept() if not after or one.id < after]
        items = tuple(older[:limit])
        return Page(items=items, next=items[-1].id if len(older) > limit else "")

    def get(self, key: str) -> DrillRun:
        """One run, or `NotFound`."""
        now = self._now
        if now is not None and now.id == key:
            return now
        with self._store.look() as tx:
            text = tx.settings.get(_NAME + key)
        if text is None:
            raise NotFound("run of a drill", key[:64], "drill list")
        return self._read(text)

    def start(self, name: str, how: HowToPlay, caller: Caller) -> DrillRun:
        """The run that began; `Busy` while another one goes on."""
        chosen = drill(name)
        if not SLOWEST <= how.speed <= FASTEST:
            raise BadInput(f"speed is {SLOWEST:g} to {FASTEST:g}, not {how.speed:g}.")
        if how.live and (self._live is None or self._live.name != name):
            raise Conflict(f"No demo here plays {name}. Start one with `stanch up --demo`.")
        with self._alone:
            if self._now is not None:
                raise Busy(f"the drill {self._now.name} is being played", 30)
            at = self._clock()
            run = DrillRun(
                id=new_id("drl", at),
                name=name,
                title=chosen.title,
                seed=how.seed,
                small=how.small,
                speed=how.speed,
                live=how.live,
                by=caller.name,
                started=at,
                says="It begins.",
            )
            self._now = run
            self._keep(run, caller.name)
            work = self._attack_live if how.live else self._play_apart
            self._thread = threading.Thread(target=work, args=(run,), daemon=True, name="drill")
            self._thread.start()
        return run

    def stop(self, key: str) -> DrillRun:
        """The run, broken off; one that is over stays as it is."""
        now = self._now
        if now is None or now.id != key:
            return self.get(key)
        self._break_off()
        thread = self._thread
        if thread is not None:
            thread.join(60)
        return self.get(key)

    def close(self) -> None:
        """Breaks off what runs; returns when nothing of it is left."""
        now = self._now
        if now is not None:
            self.stop(now.id)

    def _break_off(self) -> None:
        if self._play is not None:
            self._play.stop()
        elif self._live is not None:
            self._live.cancel()

    def _play_apart(self, run: DrillRun) -> None:
        options = Options(seed=run.seed, small=run.small, speed=run.speed)
        self._play = self._begin(Order(name=run.name, options=options))
        try:
            self._end(run, self._play.watch(self._moved))
        finally:
            self._play = None

    def _attack_live(self, run: DrillRun) -> None:
        live = self._live
        try:
            told = live.attack(self._moved) if live is not None else Told()
        except Exception as error:  # noqa: BLE001  border: a demo that broke is told to people
            _LOG.warning("the demo broke", exc_info=error)
            told = Told(trouble=f"The demo broke ({type(error).__name__}): {error}")
        self._end(run, told)

    def _moved(self, moment: Moment) -> None:
        now = self._now
        if now is not None:
            self._now = replace(now, part=moment.part, says=moment.says, seconds=moment.seconds)
            self._keep(self._now)

    def _end(self, run: DrillRun, told: Told) -> None:
        now = self._now or run
        score = told.score
        says = told.trouble or (told.moment.says if told.moment else "")
        over = replace(
            now,
            part=Part.OVER,
            ended=self._clock(),
            score=score,
            trouble=told.trouble,
            says=says or ("Won." if score is not None and score.won else "Not won."),
            seconds=score.seconds if score is not None else now.seconds,
        )
        self._keep(over, run.by)
        self._now = None

    def _keep(self, run: DrillRun, entered: str = "") -> None:
        """Keeps it; with a name, it is also entered in the log as this one's."""
        with self._store.begin() as tx:
            tx.settings.put(_NAME + run.id, msgspec.json.encode(run).decode())
            tx.announce("drill", run.id)
            if entered:
                facts: Mapping[str, str | int | bool] = {
                    "drill": run.name,
                    "seed": run.seed,
                    "live": run.live,
                    "part": run.part,
                    **({"won": run.score.won} if run.score is not None else {}),
                }
                entry = Entry(
                    at=run.ended or run.started,
                    deed=Deed.DRILL_PLAYED,
                    actor=entered,
                    about=run.id,
                    facts=facts,
                )
                tx.record(entry)

    def _kept(self) -> list[DrillRun]:
        """All that are kept, newest first."""
        with self._store.look() as tx:
            texts = tx.settings.all(_NAME)
        return sorted(map(self._read, texts.values()), key=lambda one: one.id, reverse=True)

    def _read(self, text: str) -> DrillRun:
        """The run; one that neither ended nor goes on was cut off with its server."""
        run, now = msgspec.json.decode(text, type=DrillRun), self._now
        if run.ended is None and (now is None or now.id != run.id):
            return replace(run, part=Part.OVER, ended=run.started, trouble=_CUT_OFF, says=_CUT_OFF)
        return run


def _card(one: Drill, last: Mapping[str, DrillRun]) -> DrillCard:
    return DrillCard(
        name=one.id,
        title=one.title,
        expected=one.expected.words,
        innocent=one.innocent,
        last=last.get(one.id),
    )
