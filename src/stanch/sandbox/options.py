"""How a drill is run."""

from dataclasses import dataclass
from enum import StrEnum

SLOWEST, FASTEST = 0.1, 100.0


class Through(StrEnum):
    """What stands in front of the victim."""

    GUARD = "guard"
    """The guard in the service's own process."""
    GATEWAY = "gateway"
    """Our gateway, a process of its own."""
    ENVOY = "envoy"


class Registries(StrEnum):
    """Where the victim's versions are kept."""

    FILES = "files"
    MLFLOW = "mlflow"


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How a drill is run."""

    seed: int = 1
    small: bool = False
    """A short attack, for tests."""
    speed: float = 1.0
    """How much faster everybody asks than at their own pace."""
    through: Through = Through.GUARD
    registry: Registries = Registries.FILES
    data: str = ""
    """The victim's data where a drill is not bound to its own; empty: the drill's own."""
