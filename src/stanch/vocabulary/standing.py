"""Standing: an asset's base policy and what incidents demand on top of it.

A demand is a partial policy with a name under it: what it does not mention it leaves alone. The
effective policy is computed from a standing (`contain/`), so each demand can be taken back alone.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from stanch.vocabulary.ids import ActionId, AssetId, IncidentId, PrincipalId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.span import Span

DemandId = NewType("DemandId", str)


def demand_id(asker: str, action: str, what: bytes) -> DemandId:
    """The name of a demand: the same asker wanting the same thing makes the same demand."""
    seen = b"\0".join((asker.encode(), action.encode(), what))
    return DemandId("dmd-" + hashlib.sha256(seen).hexdigest()[:16])


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What somebody wants of an asset's policy, for a time and a reason."""

    id: DemandId
    policy: Policy
    """Only what is wanted differs from the neutral policy."""
    since: datetime
    by: str
    why: str
    incident: IncidentId | None = None
    action: ActionId | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How an asset stands: its normal policy, and the demands on it, oldest first."""

    base: Policy
    demands: tuple[Demand, ...] = ()
    version: int = 0
    """Grows with each change and never goes back; guards order policies by it."""

    @property
    def asset(self) -> AssetId:
        """The asset that stands so."""
        return self.base.asset


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """How much one principal asked, from one address, of one version."""

    principal: PrincipalId
    count: int
    source: str = ""
    version: str = ""
    cost: float = 0.0
    tools: Mapping[str, int] = field(default_factory=dict)
    minutes: tuple[int, ...] = ()
    """The count by minute of the span, from its start; empty when it is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """What was asked of an asset over a span, in counts."""

    asset: AssetId
    span: Span
    flows: tuple[Flow, ...] = ()
    found: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """For each filter rule that was tried on real inputs, the share of each principal's requests
    that it finds; under no name that of all."""
