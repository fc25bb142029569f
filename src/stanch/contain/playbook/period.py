"""Periods in words: 90s, 5m, 2h, 7d.

In    text. Out   whole seconds, or BadInput; and back, in the largest unit that fits.
Why   a playbook states every time it waits; a bare number does not say of what. Only the time of a
      duty was once a number of hours, and still may be.
"""

import re

from stanch.vocabulary.trouble import BadInput

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PERIOD = re.compile(r"(\d{1,7})([smhd])")
LONGEST = 366 * 86_400
_MOST = 10_000_000
"""What has no number of seven digits."""


def seconds(text: str) -> int:
    """The whole seconds of a period."""
    found = _PERIOD.fullmatch(text.strip())
    many = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < many <= LONGEST:
        raise BadInput(f"{text[:20]!r} is no period. Write 30s, 5m, 2h or 7d, up to a year.")
    return many


def of_duty(said: object) -> int:
    """The whole seconds that a duty leaves: a period, or a number of hours."""
    if isinstance(said, str):
        return seconds(said)
    many = int(said * 3600) if isinstance(said, int | float) and not isinstance(said, bool) else 0
    if not 0 < many <= LONGEST:
        raise BadInput(f"{said!r} is no time for a duty. Write a period like 24h.")
    return many


def sayable(many: int) -> int:
    """The longest period, no longer than this and than a year, that words can say."""
    found = min(many, LONGEST)
    return found if found < _MOST else found - found % _UNITS["m"]


def in_words(many: int) -> str:
    """The period in its largest whole unit."""
    unit = next(u for u in ("d", "h", "m", "s") if many % _UNITS[u] == 0)
    return f"{many // _UNITS[unit]}{unit}"
