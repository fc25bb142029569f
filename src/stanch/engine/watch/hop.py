"""Hops: how time is cut for looking.

A look goes over the hop that runs now and the one before it, so an attack across a border is seen
whole, and every look inside a hop is on the same window: the same sight has the same id.
"""

from datetime import UTC, datetime, timedelta

from stanch.vocabulary.span import Span

MINUTE = timedelta(minutes=1)
HOP = timedelta(minutes=10)
LATENESS = timedelta(minutes=2)
"""A minute stays open this long after it ended; what comes later is counted as late."""
SKEW = timedelta(minutes=1)
"""An event this far ahead of our clock is counted in the minute in which it came."""


def minute_of(at: datetime) -> datetime:
    """The start of the minute."""
    return at.replace(second=0, microsecond=0)


def span_of(at: datetime) -> Span:
    """The window that is looked at now."""
    start = datetime.fromtimestamp(at.timestamp() // HOP.total_seconds() * HOP.total_seconds(), UTC)
    return Span(start=start - HOP, end=start + HOP)
