"""Happenings: the rare things between the many: a deployment, a training run, a dataset change.

They are kept whole (not counted), so that a detector can say what happened just before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from stanch.vocabulary.event import EventKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """One event that is worth keeping whole."""

    at: datetime
    event: str
    """The id of the event, to cite."""
    kind: EventKind
    principal: str = ""
    version: str = ""
    what: str = ""
    """The action, the tool, the dataset, the run or the digest, by kind."""
    outcome: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Further fields of the event, as text, each at most 256 characters."""
