"""A moment of a drill: how far it is, and what an observer has seen until then.

Out   what the command line says, what the console shows live, what a child tells its parent.
Why   whoever waits for a drill wants to see it happen, and all of them the same thing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

from stanch.sandbox.score import Seconds


class Part(StrEnum):
    """The parts of a drill, in their order."""

    WAITING = "waiting"
    BUILDING = "building"
    QUIET = "quiet"
    ATTACK = "attack"
    AFTER = "after"
    PROOF = "proof"
    """Is the evidence good?"""
    BACK = "back"
    """Does undoing lead back?"""
    OVER = "over"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One moment."""

    part: Part
    says: str
    """One sentence for people."""
    seconds: Seconds = field(default_factory=Seconds)
    """What has been seen so far, from the first hostile request."""


Tell = Callable[[Moment], None]


def unheard(_: Moment) -> None:
    """Tells nobody."""


class Voice:
    """Says what happens, from whatever thread: the parts of a play come in order and never back."""

    def __init__(self, tell: Tell, seconds: Callable[[], Seconds], *, name: str = "") -> None:
        self._tell, self._seconds = tell, seconds
        self._before = f"{name}: " if name else ""
        self._part = Part.QUIET
        self._one_at_a_time = Lock()

    def begins(self, part: Part, says: str) -> None:
        """Tells that this part begins."""
        self._say(part, says)

    def news(self, says: str) -> None:
        """Tells what was seen: it is of the part that is played by then, however late it is."""
        self._say(None, says)

    def _say(self, part: Part | None, says: str) -> None:
        with self._one_at_a_time:
            self._part = part or self._part
            says = f"{self._before}{says}"
            self._tell(Moment(part=self._part, says=says, seconds=self._seconds()))
