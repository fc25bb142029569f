"""The scorecard: what drills say of stanch, for programs and for people.

In    scores. Out   one document; a page in Markdown; a picture in SVG; rows of a table.
Why   a claim of protection is worth the attack it was tried on, with its seeds and its machine.
"""

import os
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import stanch
from stanch.sandbox.origin import Origin, origin
from stanch.sandbox.score import Score
from stanch.sandbox.summary import Line, Reached, lines, reached
from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Scorecard:
    """All drills of one run."""

    drills: tuple[Score, ...]
    machine: str
    version: str
    summary: tuple[Line, ...] = ()
    """Each drill over its seeds."""
    reached: tuple[Reached, ...] = ()
    """The bars, and what was measured."""
    seconds: float = 0.0
    """How long all of it took."""
    failed: tuple[str, ...] = ()
    """What came to no score, and why."""
    left: int = 0
    """Drills that no time was left for."""
    left_out: tuple[str, ...] = ()
    """Which they are, with their seeds."""
    origins: tuple[Origin, ...] = ()
    """The code that was played, its Python and its libraries; several when pieces differ."""

    @property
    def won(self) -> bool:
        """Whether every drill was won."""
        return all(one.won for one in self.drills)


def scorecard(
    scores: Sequence[Score],
    *,
    seconds: float = 0.0,
    failed: Sequence[str] = (),
    left: Sequence[str] = (),
) -> Scorecard:
    """The card of these scores, on this machine."""
    machine = f"{os.cpu_count()} x {platform.machine()}, Python {platform.python_version()}"
    return Scorecard(
        drills=tuple(scores),
        machine=machine,
        version=stanch.__version__,
        summary=lines(scores),
        reached=reached(scores),
        seconds=seconds,
        failed=tuple(failed),
        left=len(left),
        left_out=tuple(left),
        origins=(origin(),),
    )


def joined(cards: Sequence[Scorecard]) -> Scorecard:
    """One card of several that were played in pieces; `BadInput` when a play is in two of them."""
    scores = [one for card in cards for one in card.drills]
    plays = Counter((one.name, one.seed, one.through, one.speed) for one in scores)
    twice = [f"{name}, seed {seed}" for (name, seed, *_), count in plays.items() if count > 1]
    if twice:
        raise BadInput(f"{twice[0]} is in two scorecards. Each play counts once: name one of them.")
    played = {f"{one.name}, seed {one.seed}" for one in scores}
    left = tuple(one for card in cards for one in card.left_out if one not in played)
    ordered = sorted(scores, key=lambda one: (one.name, one.seed))
    return Scorecard(
        drills=tuple(ordered),
        machine="; ".join(dict.fromkeys(card.machine for card in cards)),
        version="; ".join(dict.fromkeys(card.version for card in cards)),
        summary=lines(ordered),
        reached=reached(ordered),
        seconds=round(sum(card.seconds for card in cards), 1),
        failed=tuple(why for card in cards for why in card.failed),
        left=len(left),
        left_out=left,
        origins=_different(one for card in cards for one in card.origins),
    )


def _different(all_of_them: Iterable[Origin]) -> tuple[Origin, ...]:
    found: list[Origin] = []
    for one in all_of_them:
        if one not in found:
            found.append(one)
    return tuple(found)


_MEANING = (
    "Seconds count from the first hostile act to what the API shows. Contained is when the policy "
    "suffices, every guard runs it, no bad version answers and stanch has entered its own proof. "
    "Refused is of innocent requests, the worst seed. Evidence counts the plays in which it held "
    "and the offline verifier accepted the bundle of every incident; beside it the entries that "
    "are proved in a bundle, and the seconds from asking for it to the verifier's last word."
)
COLUMNS = (
    *("drill", "seed", "expected", "got", "finding", "incident", "contained", "refused"),
    *("bundle", "won"),
)
_SUMMARY = (
    *("drill", "won", "called right", "guilty named", "incident", "contained", "slowest"),
    *("refused", "wrongly", "evidence", "bundle", "undone", "asked"),
)


def rows(card: Scorecard) -> list[dict[str, str]]:
    """The table, a row for each drill and seed."""
    return [
        {
            "drill": one.name,
            "seed": str(one.seed),
            "expected": one.expected,
            "got": one.got,
            "finding": _seconds(one.seconds.finding),
            "incident": _seconds(one.seconds.incident),
            "contained": _seconds(one.seconds.contained),
            "refused": f"{one.innocent_refused:.1%}",
            "bundle": _bundle(one),
            "won": "won" if one.won else "not won",
        }
        for one in card.drills
    ]


def markdown(card: Scorecard) -> str:
    """The page of this card."""
    won = sum(one.won for one in card.drills)
    seeds = sorted({one.seed for one in card.drills})
    said = f"{won} of {len(card.drills)} plays won, of {len(card.summary)} drills"
    parts = [
        "# Drill scorecard",
        "",
        f"{said}. stanch {card.version}, {card.machine}. {_seeds(seeds)}",
        *([f"{card.left} plays were left out, for the time was over."] if card.left else []),
        *(f"Not played: {_cell(why)}" for why in card.failed),
        _MEANING,
        "",
        "## What must be reached",
        "",
        *_table(("what", "bar", "measured", "holds"), [_bar_row(one) for one in card.reached]),
        "",
        "## Each drill over its seeds",
        "",
        *_table(_SUMMARY, [_line_row(one) for one in card.summary]),
        "",
        "## What was lost, and why",
        "",
        *_lost(card),
        "",
        "## What the attackers got",
        "",
        "The attacker's gain is told as a figure and not judged: some harm is done before anything",
        "can be seen. The first seed of each drill:",
        "",
        *_gains(card),
        "",
        "## What was played",
        "",
        *_played(card),
    ]
    return "\n".join(parts) + "\n"


_SIZES = {True: "small", False: "full", None: "not noted"}


def _played(card: Scorecard) -> list[str]:
    """The code, the machine and the options, so that it can be played again."""
    sizes = sorted({_SIZES[one.small] for one in card.drills})
    ways = sorted({one.through for one in card.drills})
    speeds = sorted({f"{one.speed:g}" for one in card.drills})
    found = [
        f"- Machine: {_cell(card.machine)}.",
        f"- Size: {', '.join(sizes)}; through: {', '.join(ways)}; speed: {', '.join(speeds)}.",
    ]
    if not card.origins:
        found.append(f"- stanch {card.version}; the commit was not noted.")
    for one in card.origins:
        names = ", ".join(f"{name} {number}" for name, number in one.libraries.items())
        found += [
            f"- stanch {card.version}, {one.code}; its files: `{one.source}`.",
            f"- Python {one.python}; {names}.",
        ]
    return found if card.drills else ["Nothing."]


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) == 1:
        return f"Seed {seeds[0]}."
    return f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}." if seeds else ""


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + " --- |" * len(head),
        *("| " + " | ".join(map(_cell, row)) + " |" for row in body),
    ]


def _bar_row(one: Reached) -> tuple[str, ...]:
    holds = {True: "yes", False: "**no**", None: "not measured"}[one.holds]
    return (one.says, one.bar, one.measured, holds)


def _line_row(one: Line) -> tuple[str, ...]:
    return (
        one.name,
        f"{one.won} of {one.seeds}",
        f"{one.right:.0%}",
        f"{one.named:.0%}",
        _seconds(one.incident_seconds),
        _seconds(one.contained_seconds),
        _seconds(one.slowest_seconds),
        f"{one.refused:.1%}",
        str(one.contained_wrongly),
        str(one.evidence),
        _bundles(one),
        str(one.undone),
        str(one.asked),
    )


def _lost(card: Scorecard) -> list[str]:
    found: list[str] = []
    for one in card.summary:
        if one.won < one.seeds:
            found += [f"- **{one.name}**, {one.seeds - one.won} of {one.seeds} not won."]
            found += [f"    - {_cell(why)}" for why in one.notes]
    return found or ["Nothing."]


def _gains(card: Scorecard) -> list[str]:
    first: dict[str, Score] = {}
    for one in card.drills:
        first.setdefault(one.name, one)
    return [f"- {n}: {_cell(s.harm)}." for n, s in sorted(first.items()) if s.harm]


_WIDTH, _ROW, _LEFT, _SECONDS = 760, 26, 220, 30.0


def svg(card: Scorecard) -> str:
    """A bar for each drill: when it was found, when it was contained; hollow when it was not."""
    won = sum(one.won for one in card.drills)
    height = _ROW * (len(card.summary) + 2)
    label = f"{won} of {len(card.drills)} plays of {len(card.summary)} drills won"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"',
        f' role="img" aria-label="{label}" font-family="sans-serif" font-size="13">',
        f"<title>{label}</title>",
    ]
    hostile = {one.name for one in card.drills if one.attack != "none"}
    for place, one in enumerate(card.summary):
        parts += _bar(one, _ROW * (place + 1), hostile=one.name in hostile)
    axis = _ROW * (len(card.summary) + 1) + 14
    parts += [
        f'<text x="{_x(s):.0f}" y="{axis}" text-anchor="middle" fill="#555">{s:.0f} s</text>'
        for s in (0.0, 10.0, 20.0, 30.0)
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(one: Line, top: int, *, hostile: bool) -> list[str]:
    end = one.contained_seconds
    colour = "#1a7f5a" if one.won == one.seeds else "#b3441e"
    words = _seconds(end) if end is not None else "not contained"
    if not hostile:
        words = "left alone" if one.won == one.seeds else "mistaken"
    if one.seeds > 1:
        words += f", {one.won} of {one.seeds}"
    width = _x(_SECONDS if end is None and hostile else end or 0.0) - _LEFT
    fill = f'fill="{colour}"' if end is not None else f'fill="none" stroke="{colour}"'
    name = escape(one.name)
    found = [
        f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{name}</text>',
        f'<rect x="{_LEFT}" y="{top + 3}" width="{max(width, 2):.0f}" height="14" {fill}/>',
        f'<text x="{_LEFT + max(width, 2) + 6:.0f}" y="{top + 14}" fill="{colour}">{words}</text>',
    ]
    if one.incident_seconds is not None:
        x = _x(one.incident_seconds)
        found.append(f'<rect x="{x:.0f}" y="{top}" width="2" height="20" fill="#222"/>')
    return found


def _bundle(one: Score) -> str:
    """What the offline verifier said of this play's bundles, in few words."""
    bad = next((b for b in one.bundles if b.verified is not True), None)
    if bad is not None:
        return bad.says
    entries, took = sum(b.entries for b in one.bundles), sum(b.seconds for b in one.bundles)
    return f"{entries} entries, {took:.1f} s" if one.bundles else "-"


def _bundles(one: Line) -> str:
    if one.bundle_entries is None or one.bundle_seconds is None:
        return "-"
    return f"{one.bundle_entries:.0f} entries, {one.bundle_seconds:.1f} s"


def _x(seconds: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - 170) * min(seconds, _SECONDS) / _SECONDS


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
