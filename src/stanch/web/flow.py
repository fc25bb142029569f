"""Flow: a playbook as a drawing, from its first step down to its ends.

In    a playbook, and what to mark: where a run is, what it did.
Out   SVG text, by the same rules as `charts`. The same playbook gives the same drawing.
Why   who has to say yes at night reads a picture faster than a list. A step stands below everything
      that leads to it; an arrow over several rows runs between the columns, not through the steps.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import Markup

from stanch.contain.playbook.condition_words import text_in_words
from stanch.engine.runs.library import act_title
from stanch.vocabulary.playbook import END, Ask, Decide, Do, Parallel, Playbook, Repeat, Step, Wait
from stanch.vocabulary.words import counted
from stanch.web.charts import Paper, drawing, label, said
from stanch.web.inert import clipped

_WIDE, _HIGH, _ACROSS, _DOWN = 196.0, 46.0, 22.0, 34.0
_SWEEPS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """What is marked in the drawing."""

    here: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """From one step to another, and what it takes."""

    start: str
    end: str
    says: str = ""


@dataclass(kw_only=True, slots=True)
class _Rows:
    """Steps in rows; a way over several rows has a joint in each row between."""

    rows: list[list[str]]
    chains: list[tuple[Way, list[str]]]
    beside: Mapping[str, list[str]] = field(default_factory=dict)


def ways(step: Step) -> tuple[Way, ...]:
    """Every way out of this step that leads to another."""
    match step:
        case Ask() | Decide():
            found = (("yes", step.yes), ("no", step.no))
        case Parallel():
            found = (*(("at once", one) for one in step.branches), ("then", step.next))
        case Repeat():
            found = (("again", step.first), ("then", step.next))
        case Wait():
            late = (("too late", step.late),) if step.late is not None else ()
            found = (("", step.next), *late)
        case Do():
            found = (("", step.next),)
    return tuple(Way(start=step.id, end=to, says=how) for how, to in found if to != END)


def flow(book: Playbook, marks: Marks | None = None) -> Markup:
    """The playbook from top to bottom."""
    links = [way for step in book.steps.values() for way in ways(step)]
    laid = _laid(book, links)
    places = _placed(laid)
    body = [_way(way, [places[one] for one in chain]) for way, chain in laid.chains]
    body += [_step(step, places[step.id], marks or Marks()) for step in book.steps.values()]
    width = max(x for x, _ in places.values()) + _WIDE
    height = len(laid.rows) * (_HIGH + _DOWN) - _DOWN
    says = f"{book.title}: {counted(len(book.steps), 'step')}, from {book.start} down"
    return drawing(Paper(max(width, 420), height + 4, "flow", role="group"), says, body)


def _laid(book: Playbook, links: Sequence[Way]) -> _Rows:
    """Each step in the row below all that lead to it, with joints for what passes by."""
    depth = _depths(book, links)
    rows: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for step in book.steps:
        rows[depth[step]].append(step)
    chains = []
    for number, way in enumerate(links):
        joints = [
            f"{way.start}>{number}>{row}" for row in range(depth[way.start] + 1, depth[way.end])
        ]
        for row, joint in enumerate(joints, depth[way.start] + 1):
            rows[row].append(joint)
        chains.append((way, [way.start, *joints, way.end]))
    beside: dict[str, list[str]] = {}
    for _, chain in chains:
        for above, below in pairwise(chain):
            beside.setdefault(above, []).append(below)
            beside.setdefault(below, []).append(above)
    laid = _Rows(rows=rows, chains=chains, beside=beside)
    _ordered(laid)
    return laid


def _depths(book: Playbook, links: Sequence[Way]) -> dict[str, int]:
    depth = dict.fromkeys(book.steps, 0)
    below = [*links, *_after_all(book, links)]
    for _ in book.steps:
        moved = False
        for way in below:
            if depth[way.end] < depth[way.start] + 1:
                depth[way.end] = depth[way.start] + 1
                moved = True
        if not moved:
            break
    return depth


def _after_all(book: Playbook, links: Sequence[Way]) -> Iterator[Way]:
    """What follows a step with an inside stands below all of its inside."""
    for step in book.steps.values():
        if isinstance(step, Parallel | Repeat) and step.next != END:
            inside = list(step.branches if isinstance(step, Parallel) else (step.first,))
            for one in inside:
                yield Way(start=one, end=step.next)
                new = (w.end for w in links if w.start == one)
                inside += [n for n in new if n not in inside and n != step.next]


def _ordered(laid: _Rows) -> None:
    """Puts each row in the order of what it is joined to, so that few ways cross."""
    place = {one: float(i) for row in laid.rows for i, one in enumerate(row)}

    def middle(one: str) -> float:
        near = laid.beside.get(one, [])
        return sum(place[n] for n in near) / len(near) if near else place[one]

    for sweep in range(_SWEEPS):
        for row in laid.rows if sweep % 2 == 0 else laid.rows[::-1]:
            row.sort(key=lambda one: (middle(one), place[one]))
            place.update({one: float(i) for i, one in enumerate(row)})


def _placed(laid: _Rows) -> dict[str, tuple[float, float]]:
    """Where everything stands: as near as there is room to the middle of what it is joined to."""
    wide = {one: 12.0 if ">" in one else _WIDE for row in laid.rows for one in row}
    x: dict[str, float] = {}
    for row in laid.rows:
        at = 0.0
        for one in row:
            x[one] = at
            at += wide[one] + _ACROSS
    for sweep in range(_SWEEPS * 5):
        for row in laid.rows if sweep % 2 == 0 else laid.rows[::-1]:
            _settled(row, x, wide, laid.beside)
    least = min(x.values())
    high = {one: i * (_HIGH + _DOWN) + 2 for i, row in enumerate(laid.rows) for one in row}
    return {one: (x[one] - least + 2, high[one]) for one in x}


def _settled(
    row: Sequence[str],
    x: dict[str, float],
    wide: Mapping[str, float],
    beside: Mapping[str, list[str]],
) -> None:
    wish = {}
    for one in row:
        near = beside.get(one, [])
        centre = (
            sum(x[n] + wide[n] / 2 for n in near) / len(near) if near else x[one] + wide[one] / 2
        )
        wish[one] = centre - wide[one] / 2
    right = dict[str, float]()
    at = float("-inf")
    for one in row:
        right[one] = max(wish[one], at)
        at = right[one] + wide[one] + _ACROSS
    at = float("inf")
    for one in reversed(row):
        left = min(wish[one], at - wide[one])
        at = left - _ACROSS
        wish[one] = left
    for one in row:
        x[one] = (right[one] + wish[one]) / 2


def _step(step: Step, at: tuple[float, float], marks: Marks) -> str:
    x, y = at
    kind = type(step).__name__.lower()
    tone = " here" if step.id in marks.here else (" done" if step.id in marks.done else "")
    under = _under(step)
    words = step.says or under
    return (
        f'<a href="#step-{said(step.id)}"><g class="step {kind}{tone}"><title>{said(words)}</title>'
        f'<rect class="node" fill="#ffffff" stroke="#b3c0ba" x="{x:.1f}" y="{y:.1f}" '
        f'width="{_WIDE}" height="{_HIGH}" rx="7"/>'
        f'<rect class="edge-of" fill="#0a6655" x="{x:.1f}" y="{y + 6:.1f}" width="4" '
        f'height="{_HIGH - 12}" rx="2"/>'
        + label(clipped(step.id.replace("-", " "), 26), x + 13, y + 19, strong=True)
        + label(clipped(under, 30), x + 13, y + 35)
        + "</g></a>"
    )


def _under(step: Step) -> str:
    match step:
        case Do():
            return act_title(step.act)
        case Ask():
            return f"asks {'two people' if step.people > 1 else 'a person'} ({step.role})"
        case Wait():
            return f"waits until {text_in_words(step.until)}" if step.until else "waits"
        case Decide():
            return f"if {text_in_words(step.condition)}"
        case Parallel():
            return f"{len(step.branches)} branches at once"
        case Repeat():
            return f"while {text_in_words(step.condition)}"


def _way(way: Way, places: Sequence[tuple[float, float]]) -> str:
    return "".join(_line(places)) + _said(way, places)


def _line(places: Sequence[tuple[float, float]]) -> Iterator[str]:
    (x, y), last = places[0], len(places) - 1
    at = (x + _WIDE / 2, y + _HIGH)
    path = [f"M{at[0]:.1f} {at[1]:.1f}"]
    for i, (nx, ny) in enumerate(places[1:], 1):
        end = (nx + (_WIDE / 2 if i == last else 6), ny - (4 if i == last else 0))
        half = (at[1] + end[1]) / 2
        path.append(f"C{at[0]:.1f} {half:.1f} {end[0]:.1f} {half:.1f} {end[0]:.1f} {end[1]:.1f}")
        if i < last:
            path.append(f"L{end[0]:.1f} {end[1] + _HIGH:.1f}")
        at = (end[0], end[1] + _HIGH)
    x, y = places[-1][0] + _WIDE / 2, places[-1][1]
    yield (
        f'<path class="edge" fill="none" stroke="#b3c0ba" stroke-width="1.500" '
        f'd="{"".join(path)}"/>'
    )
    yield (
        f'<path class="tip" fill="#b3c0ba" '
        f'd="M{x - 4:.1f} {y - 6:.1f}L{x + 4:.1f} {y - 6:.1f}L{x:.1f} {y:.1f}z"/>'
    )


def _said(way: Way, places: Sequence[tuple[float, float]]) -> str:
    if way.says in ("", "then", "at once"):
        return ""
    (x, y), (nx, ny) = places[0], places[1]
    straight = len(places) == 2  # noqa: PLR2004  no joints between
    end = nx + (_WIDE / 2 if straight else 6)
    middle = (x + _WIDE / 2 + end) / 2
    return label(way.says, middle + 5, (y + _HIGH + ny) / 2 + 4)
