"""The scorecard: what drills say of stanch, for programs and for people.

In    scores. Out   one document; a table in Markdown; a picture in SVG.
Why   a claim of protection is worth the attack it was tried on, with its seed and its machine.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import stanch


@dataclass(frozen=True, kw_only=True, slots=True)
class Seconds:
    """From the first hostile request; None when it never came."""

    finding: float | None = None
    incident: float | None = None
    contained: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """One drill's outcome."""

    name: str
    seed: int
    attack: str
    expected: str
    got: str
    right: bool
    """Whether it was called what it was."""
    principals_right: bool
    seconds: Seconds
    innocent_refused: float
    """The share of innocent requests that were refused."""
    contained_wrongly: tuple[str, ...]
    evidence_verified: bool | None
    notes: tuple[str, ...]
    """Every reason why it was not won, in sentences."""
    won: bool
    undone: bool | None = None
    asked: tuple[str, ...] = ()
    """What people were asked about."""
    harm: str = ""
    """What the attacker got, as the referee measured it."""
    measured: Mapping[str, float] = field(default_factory=dict)
    speed: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Scorecard:
    """All drills of one run."""

    drills: tuple[Score, ...]
    machine: str
    version: str

    @property
    def won(self) -> bool:
        """Whether every drill was won."""
        return all(one.won for one in self.drills)


def scorecard(scores: Sequence[Score]) -> Scorecard:
    """The card of these scores, on this machine."""
    machine = f"{os.cpu_count()} x {platform.machine()}, Python {platform.python_version()}"
    return Scorecard(drills=tuple(scores), machine=machine, version=stanch.__version__)


COLUMNS = ("drill", "expected", "got", "finding", "incident", "contained", "refused", "won")


def rows(card: Scorecard) -> list[dict[str, str]]:
    """The table, a row for each drill."""
    return [
        {
            "drill": one.name,
            "expected": one.expected,
            "got": one.got,
            "finding": _seconds(one.seconds.finding),
            "incident": _seconds(one.seconds.incident),
            "contained": _seconds(one.seconds.contained),
            "refused": f"{one.innocent_refused:.1%}",
            "won": "won" if one.won else "not won",
        }
        for one in card.drills
    ]


def markdown(card: Scorecard) -> str:
    """The page of this card."""
    won = sum(one.won for one in card.drills)
    lines = [
        "# Drill scorecard",
        "",
        f"{won} of {len(card.drills)} drills won. stanch {card.version}, {card.machine}.",
        "Seconds count from the first hostile request; refused is of innocent requests.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|" + " --- |" * len(COLUMNS),
    ]
    lines += ["| " + " | ".join(_cell(row[name]) for name in COLUMNS) + " |" for row in rows(card)]
    for one in card.drills:
        lines += ["", f"## {one.name}", "", f"Seed {one.seed}, speed {one.speed:g}."]
        lines += [f"The attacker got: {_cell(one.harm)}."] if one.harm else []
        lines += ["", *(f"- {_cell(note)}" for note in one.notes)] if one.notes else []
    return "\n".join(lines) + "\n"


_WIDTH, _ROW, _LEFT, _SECONDS = 760, 26, 220, 60.0


def svg(card: Scorecard) -> str:
    """A bar for each drill: when it was found, when it was contained; hollow when it was not."""
    height = _ROW * (len(card.drills) + 2)
    label = f"{sum(d.won for d in card.drills)} of {len(card.drills)} drills won"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"',
        f' role="img" aria-label="{label}" font-family="sans-serif" font-size="13">',
        f"<title>{label}</title>",
    ]
    for place, one in enumerate(card.drills):
        parts += _bar(one, _ROW * (place + 1))
    axis = _ROW * (len(card.drills) + 1) + 14
    parts += [
        f'<text x="{_x(s):.0f}" y="{axis}" text-anchor="middle" fill="#555">{s:.0f} s</text>'
        for s in (0.0, 15.0, 30.0, 45.0, 60.0)
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(one: Score, top: int) -> list[str]:
    end = one.seconds.contained
    colour = "#1a7f5a" if one.won else "#b3441e"
    words = _seconds(end) if end is not None else "not contained"
    if one.attack == "none":
        words = "left alone" if one.won else "mistaken"
    width = _x(_SECONDS if end is None else end) - _LEFT
    fill = f'fill="{colour}"' if end is not None else f'fill="none" stroke="{colour}"'
    name = escape(one.name)
    found = [
        f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{name}</text>',
        f'<rect x="{_LEFT}" y="{top + 3}" width="{max(width, 2):.0f}" height="14" {fill}/>',
        f'<text x="{_LEFT + max(width, 2) + 6:.0f}" y="{top + 14}" fill="{colour}">{words}</text>',
    ]
    if one.seconds.incident is not None:
        x = _x(one.seconds.incident)
        found.append(f'<rect x="{x:.0f}" y="{top}" width="2" height="20" fill="#222"/>')
    return found


def _x(seconds: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - 110) * min(seconds, _SECONDS) / _SECONDS


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
