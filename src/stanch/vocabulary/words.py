"""Words and numbers as people read them: how long ago, how much is left, how large."""

import re
from datetime import UTC, datetime, timedelta
from enum import Enum, IntEnum, StrEnum

_STEPS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_KILO = 1024
_SOON = 5
_BARE = 100
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_POWERS = ((9, "billion"), (6, "million"), (3, "thousand"), (0, ""))
_BEYOND = 12
_LETTERS = {"ml": "ML"}


def spell(seconds: float) -> str:
    """A duration in its two largest units: `2 h 5 min`."""
    rest = int(abs(seconds))
    parts: list[str] = []
    for size, unit in _STEPS:
        count, rest = divmod(rest, size)
        if count or (parts and unit != "s"):
            parts.append(f"{count} {unit}")
        if parts and (size <= 60 or len(parts) == 2):  # noqa: PLR2004  two units; minutes alone
            break
    return " ".join(p for p in parts if not p.startswith("0 ")) or "0 s"


def short(seconds: float) -> str:
    """A duration; under ten seconds with a tenth."""
    return f"{seconds:.1f} s" if seconds < 10 else spell(seconds)  # noqa: PLR2004  tenths matter


def ago(at: datetime, now: datetime) -> str:
    """How long ago, or how far ahead."""
    seconds = (now - at).total_seconds()
    if abs(seconds) < _SOON:
        return "now"
    return f"{_rough(seconds)} ago" if seconds > 0 else f"in {_rough(seconds)}"


def _rough(seconds: float) -> str:
    """A duration in its largest unit."""
    for size, unit in _STEPS:
        if abs(seconds) >= size:
            return f"{int(abs(seconds) // size)} {unit}"
    return "0 s"


def left(due: datetime, now: datetime) -> str:
    """What is left until then, or by how much it is late."""
    seconds = (due - now).total_seconds()
    return f"{spell(seconds)} left" if seconds >= 0 else f"{spell(seconds)} late"


def used(start: datetime, due: datetime, now: datetime) -> float:
    """Which share of the time is gone, from 0 to 1."""
    whole = (due - start) / timedelta(seconds=1)
    gone = (now - start) / timedelta(seconds=1)
    return min(1.0, max(0.0, gone / whole)) if whole > 0 else 1.0


def absolute(at: datetime) -> str:
    """The moment in full, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def clock_time(at: datetime) -> str:
    """The moment, short: day and minute, in UTC."""
    return f"{at.astimezone(UTC):%d %b %H:%M}"


def clock_second(at: datetime) -> str:
    """The moment, short: day and second, in UTC."""
    return f"{at.astimezone(UTC):%d %b %H:%M:%S}"


def size(count: int) -> str:
    """Bytes in the unit that fits."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):  # noqa: B007  the last unit is kept
        if value < _KILO:
            break
        value /= _KILO
    return f"{value:.0f} {unit}" if value >= _BARE or unit == "B" else f"{value:.1f} {unit}"


def word(value: object) -> str:
    """A value of a closed set as a word: `threshold_probing` is `threshold probing`."""
    match value:
        case IntEnum():
            return value.name.lower()
        case StrEnum() | Enum():
            return _spaced(str(value.value))
        case _:
            return _spaced(str(value))


def _spaced(text: str) -> str:
    """Its words apart, letters that stand for words large."""
    return " ".join(_LETTERS.get(part, part) for part in text.replace("_", " ").split(" "))


def counted(count: int, one: str, several: str = "") -> str:
    """How many of it there are: `1 finding`, `2,310 findings`; `several` where an s does not do."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def odds(strength: float) -> str:
    """How rarely chance alone would show as much: `1 in 17 thousand` for a strength of 4.22."""
    if strength >= _BEYOND:
        return "under 1 in a trillion"
    strength = max(0.0, strength)
    power, name = next((p, n) for p, n in _POWERS if strength >= p)
    return f"1 in {round(10 ** (strength - power)):,} {name}".rstrip()


def when(text: str) -> str:
    """A moment as programs write it, in full for people; other text as it is."""
    return absolute(datetime.fromisoformat(text)) if _STAMP.fullmatch(text) else text


def begun(text: object) -> str:
    """The text with a large first letter; names in it stay as they are."""
    said = str(text)
    return said[:1].upper() + said[1:]


def number(value: float) -> str:
    """A number with thin groups, and no more digits than help."""
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}".replace(",", "\u202f")
    return f"{value:.3g}"
