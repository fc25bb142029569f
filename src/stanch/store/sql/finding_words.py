"""Words of findings, apart from their documents: what PostgreSQL reads in a search.

In    a `Wanted` with words in it.
Out   whether the words answer it, of all findings or counted beside the bonds of one incident; the
      shelf that does.
Why   a search for what few findings have reads every one; with its document a row is five times as
      long. SQLite has the same in its indexes.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, and_, func

from stanch.store.sql import tables
from stanch.store.sql.cursor import Sealer
from stanch.store.sql.shelf import Condition, Label, Query, Row, Shelf, telling
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import FindingId
from stanch.vocabulary.listing import Facets, Wanted

_t = tables.finding_words
_COLUMNS = tuple(column.name for column in _t.c)
_bond = tables.bonds.c


class Words(Shelf[FindingId, Finding]):
    """The words of findings, inside one transaction; every question is planned for its words."""

    def walk(self, wanted: Wanted, *, after: str, limit: int) -> tuple[list[Row], str]:
        """The rows of one page, and the cursor of the next."""
        self._plan_anew()
        return super().walk(wanted, after=after, limit=limit)

    def count(self, wanted: Wanted = Wanted()) -> int:  # noqa: B008  a frozen value
        """How many are wanted."""
        self._plan_anew()
        return super().count(wanted)

    def facets(self, wanted: Wanted, fields: Iterable[str]) -> Facets:
        """How many of the wanted have each value."""
        self._plan_anew()
        return super().facets(wanted, fields)

    def joined(self, wanted: Wanted, query: Query) -> Query:
        """The words, beside the bonds of the one incident; a bond has the moment of its finding."""
        if not wanted.incident:
            return query
        same = and_(_bond.finding == _t.c.id, _bond.at == _t.c.at)
        return query.select_from(_t.join(tables.bonds, same))

    def _plan_anew(self) -> None:
        self.link.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")

    def _condition(self, name: str, value: Any, wanted: Wanted) -> list[Condition]:
        if name != "text":
            return super()._condition(name, value, wanted)
        # The first is quick to compute. Of the second the planner can tell how many rows have it,
        # and so whether to walk along the index or to read all; it is computed where the first is.
        column = _t.c.words
        return [
            condition
            for word in telling(value)
            for condition in (
                func.strpos(column, word) > 0,
                column.contains(word, autoescape=True),
            )
        ]


def words_of(label: Label[Finding], link: Connection, sealer: Sealer) -> Words | None:
    """The shelf of the words of these findings, where the database has one."""
    if link.dialect.name != tables.APART:
        return None
    inside = {"incident": label.extra["incident"]}
    apart = replace(label, table=_t, row=lambda one: part(label.row(one)), changed="", extra=inside)
    return Words(apart, link, sealer)


def enough(wanted: Wanted) -> bool:
    """Whether words are wanted, and nothing that is not kept beside them."""
    return asked(wanted) and not asks_more(wanted)


def enough_to_count(wanted: Wanted) -> bool:
    """The same, perhaps of one incident: its bonds say which findings, in no order of their own."""
    return enough(replace(wanted, incident=()) if len(wanted.incident) == 1 else wanted)


def part(row: Row) -> dict[str, Any]:
    """What is kept here of a finding's row."""
    return {name: row[name] for name in _COLUMNS}


def asked(wanted: Wanted) -> bool:
    """Whether words are wanted, be it in an alternative."""
    return bool(wanted.text) or any(map(asked, wanted.any_of))


def asks_more(wanted: Wanted) -> bool:
    """Whether findings are wanted by what other tables say of them."""
    more = wanted.principal or wanted.incident or wanted.changed_since is not None
    return bool(more) or any(map(asks_more, wanted.any_of))
