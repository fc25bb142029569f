"""Counters: numbers in a row for whoever writes; there is one writer, so there are no gaps."""

from sqlalchemy import Connection, bindparam, update

from stanch.store.sql import tables
from stanch.store.sql.prepared import Prepared

_COUNTER = tables.counters.c
_MORE = Prepared(
    update(tables.counters)
    .where(_COUNTER.name == bindparam("which"))
    .values(n=_COUNTER.n + bindparam("many"))
    .returning(_COUNTER.n)
)


def first_of(link: Connection, name: str, many: int) -> int:
    """The first of so many numbers in a row."""
    last = _MORE.run(link, {"which": name, "many": many}).scalar_one()
    return int(last) - many + 1
