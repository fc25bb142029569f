"""A moment of a drill: how far it is, and what an observer has seen until then.

Out   what the command line says, what the console shows live, what a child tells its parent.
Why   whoever waits for a drill wants to see it happen, and all of them the same thing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

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
