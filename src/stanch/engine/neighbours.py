"""Neighbours: the outside systems that are set up, what each is for, and whether it answers.

In    the lines to outside systems.
Out   a line for each, without its secret; on demand, whether it answers, or takes a trial notice.
Why   that a mail server is unreachable, or an address wrong, is better found on a quiet day.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from stanch.engine.clock import Clock
from stanch.engine.ports import Store
from stanch.engine.systems import EVERYBODY, Connected, Door, Plan
from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, NotFound, Trouble

TRIAL = "This is a trial of stanch: nothing has happened. If you can read it, you can be reached."


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """One outside system."""

    name: str
    connector: str
    address: str
    """As it may be shown: without its secret."""
    seconds: float
    uses: tuple[str, ...]
    """What it is for, in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What came of calling on one."""

    name: str
    good: bool
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """How somebody is reached."""

    who: str
    """A name; `*` is everybody else."""
    channels: tuple[str, ...]
    """The system, and their address there where it has one of its own."""


class Neighbours:
    """Every outside system that is set up."""

    def __init__(self, store: Store, clock: Clock, lines: Connected) -> None:
        self._store = store
        self._clock = clock
        self._lines = lines

    def all(self) -> tuple[Neighbour, ...]:
        """Each of them, by name."""
        lines = self._lines()
        return tuple(
            Neighbour(
                name=name,
                connector=system.connector,
                address=lines.doors[name].address,
                seconds=system.seconds,
                uses=tuple(uses_of(name, lines.plan)),
            )
            for name, system in sorted(lines.plan.systems.items())
        )

    def people(self) -> tuple[Reached, ...]:
        """How each person is reached, everybody else last."""
        found = self._lines().plan.people
        return tuple(
            Reached(who=who, channels=tuple(f"{c.system} {c.to}".strip() for c in found[who]))
            for who in sorted(found, key=lambda who: (who == EVERYBODY, who))
        )

    def call_on(self, name: str) -> Answered:
        """Whether it answers now; nothing is changed there."""
        door = self._lines().doors.get(name)
        if door is None:
            raise NotFound("outside system", name[:64], "connector list")
        return answered(name, door)

    def trial(self, who: str, by: str) -> tuple[Answered, ...]:
        """What came of a trial notice by each channel of this person; everybody's tell who asks."""
        lines, at = self._lines(), self._clock()
        channels = lines.plan.people.get(who, ())
        if not channels:
            raise BadInput(f"No channel of {who[:64]!r} is set up.")
        said = []
        for channel in channels:
            to = channel.to or (by if who == EVERYBODY else who)
            key = f"trial/{at.isoformat()}/{digest_of(f'{channel.system} {to}'.encode())[-12:]}"
            try:
                says, good = lines.doers[channel.system]("tell", to, TRIAL, key), True
            except Trouble as trouble:
                says, good = str(trouble), False
            said.append(Answered(name=channel.system, good=good, says=says))
        facts = {one.name: one.good for one in said}
        entry = Entry(at=at, deed=Deed.PERSON_TOLD, actor=by, about="trial", facts=facts)
        with self._store.begin() as tx:
            tx.record(entry)
        return tuple(said)


def answered(name: str, door: Door) -> Answered:
    """Whether it answers now."""
    try:
        return Answered(name=name, good=True, says=door.call())
    except Trouble as trouble:
        return Answered(name=name, good=False, says=str(trouble))


def uses_of(name: str, plan: Plan) -> Iterator[str]:
    """What this system is for, in words."""
    yield from (f"{t.how.replace('_', ' ')} of {t.asset}" for t in plan.ties if t.system == name)
    yield from (f"calls about {what}" for what, system in plan.calls.items() if system == name)
    told = [who for who, ways in plan.people.items() if any(w.system == name for w in ways)]
    yield from (f"tells {'everybody' if who == EVERYBODY else who}" for who in told)
    yield from (f"files of {h.asset}" for h in plan.held if h.system == name)
