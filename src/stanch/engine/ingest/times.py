"""Times as senders write them, to microseconds in UTC.

In    ISO 8601 texts with a zone, or numbers: seconds since 1970 below 1e11, milliseconds below
      1e14, microseconds beyond.
Out   an Arrow column, and the rows whose time cannot be read, each with its sentence.
Why   a time without a zone is a guess, and a guess moves an attack by hours; it is refused.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

STAMP = pa.timestamp("us", "UTC")
_SECONDS_BELOW = 1e11
_MILLIS_BELOW = 1e14
_LARGEST = 8.2e18 / 1e6
"""More than this many seconds do not fit 64 bits of microseconds."""


def times_of(values: Sequence[str | float | None]) -> tuple[pa.Array, dict[int, str]]:
    """The times, null where they cannot be read, and why for each of those."""
    if set(map(type, values)) <= {str}:
        try:
            return pa.array(values, pa.string()).cast(STAMP), {}
        except pa.ArrowInvalid:
            pass
    wrong: dict[int, str] = {}
    micros: list[int | None] = []
    for row, value in enumerate(values):
        found = _micros(value)
        if isinstance(found, str):
            wrong[row] = found
        micros.append(found if isinstance(found, int) else None)
    return pa.array(micros, pa.int64()).cast(STAMP), wrong


def numbers_to_times(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Epoch numbers as microseconds, and where that was possible."""
    size = np.abs(values)
    factor = np.where(size < _SECONDS_BELOW, 1e6, np.where(size < _MILLIS_BELOW, 1e3, 1.0))
    with np.errstate(invalid="ignore", over="ignore"):
        good = np.isfinite(values) & (size * factor < _LARGEST * 1e6)
        return np.where(good, np.rint(values * factor), 0).astype(np.int64), good


def _micros(value: str | float | None) -> int | str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        micros, good = numbers_to_times(np.asarray([value], dtype=np.float64))
        return int(micros[0]) if good[0] else "ts is not a time that can be stored."
    return _parsed(value)


def _parsed(text: str) -> int | str:
    try:
        moment: Any = datetime.fromisoformat(text)
    except ValueError:
        return "ts is not a time; write ISO 8601 like 2026-01-31T12:00:00Z, or epoch seconds."
    if moment.tzinfo is None:
        return "ts has no time zone; end it with Z or an offset like +01:00."
    try:
        since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    except OverflowError:
        return "ts is not a time that can be stored."
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
