"""Times as people write them: a day, a moment, or so long ago.

In    2026-11-21, 2026-11-21T08:00Z, 24h, 7d; the moment now.
Out   the moment, in UTC.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from stanch.vocabulary.trouble import BadInput

Since = Annotated[
    str, typer.Option(help="From here on: 2026-11-21, 2026-11-21T08:00Z, or 24h (ago).")
]
_AGO = re.compile("([0-9]{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_HOW = "Write a day (2026-11-21), a moment (2026-11-21T08:00Z), or how long ago (30m, 24h, 7d, 2w)."


def moment(text: str, now: datetime) -> str:
    """The moment as the server reads it; nothing for nothing."""
    return _read(text.strip(), now).isoformat().replace("+00:00", "Z") if text.strip() else ""


def ago(text: str) -> timedelta | None:
    """How long ago, where it says that and no day or moment."""
    found = _AGO.fullmatch(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def _read(text: str, now: datetime) -> datetime:
    try:
        if (span := ago(text)) is not None:
            return now - span
        found = datetime.fromisoformat(text)
        if found.tzinfo is None and len(text) > len("2026-11-21"):
            raise BadInput(f"{text!r} has no zone. Add Z for UTC.")
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(f"{text[:60]!r} is no time. {_HOW}") from None
