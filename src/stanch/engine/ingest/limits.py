"""How much, how old, how deep: the limits of the door, all in one value."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What the intake takes; whatever is beyond is refused with a sentence."""

    body_bytes: int = 64 * MIB
    """A request as it arrives."""
    unpacked_bytes: int = 256 * MIB
    """A request once unpacked, and the memory an Arrow stream may ask for."""
    ratio: int = 200
    """How many times larger than it arrived a request may unpack (from `ratio_from` bytes on)."""
    ratio_from: int = 16 * MIB
    rows: int = 1_000_000
    """Rows in one request."""
    row_bytes: int = MIB
    """The text of one row."""
    id_chars: int = 200
    future: timedelta = timedelta(days=1)
    """How far ahead of our clock a sender's clock may run."""
    oldest: datetime = datetime(2000, 1, 1, tzinfo=UTC)
