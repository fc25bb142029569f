"""The list: one component for everything that comes in lists.

In    a `Lines`: which list, its columns, its facets, its words; and a visit with its query.
Out   a `Shown`: rows, facets with counts, the cursor of the next page; or the whole list as CSV.
Why   what works in one list (keys, paging, columns, bulk) works in all of them.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from stanch.engine.ports import Listed, Transaction
from stanch.engine.query import Query, parse
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.words import absolute
from stanch.web import query as asking
from stanch.web.address import query_of
from stanch.web.inert import cell
from stanch.web.visit import Answer, Visit

T = TypeVar("T")
PAGE = 50
MOST_TOGETHER = 400
"""Items of one page, where many of them stand in one row."""
MOST_VALUES = 12
"""Values of one field that are offered."""
MOST_ROWS = 20_000
"""Rows of one CSV file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column(Generic[T]):
    """One column: its head, the macro that draws it, and its text in a spreadsheet."""

    id: str
    head: str
    text: Callable[[T], str]
    wide: int = 0
    """How wide it is, in letters of the page; the column without a width gets the rest."""
    usual: bool = True
    """Whether it is shown until somebody chooses."""
    seen: bool = False
    """Whether it says when the row was seen, where the list knows that better than the row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines(Generic[T]):
    """One kind of list."""

    noun: str
    title: str
    listed: Callable[[Transaction, Visit], Listed[T]]
    columns: tuple[Column[T], ...]
    known: Mapping[str, str] = field(default_factory=dict)
    """The names that the query bar takes, and the field of `Wanted` that each means."""
    facets: tuple[str, ...] = ()
    start: str = ""
    """The query when nobody asked for another."""
    calm: str = ""
    """What an empty start says: nothing is wrong, and nothing was mistyped."""
    empty: str = ""
    """What to do next, when there is nothing at all."""
    views: tuple[tuple[str, str], ...] = ()
    """Queries that people often want, by name."""
    kind: str = ""
    """What the stream calls a change in this list."""
    seen: Callable[[Transaction, Sequence[T]], Mapping[str, datetime]] | None = None
    """When each row was seen, by its id, where the row alone does not tell."""
    folds: Callable[[Sequence[T]], Sequence[tuple[T, ...]]] | None = None
    """The rows of a page, each with those that tell the same of before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facet:
    """One value of a field, how many have it, and the query that takes it in or out."""

    value: str
    count: int
    on: bool
    link: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown(Generic[T]):
    """A list, ready to print."""

    lines: Lines[T]
    query: Query
    rows: Sequence[T]
    total: int
    columns: Sequence[Column[T]]
    facets: Mapping[str, Sequence[Facet]]
    next: str
    first: str
    after: str
    seen: Mapping[str, datetime] = field(default_factory=dict)
    chosen: frozenset[str] = field(default_factory=frozenset)
    earlier: Mapping[str, Sequence[T]] = field(default_factory=dict)
    """The rows that stand with another one, by its id."""
    bare: bool = False
    """Whether there is nothing at all, whatever is asked."""


def shown(
    visit: Visit, lines: Lines[T], *, base: Wanted | None = None, limit: int = PAGE
) -> Shown[T]:
    """The part of the list that this visit asks for."""
    query = asked(visit, lines, base)
    after = visit.asked("after")
    with visit.console.store.look() as tx:
        listed = lines.listed(tx, visit)
        items, onward = _page(listed, query.wanted, lines, (after, limit))
        counts, total = _counts(listed, query, lines)
        seen = lines.seen(tx, items) if lines.seen is not None else {}
        bare = not (items or after or _any(listed, lines, base))
    facets = {name: list(_values(counts[name], query, (visit, lines, name))) for name in counts}
    columns = _columns(visit, lines)
    folded = _folded(lines, items)
    return Shown(
        lines=lines,
        query=query,
        rows=[first for first, *_ in folded],
        total=total,
        columns=columns,
        facets={name: values for name, values in facets.items() if values},
        next=_link(visit, after=onward, at=_moment(visit).isoformat()) if onward else "",
        first=_link(visit) if after else "",
        after=after,
        seen=seen,
        chosen=frozenset(c.id for c in columns),
        bare=bare,
        earlier={_id(first): rest for first, *rest in folded if rest},
    )


def _page(
    listed: Listed[T], wanted: Wanted, lines: Lines[T], place: tuple[str, int]
) -> tuple[Sequence[T], str]:
    """The items of one page, and the cursor of the next; more of them where most stand together."""
    after, limit = place
    page = listed.page(wanted, after=after, limit=limit)
    items, onward = list(page.items), page.next
    while onward and len(items) < MOST_TOGETHER and 2 * len(_folded(lines, items)) < limit:
        more = listed.page(wanted, after=onward, limit=MOST_TOGETHER // 4)
        items, onward = [*items, *more.items], more.next
    return items, onward


def _any(listed: Listed[T], lines: Lines[T], base: Wanted | None) -> bool:
    """Whether there is anything, whatever is asked; of what is not kept in rows nobody asks."""
    return lines.noun == "events" or bool(listed.page(base or Wanted(), limit=1).items)


def _folded(lines: Lines[T], items: Sequence[T]) -> Sequence[tuple[T, ...]]:
    return lines.folds(items) if lines.folds is not None else [(one,) for one in items]


def asked(visit: Visit, lines: Lines[T], base: Wanted | None = None) -> Query:
    """What this visit asks of the list."""
    text = visit.asked("q", lines.start if base is None else "")
    query = parse(text, lines.noun, _moment(visit))
    if base is None:
        return query
    return Query(text=text, wanted=asking.within(base, query.wanted))


def _moment(visit: Visit) -> datetime:
    """When the first page was asked for: `since:2h` means the same on all pages."""
    with suppress(ValueError):
        kept = datetime.fromisoformat(visit.asked("at"))
        return kept if kept.tzinfo else visit.at
    return visit.at


def _counts(
    listed: Listed[T], query: Query, lines: Lines[T]
) -> tuple[Mapping[str, Mapping[str, int]], int]:
    """Each field with its values, and how many there are; what is counted alike is so at once."""
    alike: dict[Wanted, list[str]] = {}
    for name in lines.facets:
        # Alternatives are narrowed by a value, so only what they want is counted.
        wanted = query.wanted
        if not wanted.any_of:
            wanted = asking.without(wanted, lines.known[name])
        alike.setdefault(wanted, []).append(name)
    counts: dict[str, Mapping[str, int]] = {}
    total: int | None = None
    for wanted, names in alike.items():
        found = listed.facets(wanted, [lines.known[name] for name in names])
        counts |= {name: found[lines.known[name]] for name in names}
        if wanted == query.wanted:
            total = sum(counts[names[0]].values())
    ordered = {name: counts[name] for name in lines.facets}
    return ordered, listed.count(query.wanted) if total is None else total


def _values(
    counts: Mapping[str, int], query: Query, where: tuple[Visit, Lines[Any], str]
) -> Iterator[Facet]:
    visit, lines, name = where
    on = asking.chosen(query, lines.known[name])
    for value, count in sorted(counts.items(), key=lambda v: -v[1])[:MOST_VALUES]:
        plain = _level(value) if lines.known[name] == "severity" else value
        if plain:
            link = _link(visit, q=asking.toggled(query.text, name, plain))
            yield Facet(value=plain, count=count, on=plain in on, link=link)


_LEVELS = {"1": "low", "2": "medium", "3": "high"}


def _level(value: str) -> str:
    return _LEVELS.get(value, value)


def _columns(visit: Visit, lines: Lines[T]) -> list[Column[T]]:
    given = {v for text in visit.query.get("cols", ()) for v in text.split(",")}
    picked = [c for c in lines.columns if c.id in given] if given else []
    return picked or [c for c in lines.columns if c.usual]


def _link(visit: Visit, **change: str) -> str:
    """This page with another query or place."""
    kept = {k: v for k, v in visit.query.items() if k not in {"after", "at", *change}}
    pairs = [(k, v) for k, values in kept.items() for v in values]
    pairs += [(k, v) for k, v in change.items() if v or k == "q"]
    return f"{visit.path}?{query_of(pairs)}" if pairs else visit.path


def as_csv(visit: Visit, lines: Lines[Any]) -> Answer:
    """The whole list, as a spreadsheet reads it; no cell of it is a formula."""
    query = asked(visit, lines)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    columns = _columns(visit, lines) if visit.asked("cols") else lines.columns
    writer.writerow([c.head for c in columns])
    written, after = 0, ""
    with visit.console.store.look() as tx:
        while written < MOST_ROWS:
            page = lines.listed(tx, visit).page(query.wanted, after=after, limit=500)
            seen = lines.seen(tx, page.items) if lines.seen is not None else {}
            for one in page.items:
                writer.writerow([cell(_words(c, one, seen)) for c in columns])
            written += len(page.items)
            after = page.next
            if not after:
                break
    name = f'attachment; filename="stanch-{lines.noun}.csv"'
    return Answer(
        body=out.getvalue().encode("utf-8", "replace"),
        kind="text/csv",
        headers={"content-disposition": name, "cache-control": "no-store"},
    )


def _words(column: Column[T], one: T, seen: Mapping[str, datetime]) -> str:
    """What stands in this column of the row, in words."""
    if column.seen and seen:
        return absolute(seen[_id(one)])
    return column.text(one)


def _id(one: object) -> str:
    return str(getattr(one, "id"))  # noqa: B009  nouns share the attribute, not a base class
