"""Charts: SVG from numbers, the same for the pages and for the report on paper.

In    values, never HTML.
Out   SVG text. Shapes carry a class, which the pages colour, and a colour of their own, which paper
      has; no style attribute, so the strictest content policy shows them.
Why   one drawing, drawn once: what an auditor gets is what the responder saw.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from types import MappingProxyType
from typing import NamedTuple

from markupsafe import Markup

from stanch.vocabulary.words import clock_second, clock_time
from stanch.web.inert import clipped, inert

COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "empty": "#e6ebe8",
        "good": "#22703a",
        "cold": "#2c5a9c",
        "warm": "#c98a1b",
        "hot": "#b3201d",
        "then": "#b3c0ba",
        "now": "#0a6655",
        "node": "#ffffff",
    }
)
"""What each class looks like on paper."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One piece of a strip."""

    tone: str
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One place of a histogram: its name, its share then and now."""

    name: str
    then: float
    now: float
    tick: str = ""
    """What stands below it where there is room; empty is its name."""


class Box(NamedTuple):
    """Where something stands in a drawing."""

    x: float
    y: float
    w: float
    h: float


class Paper(NamedTuple):
    """How large a drawing is, and its class."""

    width: float
    height: float
    kind: str = ""
    role: str = "img"
    """`group` when there are links in it."""


def said(text: str, longest: int = 200) -> str:
    """Text as it may stand in a drawing."""
    return escape(clipped(inert(text), longest))


def rect(tone: str, box: Box, says: str = "") -> str:
    """A rectangle, with its words for who points at it."""
    title = f"<title>{said(says)}</title>" if says else ""
    return (
        f'<rect class="{tone}" fill="{COLOURS[tone]}" x="{box.x:.1f}" y="{box.y:.1f}" '
        f'width="{box.w:.1f}" height="{box.h:.1f}" rx="1.500">{title}</rect>'
    )


def label(text: str, x: float, y: float, *, anchor: str = "start", strong: bool = False) -> str:
    """A piece of text."""
    kind = ' class="strong-text"' if strong else ""
    return (
        f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#51615c" '
        f'font-size="11">{said(text)}</text>'
    )


def moment(at: datetime, x: float, y: float, anchor: str, *, fine: bool = False) -> str:
    """A moment below an axis, to the second if fine; it follows the reader's choice of zone."""
    kind = ' data-fine=""' if fine else ""
    marked = f'<text data-at="{at.isoformat(timespec="seconds")}"{kind}'
    told = clock_second(at) if fine else clock_time(at)
    return label(told, x, y, anchor=anchor).replace("<text", marked, 1)


def drawing(paper: Paper, says: str, body: Iterable[str]) -> Markup:
    """The whole drawing, with its words for who cannot see it."""
    classes = f"chart {paper.kind}".strip()
    width, height = paper.width, paper.height
    return Markup(  # noqa: S704  every text in it went through `said`
        f'<svg class="{classes}" viewBox="0 0 {width:g} {height:g}" role="{paper.role}" '
        f'preserveAspectRatio="xMinYMid" '
        f'aria-label="{said(says, 400)}" xmlns="http://www.w3.org/2000/svg">{"".join(body)}</svg>'
    )


def strip(cells: Sequence[Cell], says: str) -> Markup:
    """A row of cells, oldest first."""
    step = 240 / max(1, len(cells))
    body = []
    for i, one in enumerate(cells):
        low = one.tone == "empty"
        box = Box(i * step, 6 if low else 0, step - 1.5, 6 if low else 18)
        body.append(rect(one.tone, box, one.says))
    return drawing(Paper(240, 18, "strip"), says, body)


_LABEL = 36.0
"""The room that the last name below a histogram needs."""


def then_and_now(bars: Sequence[Bar], says: str, width: float = 560.0) -> Markup:
    """Two histograms on one ground: the baseline behind, now before it."""
    height, floor = 150.0, 126.0
    top = max((max(b.then, b.now) for b in bars), default=0.0) or 1.0
    step = width / max(1, len(bars))
    body = [f'<line class="axis" x1="0" y1="{floor}" x2="{width}" y2="{floor}" stroke="#dae1dd"/>']
    every = max(1, math.ceil(len(bars) * 70 / width))
    for i, bar in enumerate(bars):
        then, now = 110 * bar.then / top, 110 * bar.now / top
        words = f"{bar.name}: {bar.now:.2%} now, {bar.then:.2%} in the baseline"
        body.append(rect("then", Box(i * step, floor - then, step * 0.92, then), words))
        body.append(rect("now", Box((i + 0.2) * step, floor - now, step * 0.52, now), words))
        if i % every == 0 and i * step <= width - _LABEL:
            body.append(label(clipped(bar.tick or bar.name, 14), i * step, height - 8))
    return drawing(Paper(width, height), says, body)


_NAME = 25
"""Letters of a name before its bar, so that the widest do not run into it."""


def shares(rows: Sequence[tuple[str, float, str]], says: str) -> Markup:
    """Horizontal bars: name, share from 0 to 1, tone."""
    high = 24.0
    body: list[str] = []
    for i, (name, share, tone) in enumerate(rows):
        y = i * high
        body.append(label(clipped(name, _NAME), 0, y + 15, strong=True))
        body.append(rect("empty", Box(230, y + 6, 270, 11)))
        wide = max(1.5, 270 * min(1.0, share))
        body.append(rect(tone, Box(230, y + 6, wide, 11), f"{name}: {share:.1%}"))
        body.append(label(f"{share:.0%}", 556, y + 15, anchor="end"))
    return drawing(Paper(560, max(high, high * len(rows))), says, body)


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One moment of a timeline, in seconds."""

    at: float
    lane: str
    tone: str
    says: str
    ring: bool = False
    """Whether it was pinned."""


TIMELINE = Box(84.0, 14.0, 1024.0, 40.0)
"""Where the time of a timeline begins, how long it is, and how high a lane is."""
_FINE = 600.0
"""A span of fewer seconds has an axis that says the second."""
_NEAR = 8.0
"""Moments of one lane nearer than this are drawn as one."""


def lanes(points: Sequence[Point], names: Sequence[str], says: str) -> Markup:
    """Moments in their lanes, on one axis of time; what is too near to tell apart grows."""
    left, top, wide, high = TIMELINE
    first = min((p.at for p in points), default=0.0)
    span = max(max((p.at for p in points), default=1.0) - first, 60.0)
    body: list[str] = []
    for i, name in enumerate(names):
        y = top + i * high
        body.append(label(name, 0, y + 4, strong=True))
        body.append(
            f'<line class="axis" x1="{left}" y1="{y}" x2="{left + wide}" y2="{y}" '
            'stroke="#dae1dd"/>'
        )
    for (lane, place), near in _near(points, first, wide / span).items():
        x, y = left + place * _NEAR, top + names.index(lane) * high
        body.append(_dot(near, min(left + wide, x), y))
    foot = top + len(names) * high
    for part in range(5):
        at = datetime.fromtimestamp(first + span * part / 4, UTC)
        anchor = "start" if part == 0 else ("end" if part == 4 else "middle")  # noqa: PLR2004  the last
        body.append(moment(at, left + wide * part / 4, foot, anchor, fine=span < _FINE))
    return drawing(Paper(left + wide + 12, foot + 8), says, body)


def _near(
    points: Sequence[Point], first: float, scale: float
) -> Mapping[tuple[str, int], list[Point]]:
    """The moments of each lane that fall on one place."""
    made: dict[tuple[str, int], list[Point]] = {}
    for one in points:
        place = round((one.at - first) * scale / _NEAR)
        made.setdefault((one.lane, place), []).append(one)
    return made


def _dot(near: Sequence[Point], x: float, y: float) -> str:
    tones = [p.tone for p in near]
    tone = "hot" if "hot" in tones else max(set(tones), key=tones.count)
    more = f" (and {len(near) - 1} more)" if len(near) > 1 else ""
    radius = min(13.0, 4.0 + math.log2(len(near) + 1))
    ring = ' stroke="#16201d" stroke-width="2"' if any(p.ring for p in near) else ""
    kind = f"{tone} ring" if ring else tone
    return (
        f'<circle class="{kind}" fill="{COLOURS[tone]}" cx="{x:.1f}" cy="{y:.1f}" '
        f'r="{radius:.1f}" fill-opacity="0.8"{ring}><title>{said(near[-1].says + more)}</title>'
        "</circle>"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One thing in a graph."""

    id: str
    name: str
    under: str = ""
    href: str = ""
    hot: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """From one thing to another."""

    start: str
    end: str


def graph(columns: Sequence[Sequence[Node]], edges: Sequence[Edge], says: str) -> Markup:
    """Things in columns, causes to the left, and what leads from one to another."""
    full = [column for column in columns if column]
    tall = max((len(column) for column in full), default=1)
    wide, high, gap = 210.0, 44.0, 80.0
    place: dict[str, tuple[float, float]] = {}
    for i, column in enumerate(full):
        top = (tall - len(column)) * (high + 14) / 2
        for j, node in enumerate(column):
            place.setdefault(node.id, (i * (wide + gap), top + j * (high + 14)))
    body = [_edge(place[e.start], place[e.end], wide, high) for e in edges if _both(place, e)]
    body += [_node(node, place[node.id], wide, high) for column in full for node in column]
    width = len(full) * (wide + gap) - gap if full else wide
    return drawing(Paper(max(width, 780), tall * (high + 14), "graph", role="group"), says, body)


def _both(place: Mapping[str, tuple[float, float]], edge: Edge) -> bool:
    return edge.start in place and edge.end in place and edge.start != edge.end


def _edge(start: tuple[float, float], end: tuple[float, float], wide: float, high: float) -> str:
    (x1, y1), (x2, y2) = start, end
    a, b = (x1 + wide, x2) if x1 <= x2 else (x1, x2 + wide)
    bend = 40 if x1 <= x2 else -40
    y1, y2 = y1 + high / 2, y2 + high / 2
    return (
        f'<path class="edge" fill="none" stroke="#b3c0ba" stroke-width="1.500" '
        f'd="M{a:.1f} {y1:.1f}C{a + bend:.1f} {y1:.1f} {b - bend:.1f} {y2:.1f} {b:.1f} {y2:.1f}"/>'
    )


def _node(node: Node, at: tuple[float, float], wide: float, high: float) -> str:
    x, y = at
    tone = "node hot" if node.hot else "node"
    edge = COLOURS["hot"] if node.hot else COLOURS["then"]
    body = (
        f'<rect class="{tone}" fill="#ffffff" stroke="{edge}" x="{x:.1f}" y="{y:.1f}" '
        f'width="{wide}" height="{high}" rx="6"/>'
        + label(clipped(node.name, 28), x + 10, y + 18, strong=True)
        + label(clipped(node.under, 32), x + 10, y + 34)
    )
    return f'<a href="{said(node.href, 400)}">{body}</a>' if node.href else body
