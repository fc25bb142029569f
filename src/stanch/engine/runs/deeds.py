"""What a run needs done, said as Protocols: the engine's own parts fit them, and so can a test's.

Every order carries a key that names this very visit to this step of this run. The same key again
must have no second effect: a step that was cut off is done over with the same key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from stanch.contain.playbook.facts import Facts
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import AssetId, IncidentId, RunId
from stanch.vocabulary.playbook import Argument

MACHINE = "stanch"
"""Who orders what no person asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One act to be done."""

    act: str
    args: Mapping[str, Argument] = field(default_factory=dict)
    incident: IncidentId
    asset: AssetId
    key: str
    by: str = MACHINE
    why: str = ""
    lasts: int | None = None
    """Seconds; None until it is taken back."""
    run: RunId
    seen: str = ""
    """The digest of what was shown and may be done; empty does not ask."""
    replaced: bool = False
    """When it is taken back: whether something else is in its place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What an order would change, for those who must agree to it."""

    text: str
    digest: str
    """Of the act itself: what is wanted and called, whatever else stands on the asset."""
    risk: Risk
    idle: bool = False
    """Whether nothing would change or be called: it is in force already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of an order."""

    ok: bool
    says: str
    handle: str = ""
    """What it takes to undo it; empty when there is nothing to undo."""
    again: bool = False
    """Whether it may work later: something was busy or away."""


class Deeds(Protocol):
    """Who does what runs want done."""

    def show(self, order: Order) -> Shown:
        """What it would change; nothing is changed."""
        ...

    def perform(self, order: Order) -> Outcome:
        """What came of it; the same key again has no second effect."""
        ...

    def begun(self, order: Order) -> str:
        """What it takes to undo what is in force of an order that broke off; empty if nothing."""
        ...

    def gave_up(self, order: Order, says: str) -> None:
        """Tells a person that an act was tried in vain; the same key again tells nobody twice."""
        ...

    def undo(self, order: Order, handle: str) -> Outcome:
        """What came of taking it back; again changes nothing."""
        ...

    def freeze(self, incident: IncidentId, *, by: str) -> None:
        """Keeps what the incident's asset is now; again keeps nothing twice."""
        ...

    def facts(self, incident: IncidentId, at: datetime) -> Facts:
        """What is so now, for conditions and arguments."""
        ...
