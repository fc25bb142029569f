"""A shelf: nouns of one kind by their id, and in pages. What every table of nouns has in common.

In    a `Label`, which says how a noun becomes a row and what its list can be narrowed by.
Out   get, find, many, add, save, page, count, facets.
Why   one walk along one index for each page; a filter that a list does not know is refused, since
      a list that ignores a filter lies.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum, StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    UnaryExpression,
    and_,
    collate,
    func,
    insert,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.sql.visitors import replacement_traverse

from stanch.store.sql.codec import decode, encode, micros
from stanch.store.sql.cursor import Sealer
from stanch.store.sql.prepared import fresh, kept, rewritten
from stanch.vocabulary.listing import Facets, Page, Sort, Wanted
from stanch.vocabulary.searching import folded
from stanch.vocabulary.trouble import AlreadyThere, BadInput, NotFound, Stale

N = TypeVar("N")
K = TypeVar("K", bound=str)
A = TypeVar("A")
Row = Mapping[str, Any]
Query = Select[*tuple[Any, ...]]
Condition = ColumnElement[bool]

MOST = 1000
"""The largest page."""
_NOWHERE = Wanted()


@dataclass(frozen=True, kw_only=True, slots=True)
class Label(Generic[N]):
    """How nouns of one kind lie in their table."""

    word: str
    shown_by: str
    """The command that lists them."""
    table: Table
    kind: type[N]
    row: Callable[[N], dict[str, Any]]
    """The columns beside id, revision and doc."""
    any_of: Mapping[str, str] = field(default_factory=dict)
    """Field of `Wanted` -> column."""
    at: str = ""
    """The column that `since` and `until` mean, and that the list is sorted by."""
    newest_first: bool = True
    changed: str = ""
    versioned: bool = False
    extra: Mapping[str, Callable[[Wanted], Condition]] = field(default_factory=dict)
    """Field of `Wanted` -> the condition it makes."""


class Shelf(Generic[K, N]):
    """The nouns of one kind, inside one transaction."""

    def __init__(self, label: Label[N], link: Connection, sealer: Sealer) -> None:
        """A shelf for the length of one transaction."""
        self.label = label
        self.link = link
        self.sealer = sealer

    @property
    def _t(self) -> Table:
        return self.label.table

    def find(self, key: K) -> N | None:
        """The one with this id, or nothing."""
        doc = kept(self._t).run(self.link, {"key": key}).scalar()
        return None if doc is None else decode(doc, self.label.kind)

    def get(self, key: K) -> N:
        """The one with this id, or `NotFound`."""
        one = self.find(key)
        if one is None:
            raise NotFound(self.label.word, key, self.label.shown_by)
        return one

    def many(self, keys: Iterable[K]) -> tuple[N, ...]:
        """Those of these ids that are there, in the order asked for."""
        wanted = list(keys)
        docs: dict[str, str] = {}
        for some in chunks(wanted):
            query = select(self._t.c.id, self._t.c.doc).where(self._t.c.id.in_(some))
            docs.update((row.id, row.doc) for row in self.link.execute(query))
        return tuple(decode(docs[k], self.label.kind) for k in wanted if k in docs)

    def revision(self, key: K) -> int:
        """How often it was saved; 0 when it is not there."""
        query = select(self._t.c.revision).where(self._t.c.id == key)
        return int(self.link.execute(query).scalar() or 0)

    def add(self, one: N) -> N:
        """A new one, or `AlreadyThere`."""
        version = getattr(one, "version", 1) if self.label.versioned else 1
        try:
            with self.link.begin_nested():
                self.link.execute(insert(self._t).values(**self._row(one, version)))
        except IntegrityError as clash:
            raise AlreadyThere(self.label.word.capitalize(), id_of(one)) from clash
        return one

    def save(self, one: N, *, seen: int | None = None) -> N:
        """The one as it is now kept; a noun without a `version` may also be new."""
        if self.label.versioned:
            return self._save_next(one)
        return self._save_over(one, seen)

    def page(self, wanted: Wanted = _NOWHERE, *, after: str = "", limit: int = 50) -> Page[N]:
        """The next few of what is wanted."""
        rows, onward = self.walk(wanted, after=after, limit=limit)
        return Page(items=tuple(decode(r["doc"], self.label.kind) for r in rows), next=onward)

    def count(self, wanted: Wanted = _NOWHERE) -> int:
        """How many are wanted."""
        query = self.joined(wanted, select(func.count()).select_from(self._t))
        query = query.where(*self.counted(wanted))
        return int(self.link.execute(query).scalar_one())

    def facets(self, wanted: Wanted, fields: Iterable[str]) -> Facets:
        """How many of the wanted have each value of these fields."""
        query = self.joined(wanted, select(func.count())).where(*self.counted(wanted))
        return self._grouped(query, self._t, list(fields))

    def walk(self, wanted: Wanted, *, after: str, limit: int) -> tuple[list[Row], str]:
        """The rows of one page, and the cursor of the next."""
        if not 1 <= limit <= MOST:
            raise BadInput(f"A page has 1 to {MOST} items, not {limit}.")
        question = f"{self.label.word}\0{encode(wanted)}"
        keys, descending = self._order(wanted)
        query = self.joined(wanted, select(self._t)).where(*self.listed(wanted))
        if after:
            key, last = self.sealer.open(question, after)
            start = (last,) if len(keys) == 1 else (key, last)
            here = tuple_(*self._sorted_by(keys))
            query = query.where(here < start if descending else here > start)
        order = [c.desc() if descending else c.asc() for c in self._sorted_by(keys)]
        found = self.link.execute(query.order_by(*order).limit(limit + 1)).mappings().all()
        rows: list[Row] = [dict(r) for r in found[:limit]]
        if len(found) <= limit:
            return rows, ""
        name = keys[0].name
        return rows, self.sealer.close(question, rows[-1][name], rows[-1]["id"])

    def joined(self, wanted: Wanted, query: Query) -> Query:
        """The query, with the other tables that the conditions speak of."""
        del wanted
        return query

    def conditions(self, wanted: Wanted) -> list[Condition]:
        """What the wanted rows have in common; `BadInput` for a filter this list does not know."""
        made: list[Condition] = []
        for part in fields(Wanted):
            value = getattr(wanted, part.name)
            if part.name != "any_of" and value not in ((), None, "", Sort.USUAL):
                made.extend(self._condition(part.name, value, wanted))
        if wanted.any_of:
            made.append(or_(*(and_(true(), *self.alternative(one)) for one in wanted.any_of)))
        return made

    def listed(self, wanted: Wanted) -> list[Condition]:
        """The conditions, as a page asks them."""
        return self.conditions(wanted)

    def counted(self, wanted: Wanted) -> list[Condition]:
        """The conditions, as a count asks them."""
        return self.conditions(wanted)

    def alternative(self, wanted: Wanted) -> list[Condition]:
        """What the rows of one alternative have in common; without other tables than their own."""
        return self.conditions(wanted)

    def _condition(self, name: str, value: Any, wanted: Wanted) -> list[Condition]:
        label, columns = self.label, self._t.c
        if name in label.extra:
            return [label.extra[name](wanted)]
        if name in label.any_of:
            column = columns[label.any_of[name]]
            # A list of one is said as equality: then the index also gives the order.
            given = [plain(v) for v in value]
            return [column == given[0] if len(given) == 1 else column.in_(given)]
        if name == "since" and label.at:
            return [columns[label.at] >= micros(value)]
        if name == "until" and label.at:
            return [columns[label.at] < micros(value)]
        if name == "changed_since" and label.changed:
            return [columns[label.changed] >= micros(value)]
        if name == "text" and "words" in columns:
            return [self.said(word) for word in telling(value)]
        raise BadInput(f"A list of {label.word}s cannot be narrowed by {name}. Leave it out.")

    def said(self, word: str) -> Condition:
        """Whether this word, folded, stands in what is searched for."""
        return holds(self.link, self._t.c.words, word)

    def _order(self, wanted: Wanted) -> tuple[list["Column[Any]"], bool]:
        """The columns that the list is sorted by, and whether it runs backwards."""
        if wanted.sort is not Sort.USUAL:
            raise BadInput(f"A list of {self.label.word}s cannot be sorted by {wanted.sort}.")
        if not self.label.at:
            return [self._t.c.id], False
        return [self._t.c[self.label.at], self._t.c.id], self.label.newest_first

    def _sorted_by(self, keys: list["Column[Any]"]) -> list[ColumnElement[Any]]:
        """The columns as they are compared: a list by id has the same order in every database,
        whatever language its text is sorted in. Ids behind a moment sort alike in all of them.
        """
        if len(keys) > 1 or self.link.dialect.name != "postgresql":
            return [*keys]
        return [collate(key, "C") for key in keys]

    def _grouped(self, counted: Query, table: Table, names: list[str]) -> dict[str, dict[str, int]]:
        """How many have each value of these columns of the table, most first, in one walk."""
        unknown = [name for name in names if name not in self.label.any_of]
        if unknown:
            raise BadInput(f"A list of {self.label.word}s cannot be counted by {unknown[0]}.")
        columns = [table.c[self.label.any_of[name]] for name in names]
        query = counted.add_columns(*columns).group_by(*columns)
        counts: dict[str, dict[str, int]] = {name: {} for name in names}
        for n, *values in self.link.execute(query):
            for name, value in zip(names, map(str, values), strict=True):
                counts[name][value] = counts[name].get(value, 0) + int(n)
        return {name: _most_first(found) for name, found in counts.items()}

    def _row(self, one: N, revision: int) -> dict[str, Any]:
        row = {k: plain(v) for k, v in self.label.row(one).items()}
        return {"id": id_of(one), "revision": revision, "doc": self.document(one), **row}

    def document(self, one: N) -> str:
        """The document that is kept of it."""
        return encode(one)

    def _save_next(self, one: N) -> N:
        seen = int(getattr(one, "version", 0))
        after: N = replace(one, version=seen + 1)  # type: ignore[bad-specialization]  versioned
        self._write(after, id_of(one), seen=seen, then=seen + 1)
        return after

    def _save_over(self, one: N, seen: int | None) -> N:
        key = id_of(one)
        query = select(self._t.c.revision).where(self._t.c.id == key)
        now = int(self.link.execute(query).scalar() or 0)
        if seen is not None and seen != now:
            raise Stale(self.label.word, seen, now)
        if now == 0:
            return self.add(one)
        self._write(one, key, seen=now, then=now + 1)
        return one

    def _write(self, one: N, key: str, *, seen: int, then: int) -> None:
        row = self._row(one, then)
        said = rewritten(self._t, tuple(row), "id", "revision")
        done = said.run(self.link, {**fresh(row), "id": key, "revision": seen})
        if done.rowcount == 1:
            return
        now = self.link.execute(select(self._t.c.revision).where(self._t.c.id == key)).scalar()
        if now is None:
            raise NotFound(self.label.word, key, self.label.shown_by)
        raise Stale(self.label.word, seen, now)


def holds(link: Connection, column: "Column[str]", word: str) -> Condition:
    """Whether the text has this in it; each database asked in the way that costs it less."""
    if link.dialect.name == "postgresql":
        return func.strpos(column, word) > 0
    return column.contains(word, autoescape=True)


def apart(condition: Condition, names: Container[str]) -> Condition:
    """The same condition, for which SQLite uses no index that begins with one of these columns."""

    def said(element: Any, **_: Any) -> Any:
        if not isinstance(element, Column) or element.name not in names:
            return None
        return UnaryExpression(element, operator=custom_op("+"), type_=element.type)

    return replacement_traverse(condition, {}, said)


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def id_of(one: object) -> str:
    """The noun's id."""
    return str(getattr(one, "id"))  # noqa: B009  nouns share the attribute, not a base class


def plain(value: Any) -> Any:
    """The value as the database takes it: a word of a closed set is text."""
    match value:
        case StrEnum():
            return str(value)
        case IntEnum():
            return int(value)
        case _:
            return value


def words(*parts: str, most: int | None = 2000) -> str:
    """What a search for text looks through; PostgreSQL keeps no NUL in it."""
    return folded("\n".join(parts))[:most].replace("\0", " ")


def telling(text: str) -> list[str]:
    """The words that are searched for, the longest first, without those that stand in another."""
    said: list[str] = []
    for word in sorted(set(folded(text).split()), key=lambda w: (-len(w), w)):
        if not any(word in longer for longer in said):
            said.append(word)
    return said


def chunks(keys: list[A], size: int = 500) -> Iterable[list[A]]:
    """The keys in lots that one statement can carry."""
    return (keys[i : i + size] for i in range(0, len(keys), size))
