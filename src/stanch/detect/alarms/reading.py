"""Readings: what the alarms say of a stream of counts, in the form detectors use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Stream(StrEnum):
    """What is watched for change; each has its own share of the false alarms allowed."""

    NUMBERS = "numbers"
    CATEGORIES = "categories"
    MISSING = "missing"
    """Missing, infinite, out of range and new values."""
    PREDICTIONS = "predictions"
    VALUE = "value"
    CONFIDENCE = "confidence"
    MARGIN = "margin"
    SCORES = "scores"
    AXES = "axes"
    MANIFOLD = "manifold"
    LATENCY = "latency"
    STATUS = "status"
    ACCURACY = "accuracy"
    """Wrong answers among late labels, per true class and in all."""
    CALIBRATION = "calibration"
    FAIRNESS = "fairness"
    """Answers by group."""
    GROUP_ERRORS = "group_errors"
    """Wrong answers among late labels, per group and true class, and per group in all."""
    BEHAVIOUR = "behaviour"
    """Answers by bucket of inputs: what like inputs are answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Where the evidence on one stream stands now."""

    stream: Stream
    strength: float
    """Log10 of the always-on evidence (e-SR); an alarm at `needed`."""
    needed: float
    """Log10 of the average run length that is promised, in batches."""
    since_start: float
    """Log10 of the evidence since a known start (a deployment); alarm at `needed_since_start`."""
    needed_since_start: float
    batches: int
    """Batches that went in since the last reset."""
    named: tuple[str, ...] = ()
    """The members (features, classes, groups) that e-BH names, at false discovery rate 5 %."""
    members: Mapping[str, float] = field(default_factory=dict)
    """Log10 of each member's own evidence."""

    @property
    def alarm(self) -> bool:
        """Whether chance is excluded, at the promised rate of false alarms."""
        return self.strength >= self.needed or self.since_start >= self.needed_since_start
