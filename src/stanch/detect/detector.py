"""Detectors: what each is, what it reads, and how it looks.

In    a `Window` on one asset, and the detector's own limits.
Out   findings; `Blind` when it cannot tell; nothing when it looked and saw nothing.
Why   one module, one constant `DETECTOR`; the contract suite runs over all of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from stanch.detect.mixture import apart, told
from stanch.detect.window import Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

L = TypeVar("L")


@dataclass(frozen=True, kw_only=True, slots=True)
class Detector(Generic[L]):
    """One way to look at a window."""

    id: DetectorId
    """The same as its module's name."""
    title: str
    reads: tuple[EventKind, ...]
    """The kinds of event it lives on; it is only asked about assets that sent one of them."""
    atlas: tuple[str, ...]
    """MITRE ATLAS techniques that it speaks of; empty when it speaks of plain change."""
    lifecycle: Lifecycle
    limits: L
    """A frozen dataclass of its thresholds; the user's settings may replace its fields."""
    look: Callable[[Window, L], Iterator[Finding | Blind]]
    fires_on: Callable[[], Window]
    """An example that it must find something in."""
    quiet_on: Callable[[], Window]
    """An example that it must look at and find nothing in."""
    by_condition: bool = False
    """Whether it compares how all answers are spread, which differs by condition of operation;
    what looks for somebody looks at all conditions together, whichever of them they claim."""

    def looks_at(self, window: Window) -> bool:
        """Whether this window is its to look at."""
        return not window.condition or (self.by_condition and window.condition in window.judged)

    def seen_in(self, window: Window) -> tuple[Finding | Blind, ...]:
        """What it says about this window, in a fixed order."""
        said = tuple(_under(window, one) for one in self.look(window, self.limits))
        if self.by_condition and apart(window):
            said = tuple(one for one in said if isinstance(one, Blind))
        return tuple(sorted(said, key=repr))


def _under(window: Window, said: Finding | Blind) -> Finding | Blind:
    """What was said, with the condition of operation that it was said under."""
    if not window.condition:
        return said
    if isinstance(said, Blind):
        return replace(said, condition=window.condition)
    return replace(said, condition=window.condition, says=f"Under {told(window)}: {said.says}")
