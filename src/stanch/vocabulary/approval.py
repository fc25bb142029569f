"""Approvals: a named person's yes or no, bound to the digest of exactly what was shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stanch.vocabulary.ids import ActionId, ApprovalId, AssetId, Digest, IncidentId, RunId
from stanch.vocabulary.people import Role


class Answer(StrEnum):
    """What became of a question."""

    OPEN = "open"
    YES = "yes"
    NO = "no"
    LAPSED = "lapsed"
    """Nobody answered in time; the safe default was taken."""
    OVERRIDDEN = "overridden"
    """Somebody used the emergency override: loud, and reviewed afterwards."""
    WITHDRAWN = "withdrawn"
    """Nobody needs to answer any more: the run that asked gave way to another one."""


class Risk(StrEnum):
    """How much consent an action needs."""

    AUTOMATIC = "automatic"
    """Narrow and reversible: done at once."""
    ONE = "one"
    """Wide or costly: one person says yes."""
    TWO = "two"
    """Cannot be undone: two different people say yes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """One person's answer to one question."""

    by: str
    yes: bool
    at: datetime
    digest: Digest
    """What that person saw."""
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What somebody else found of an emergency override."""

    by: str
    at: datetime
    finding: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """One question to people."""

    id: ApprovalId
    incident: IncidentId
    asset: AssetId
    action: ActionId
    risk: Risk
    role: Role
    shown: str
    """The words the person is asked to agree to: what, why, who is hit, what if no."""
    digest: Digest
    asked: datetime
    expires: datetime
    if_silent: bool = False
    """What silence means; never yes for what cannot be undone."""
    run: RunId | None = None
    answer: Answer = Answer.OPEN
    votes: tuple[Vote, ...] = ()
    delegated_to: str = ""
    version: int = 1
    requester: str = "stanch"
    """Who wants it; their own yes does not count."""
    acts: Mapping[str, str] = field(default_factory=dict)
    """The digest of each act that a yes allows, by the step that does it."""
    told: int = 0
    """How much of the time, in percent, was over when people were last reminded."""
    review: bool = False
    """Whether somebody must look at it afterwards, because it was overridden."""
    reviewed: Review | None = None
    """What came of that look."""
    why: str = ""
    """Why it was withdrawn, in words."""
