"""Rates as people write them: `20/min`, `600/hour`, `5/10s`, `600/hour burst 20`.

In    text. Out   a Rate, or BadInput; and back to the same text.
"""

import re

from stanch.vocabulary.policy import Rate
from stanch.vocabulary.trouble import BadInput

_UNITS = {"s": 1.0, "min": 60.0, "hour": 3600.0, "day": 86400.0}
_ALSO = {"sec": "s", "second": "s", "m": "min", "minute": "min", "h": "hour", "d": "day"}
_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_RATE = re.compile(rf"({_NUMBER})\s*/\s*({_NUMBER})?\s*([a-z]+)(?:\s+burst\s+({_NUMBER}))?")


def rate(text: str) -> Rate:
    """The rate that this text states."""
    found = _RATE.fullmatch(text.strip().lower())
    unit = _UNITS.get(_ALSO.get(found[3], found[3])) if found else None
    if found is None or unit is None:
        raise BadInput(f"{text[:40]!r} is not a rate. Write one like 20/min, 5/10s or 600/hour.")
    burst = None if found[4] is None else float(found[4])
    seconds = unit * float(found[2] or 1)
    if seconds <= 0:
        raise BadInput(f"{text[:40]!r} is a rate over no time. Write one like 20/min.")
    return Rate(count=float(found[1]), seconds=seconds, burst=burst)


def in_words(one: Rate) -> str:
    """The text of this rate; read again it is the same rate."""
    name = next((n for n, s in _UNITS.items() if s == one.seconds), None)
    over = name or f"{plain(one.seconds)}s"
    burst = "" if one.burst is None else f" burst {plain(one.burst)}"
    return f"{plain(one.count)}/{over}{burst}"


def held_to(own: Rate, everybodys: Rate | None) -> Rate:
    """The slower of the two: a rate of one's own never frees from everybody's."""
    return min(own, everybodys or own, key=lambda r: r.count / r.seconds)


def plain(number: float) -> str:
    """A number without a needless point."""
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)  # noqa: PLR2004  beyond it a double is no longer every integer
