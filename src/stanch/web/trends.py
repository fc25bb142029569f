"""Trends: how something went from period to period, as drawings.

In    a column of parts, or a spread of times, for each period.
Out   SVG text, by the same rules as `charts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from markupsafe import Markup

from stanch.vocabulary.words import short, spell
from stanch.web.charts import Box, Paper, drawing, label, rect, said

_WIDE, _FLOOR, _TALL, _LEFT = 340.0, 150.0, 132.0, 48.0
_LABELS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """One period: its name, and how many of each tone."""

    name: str
    parts: tuple[tuple[str, int, str], ...]
    """Tone, count, the same in words; from the floor up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """One period: its name, and how long things took, in seconds; nothing when there were none."""

    name: str
    median: float | None = None
    worst: float = 0.0


def stacks(columns: Sequence[Stack], says: str) -> Markup:
    """A column for each period, made of its parts."""
    most = max((sum(n for _, n, _ in c.parts) for c in columns), default=0) or 1
    step = (_WIDE - _LEFT) / max(1, len(columns))
    body = [_axis(), label(f"{most}", _LEFT - 8, _FLOOR - _TALL + 4, anchor="end")]
    for i, column in enumerate(columns):
        x, floor = _LEFT + i * step, _FLOOR
        for tone, count, what in column.parts:
            high = _TALL * count / most
            if count:
                box = Box(x + step * 0.14, floor - high, step * 0.72, high)
                body.append(rect(tone, box, f"{column.name}: {what}"))
            floor -= high
        body += _name(i, column.name, x, len(columns))
    return drawing(Paper(_WIDE, 172), says, body)


def spreads(columns: Sequence[Spread], says: str) -> Markup:
    """For each period a line from the median to the worst, on a scale of powers of ten."""
    told = [c for c in columns if c.median is not None]
    low = log10(max(0.1, min((c.median or 0.1 for c in told), default=1.0)))
    high = log10(max(1.0, max((c.worst for c in told), default=60.0)))
    low, high = min(low, 0.0), max(high, low + 1, 1.0)
    step = (_WIDE - _LEFT) / max(1, len(columns))

    def y(seconds: float) -> float:
        return _FLOOR - _TALL * (log10(max(seconds, 10**low)) - low) / (high - low)

    body = [_axis()]
    for seconds in (1, 10, 60, 600, 3600, 36_000, 86_400):
        if 10**low <= seconds <= 10**high * 1.01:
            body.append(label(spell(seconds), _LEFT - 8, y(seconds) + 4, anchor="end"))
            body.append(_line("axis", _LEFT, y(seconds), _WIDE, y(seconds)))
    for i, column in enumerate(columns):
        x = _LEFT + (i + 0.5) * step
        if column.median is not None:
            words = f"{column.name}: median {short(column.median)}"
            words = f"{words}, worst {short(column.worst)}"
            body.append(_line("whisker", x, y(column.median), x, y(column.worst)))
            body.append(_dot("then", "#b3c0ba", x, y(column.worst), words))
            body.append(_dot("now", "#0a6655", x, y(column.median), words))
        body += _name(i, column.name, _LEFT + i * step, len(columns))
    return drawing(Paper(_WIDE, 172), says, body)


def _axis() -> str:
    return _line("axis", _LEFT, _FLOOR, _WIDE, _FLOOR)


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{"#b3c0ba" if kind == "whisker" else "#dae1dd"}"/>'
    )


def _dot(tone: str, colour: str, x: float, y: float, words: str) -> str:
    return (
        f'<circle class="{tone}" fill="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="4.500">'
        f"<title>{said(words)}</title></circle>"
    )


def _name(place: int, name: str, x: float, count: int) -> list[str]:
    every = max(1, -(-count // _LABELS))
    last = count - 1
    if place == last:
        return [label(name, _WIDE, _FLOOR + 17, anchor="end")]
    return [label(name, x, _FLOOR + 17)] if (last - place) % every == 0 and x < _WIDE - 80 else []
