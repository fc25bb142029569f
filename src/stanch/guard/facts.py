"""What a guard knows of a request, and what it decides.

In    who asks, from where, how much; the moment on a clock that only goes forward.
Out   a Decision: answered, answered by the fallback, refused or asked to wait, and why.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """What happens to a request."""

    SERVE = "serve"
    SHADOW = "shadow"
    """The model is asked and its answer logged; the fallback is given."""
    FALLBACK = "fallback"
    REFUSE = "refuse"
    WAIT = "wait"
    """Refused now, welcome later."""


class Why(StrEnum):
    """What in the policy decided."""

    ALLOWED = "allowed"
    MODE = "mode"
    PRINCIPAL = "principal"
    NETWORK = "network"
    UNIDENTIFIED = "unidentified"
    BATCH = "batch"
    TOKENS = "tokens"
    PRINCIPAL_RATE = "principal_rate"
    OVERALL_RATE = "overall_rate"
    COST = "cost"
    FILTER = "filter"
    TOOL = "tool"
    UNREADABLE = "unreadable"
    """The body cannot be read for certain, and the policy depends on what it says."""
    NO_POLICY = "no_policy"
    INTERNAL = "internal"


class Request(NamedTuple):
    """What a decision depends on."""

    principal: str
    source: str
    at: float
    """Seconds on a clock that only goes forward."""
    rows: int = 1
    tokens: int = 0
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one request, and because of what."""

    outcome: Outcome
    why: Why
    version: str = ""
    """The version that should answer; empty leaves it to the service."""
    retry_after: float = 0.0
    status: int = 200
