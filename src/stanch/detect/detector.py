"""Detectors: what each is, what it reads, and how it looks.

In    a `Window` on one asset, and the detector's own limits.
Out   findings; `Blind` when it cannot tell; nothing when it looked and saw nothing.
Why   one module, one constant `DETECTOR`; the contract suite runs over all of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

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

    def seen_in(self, window: Window) -> tuple[Finding | Blind, ...]:
        """What it says about this window, in a fixed order."""
        said = tuple(self.look(window, self.limits))
        return tuple(sorted(said, key=repr))
