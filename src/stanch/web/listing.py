"""The list: one component for everything that comes in lists.

In    a `Lines`: which list, its columns, its facets, its words; and a visit with its query.
Out   a `Shown`: rows, facets with counts, the cursor of the next page; or the whole list as CSV.
Why   what works in one list (keys, paging, columns, bulk) works in all of them.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from stanch.engine.ports import Listed, Transaction
from stanch.vocabulary.listing import Sort, Wanted
from stanch.web import query as asking
from stanch.web.inert import cell
from stanch.web.merging import Order, page_of
from stanch.web.query import Query
from stanch.web.visit import Answer, Visit

T = TypeVar("T")
PAGE = 50
MOST_ROWS = 20_000
"""Rows of one CSV file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column(Generic[T]):
    """One column: its head, the macro that draws it, and its text in a spreadsheet."""

    id: str
    head: str
    text: Callable[[T], str]
    narrow: bool = False
    """Whether it is of fixed width, so that the words get the room."""
    usual: bool = True
    """Whether it is shown until somebody chooses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines(Generic[T]):
    """One kind of list."""

    noun: str
    title: str
    listed: Callable[[Transaction], Listed[T]]
    columns: tuple[Column[T], ...]
    order: Order[T]
    worst: Order[T] | None = None
    """The order of `sort:worst`, for lists that have it."""
    known: Mapping[str, str] = field(default_factory=dict)
    """The names that the query bar takes, and the field of `Wanted` that each means."""
    facets: tuple[str, ...] = ()
    start: str = ""
    """The query when nobody asked for another."""
    empty: str = ""
    """What to do next, when there is nothing at all."""
    views: tuple[tuple[str, str], ...] = ()
    """Queries that people often want, by name."""
    kind: str = ""
    """What the stream calls a change in this list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facet:
    """One value of a field, how many have it, and the query that takes it in or out."""

    value: str
    count: int | None
    on: bool
    link: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown(Generic[T]):
    """A list, ready to print."""

    lines: Lines[T]
    query: Query
    rows: Sequence[T]
    total: int | None
    columns: Sequence[Column[T]]
    facets: Mapping[str, Sequence[Facet]]
    next: str
    first: str
    after: str
    chosen: frozenset[str] = field(default_factory=frozenset)


def shown(visit: Visit, lines: Lines[T], *, base: Wanted | None = None) -> Shown[T]:
    """The part of the list that this visit asks for."""
    query = asked(visit, lines, base)
    after = visit.asked("after")
    with visit.console.store.look() as tx:
        listed = lines.listed(tx)
        page = page_of(listed, query.wanted, order_of(lines, query), after, PAGE)
        total = counted(listed, query.wanted)
        facets = {name: _facet(listed, query, lines, (visit, name)) for name in lines.facets}
    columns = _columns(visit, lines)
    return Shown(
        lines=lines,
        query=query,
        rows=page.items,
        total=total,
        columns=columns,
        facets={name: values for name, values in facets.items() if values},
        next=_link(visit, after=page.next) if page.next else "",
        first=_link(visit) if after else "",
        after=after,
        chosen=frozenset(c.id for c in columns),
    )


def order_of(lines: Lines[T], query: Query) -> Order[T]:
    """The order in which the query wants the list."""
    worst = query.wanted[0].sort is Sort.WORST
    return lines.worst if worst and lines.worst is not None else lines.order


def asked(visit: Visit, lines: Lines[T], base: Wanted | None = None) -> Query:
    """What this visit asks of the list."""
    text = visit.asked("q", lines.start if base is None else "")
    query = asking.parse(text, lines.known, visit.at)
    if base is None:
        return query
    narrowed = tuple(w for one in query.wanted if (w := asking.both(one, base)) is not None)
    return Query(text=text, wanted=narrowed or (base,))


def counted(listed: Listed[T], wanted: Sequence[Wanted]) -> int | None:
    """How many any of the alternatives wants; None when that cannot be asked exactly."""
    if len(wanted) == 1:
        return listed.count(wanted[0])
    if len(wanted) > 2:  # noqa: PLR2004  beyond two, the overlaps multiply
        return None
    overlap = asking.both(wanted[0], wanted[1])
    if overlap is None:
        return None
    return listed.count(wanted[0]) + listed.count(wanted[1]) - listed.count(overlap)


def _facet(
    listed: Listed[T], query: Query, lines: Lines[T], where: tuple[Visit, str]
) -> list[Facet]:
    visit, name = where
    part = lines.known[name]
    wanted = query.wanted[0] if len(query.wanted) == 1 else None
    counts = listed.facets(asking.without(wanted, part) if wanted else Wanted(), (part,))[part]
    on = asking.chosen(query, part)
    made = []
    for value, count in sorted(counts.items(), key=lambda v: -v[1])[:12]:
        plain = _level(value) if part == "severity" else value
        if not plain:
            continue
        text = asking.toggled(query.text, name, plain)
        exact = count if wanted else None
        made.append(Facet(value=plain, count=exact, on=plain in on, link=_link(visit, q=text)))
    return made


_LEVELS = {"1": "low", "2": "medium", "3": "high"}


def _level(value: str) -> str:
    return _LEVELS.get(value, value)


def _columns(visit: Visit, lines: Lines[T]) -> list[Column[T]]:
    given = {v for text in visit.query.get("cols", ()) for v in text.split(",")}
    picked = [c for c in lines.columns if c.id in given] if given else []
    return picked or [c for c in lines.columns if c.usual]


def _link(visit: Visit, **change: str) -> str:
    """This page with another query or place."""
    kept = {k: v for k, v in visit.query.items() if k not in {"after", *change}}
    pairs = [(k, v) for k, values in kept.items() for v in values]
    pairs += [(k, v) for k, v in change.items() if v or k == "q"]
    return f"{visit.path}?{urlencode(pairs)}" if pairs else visit.path


def as_csv(visit: Visit, lines: Lines[Any]) -> Answer:
    """The whole list, as a spreadsheet reads it; no cell of it is a formula."""
    query = asked(visit, lines)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([c.head for c in lines.columns])
    written, after = 0, ""
    with visit.console.store.look() as tx:
        while written < MOST_ROWS:
            page = page_of(lines.listed(tx), query.wanted, order_of(lines, query), after, 500)
            for one in page.items:
                writer.writerow([cell(c.text(one)) for c in lines.columns])
            written += len(page.items)
            after = page.next
            if not after:
                break
    name = f'attachment; filename="stanch-{lines.noun}.csv"'
    return Answer(
        body=out.getvalue().encode("utf-8", "replace"),
        kind="text/csv; charset=utf-8",
        headers={"content-disposition": name, "cache-control": "no-store"},
    )
