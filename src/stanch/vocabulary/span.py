"""A span of time, closed at the start and open at the end, always in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Span:
    """From `start` up to, but without, `end`."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise BadInput("A span needs times with a zone. Add Z for UTC.")
        if self.end < self.start:
            raise BadInput(f"A span cannot end ({self.end}) before it starts ({self.start}).")

    def covers(self, at: datetime) -> bool:
        """Whether this moment lies inside."""
        return self.start <= at < self.end

    def joined(self, other: "Span") -> "Span":
        """The smallest span that covers both."""
        return Span(start=min(self.start, other.start), end=max(self.end, other.end))

    def near(self, other: "Span", gap: timedelta) -> bool:
        """Whether the two touch, or lie no further apart than `gap`."""
        return self.start <= other.end + gap and other.start <= self.end + gap
