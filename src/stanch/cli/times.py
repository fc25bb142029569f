"""Times as people write them: a day, a moment, or so long ago.

In    2026-11-21, 2026-11-21T08:00Z, 24h, 7d; the moment now.
Out   the moment, in UTC.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from stanch.vocabulary.trouble import BadInput

Since = Annotated[
    str, typer.Option(help="From here on: 2026-11-21, 2026-11-21T08:00Z, or 24h (ago).")
]
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_HOW = "Write a day (2026-11-21), a moment (2026-11-21T08:00Z), or how long ago (30m, 24h, 7d, 2w)."


def moment(text: str, now: datetime) -> str:
    """The moment as the server reads it; nothing for nothing."""
    return _read(text.strip(), now).isoformat().replace("+00:00", "Z") if text.strip() else ""


def _read(text: str, now: datetime) -> datetime:
    try:
        if text[-1] in _UNITS and text[:-1].isdecimal():
            return now - timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
        found = datetime.fromisoformat(text)
        if found.tzinfo is None and len(text) > len("2026-11-21"):
            raise BadInput(f"{text!r} has no zone. Add Z for UTC.")
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(f"{text[:60]!r} is no time. {_HOW}") from None
