"""What a victim's process is told when it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

_MEDIAN, _SPREAD = 20.0, 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """One victim: where its weights are, who may ask, and which server its guard follows."""

    asset: str
    classes: tuple[str, ...]
    registry: str
    """The folder of its versions."""
    server: str
    key: str = field(repr=False)
    """A key of the guard's: policies come and events go with it."""
    doors: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The principal of each API key."""
    port: int = 0
    """0 takes a free one."""
    fail: str = "open"
    last_good: str = ""
    only: str = ""
    """The one version that answers, behind a guard elsewhere; empty: it has a guard of its own."""
    tells: bool = False
    """Whether it tells its own events, because what stands before it sees no bodies."""
    mlflow: bool = False
    """Whether its versions are in MLflow."""
    boot: str = "1"
    """Keeps the ids of requests apart from those of other starts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FrontSpec:
    """What the process of a gateway before a victim is told when it starts."""

    asset: str
    server: str
    key: str = field(repr=False)
    upstreams: Mapping[str, str]
    default: str
    doors: Mapping[str, str] = field(repr=False)
    boot: str
    port: int
    last_good: str = ""


def latency_ms(dice: np.random.Generator) -> float:
    """How long the model works on one answer: so long that the machine's own noise drowns in it."""
    return float(_MEDIAN * np.exp(_SPREAD * dice.normal()))
