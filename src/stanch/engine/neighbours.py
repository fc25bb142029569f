"""Neighbours: the outside systems that are set up, what each is for, and whether it answers.

In    the plan of outside systems; a way to call on each without changing anything there.
Out   a line for each, without its secret; on demand, a sentence on whether it answered.
Why   that a mail server is unreachable is better found on a quiet day.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stanch.engine.systems import EVERYBODY, Plan
from stanch.vocabulary.trouble import NotFound, Trouble


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
class Door:
    """How one is called on."""

    address: str
    call: Callable[[], str]


class Neighbours:
    """Every outside system that is set up."""

    def __init__(self, plan: Plan, doors: Mapping[str, Door]) -> None:
        self._plan = plan
        self._doors = doors

    def all(self) -> tuple[Neighbour, ...]:
        """Each of them, by name."""
        return tuple(
            Neighbour(
                name=name,
                connector=system.connector,
                address=self._doors[name].address,
                seconds=system.seconds,
                uses=self._uses(name),
            )
            for name, system in sorted(self._plan.systems.items())
        )

    def call_on(self, name: str) -> Answered:
        """Whether it answers now; nothing is changed there."""
        door = self._doors.get(name)
        if door is None:
            raise NotFound("outside system", name[:64], "outside system")
        try:
            return Answered(name=name, good=True, says=door.call())
        except Trouble as trouble:
            return Answered(name=name, good=False, says=str(trouble))

    def _uses(self, name: str) -> tuple[str, ...]:
        plan = self._plan
        ties = (f"{t.how} of {t.asset}" for t in plan.ties if t.system == name)
        calls = (f"calls about {what}" for what, system in plan.calls.items() if system == name)
        told = [who for who, ways in plan.people.items() if any(w.system == name for w in ways)]
        people = ("everybody" if who == EVERYBODY else who for who in told)
        held = (f"files of {h.asset}" for h in plan.held if h.system == name)
        return (*ties, *calls, *(f"tells {who}" for who in people), *held)
