"""The only clock and the only mint: every time and every new id in stanch comes from here."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letters that are mistaken for digits at 3 a.m."""


def utc_now() -> datetime:
    """The time now, aware and in UTC."""
    return datetime.now(UTC)  # noqa: TID251  this is the one place that reads the clock


def monotonic() -> float:
    """Seconds that only go forward, for measuring how long something takes."""
    return time.monotonic()


def elapsed() -> float:
    """Seconds since the machine started, the time that it slept with them where a system tells."""
    ticks = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(ticks)


def new_id(prefix: str, at: datetime) -> str:
    """A new id like `inc-06bq3r5k2mz9vw`: sorts by time, and two at once never meet."""
    number = int(at.timestamp() * 1000) << 30 | int.from_bytes(os.urandom(4), "big") >> 2
    letters = []
    for _ in range(15):
        number, digit = divmod(number, 32)
        letters.append(_ALPHABET[digit])
    return f"{prefix}-{''.join(reversed(letters))}"
