"""How a drill is run."""

from dataclasses import dataclass

SLOWEST, FASTEST = 0.1, 100.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How a drill is run."""

    seed: int = 1
    small: bool = False
    """A short attack, for tests."""
    speed: float = 1.0
    """How much faster everybody asks than at their own pace."""
