"""What the store keeps for the engine besides the nouns people speak of.

Bodies are bytes: the store keeps the summaries and baselines of `detect` without reading them.
"""

from dataclasses import dataclass
from datetime import datetime

from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import AssetId, BaselineId, Digest, IncidentId, PrincipalId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.record import Deed, Entry


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryBlock:
    """The counts of one minute: of an asset's version, or of a condition or principal in it."""

    asset: AssetId
    version: str
    minute: datetime
    body: bytes
    n: int = 0
    """How many events it counts."""
    principal: PrincipalId | None = None
    """Nobody: the block counts everybody."""
    condition: str = ""
    """Empty: the block counts all of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineKept:
    """A golden summary as it was set, with its signature."""

    id: BaselineId
    asset: AssetId
    version: str
    set: datetime
    by: str
    digest: Digest
    body: bytes
    signature: str = ""
    condition: str = ""
    """The condition of operation it stands for; empty for all of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """How far a reader of the event spool has come."""

    reader: str
    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BlindSpot:
    """What a detector cannot tell now, and for how long."""

    blind: Blind
    since: datetime | None
    """None: it never could, since nothing that it lives on was ever told."""
    seen: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyVersion:
    """A policy as it was put in force: what the owner wants, what incidents demand, the sum."""

    asset: AssetId
    version: int
    at: datetime
    by: str
    because: str
    base: Policy
    demands: str
    """JSON text that `contain` writes and reads."""
    policy: Policy
    digest: Digest
    incident: IncidentId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """An entry that waits for its place in the evidence log."""

    seq: int
    """Without gaps, in the order of the transactions."""
    entry: Entry


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """That an entry of the evidence log speaks of a thing: it is about it, or of its incident."""

    thing: str
    place: int
    """The entry's place in the log."""
    deed: Deed


BY_PEOPLE = "by people"
"""What every entry speaks of that is not by stanch itself; no thing has a space in its id."""


def made_by(actor: str) -> str:
    """What every entry speaks of that is by this one."""
    return f"by: {actor}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """That something changed: enough to look it up again."""

    seq: int
    kind: str
    id: str
    at: datetime
