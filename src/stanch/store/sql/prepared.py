"""Prepared statements: what is said many times a second is put into words once.

In    a statement with named gaps; the connection; what goes into the gaps.
Out   the result, as from any other statement.
Why   to build a statement of expressions, find it in the cache and bind it takes three times as
      long as SQLite takes to carry it out; a step of a playbook says seven of them.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Table, bindparam, insert, select, update
from sqlalchemy.sql import ClauseElement

Gaps = Mapping[str, Any]
"""What goes into the gaps: plain values, as the database takes them."""
_SET = "new_"


class Prepared:
    """One statement, worded once for each kind of database."""

    def __init__(self, statement: ClauseElement) -> None:
        """What to say; gaps are `bindparam`s."""
        self._statement = statement
        self._worded: dict[str, tuple[str, Sequence[str] | None]] = {}

    def run(self, link: Connection, gaps: Gaps) -> CursorResult[Any]:
        """The result of saying it with these in its gaps."""
        text, order = self._words(link)
        return link.exec_driver_sql(text, _placed(gaps, order))

    def run_each(self, link: Connection, all_: Sequence[Gaps]) -> None:
        """Says it once for each of these."""
        text, order = self._words(link)
        link.exec_driver_sql(text, [_placed(gaps, order) for gaps in all_])

    def _words(self, link: Connection) -> tuple[str, Sequence[str] | None]:
        known = self._worded.get(link.dialect.name)
        if known is None:
            made: Any = self._statement.compile(dialect=link.dialect)
            known = self._worded[link.dialect.name] = (str(made), made.positiontup)
        return known


def _placed(gaps: Gaps, order: Sequence[str] | None) -> Any:
    return dict(gaps) if order is None else tuple([gaps[name] for name in order])


@cache
def kept(table: Table, key: str = "id") -> Prepared:
    """The document under `key`."""
    return Prepared(select(table.c.doc).where(table.c[key] == bindparam("key")))


@cache
def added(table: Table, columns: tuple[str, ...]) -> Prepared:
    """A new row."""
    return Prepared(insert(table).values({name: bindparam(_SET + name) for name in columns}))


@cache
def rewritten(table: Table, columns: tuple[str, ...], *where: str) -> Prepared:
    """A row in place of the one that has, in the columns `where`, what stands under their names."""
    here = [table.c[name] == bindparam(name) for name in where]
    made = update(table).where(*here).values({name: bindparam(_SET + name) for name in columns})
    return Prepared(made)


def fresh(row: Gaps) -> dict[str, Any]:
    """The row as the gaps of `added` and `rewritten` name its columns."""
    return {_SET + name: value for name, value in row.items()}
