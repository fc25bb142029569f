"""Rates as people write them: `20/min`, `600/hour`, `5/10s`, `600/hour burst 20`.

In    text; or rates that hold at once.
Out   a Rate, or BadInput; and back to the same text; the one rate that several come to.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import overload

from stanch.vocabulary.policy import Limits, Rate
from stanch.vocabulary.spelling import folded
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


def slower(one: Rate | None, other: Rate | None) -> Rate | None:
    """The lower long-run rate, with the smaller burst of the two."""
    if one is None or other is None:
        return one or other
    least = min(one, other, key=lambda r: (r.count / r.seconds, r.count, r.seconds))
    burst = min(_burst(one), _burst(other))
    return replace(least, burst=None if burst == least.count else burst)


def own_rates(limit: Limits) -> Mapping[str, Rate]:
    """What each who is named is held to, by the name as guards compare it; never freer than all."""
    found: dict[str, Rate] = {}
    for name, rate_ in limit.principals.items():
        key = folded(name)
        found[key] = slower(rate_, slower(found.get(key), limit.per_principal)) or rate_
    return found


def one_at_least(rate: Rate | None) -> Rate | None:
    """The same for requests, which come whole: 0.5/min is one in two minutes, and not none."""
    if rate is None or rate.burst is not None or not 0 < rate.count < 1:
        return rate
    return replace(rate, burst=1.0)


@overload
def part_of(rate: Rate, parts: int) -> Rate: ...
@overload
def part_of(rate: None, parts: int) -> None: ...
def part_of(rate: Rate | None, parts: int) -> Rate | None:
    """One of so many parts of it; as much may come at once, or what is large would never fit."""
    if rate is None or parts <= 1:
        return rate
    return replace(rate, count=rate.count / parts, burst=_burst(rate))


def kept_of(rate: Rate, parts: int) -> Rate:
    """What one of so many guards lets through whatever the others say: its part of the rate, and
    of what may come at once; a single request always may.
    """
    burst = _burst(rate)
    return replace(rate, count=rate.count / parts, burst=min(burst, max(1.0, burst / parts)))


def _burst(rate: Rate) -> float:
    return rate.count if rate.burst is None else rate.burst


def plain(number: float) -> str:
    """A number without a needless point."""
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)  # noqa: PLR2004  beyond it a double is no longer every integer
