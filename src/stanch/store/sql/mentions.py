"""Mentions in SQL: where in the evidence log each thing is spoken of."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from stanch.store.sql import tables
from stanch.vocabulary.kept import Mention
from stanch.vocabulary.record import Deed

_t = tables.mentions


class Mentions:
    """Where in the evidence log things are spoken of."""

    def __init__(self, link: Connection) -> None:
        """The mentions, inside one transaction."""
        self.link = link

    def put(self, mentions: Iterable[Mention]) -> None:
        """Keeps these, in place of what was kept of the same entries."""
        rows = [{"thing": m.thing, "place": m.place, "deed": str(m.deed)} for m in mentions]
        if rows:
            places = sorted({row["place"] for row in rows})
            span = _t.c.place.between(places[0], places[-1])
            things = sorted({row["thing"] for row in rows})
            for start in range(0, len(things), 500):
                some = _t.c.thing.in_(things[start : start + 500])
                self.link.execute(delete(_t).where(some, span))
            self.link.execute(insert(_t), rows)

    def of(
        self, thing: str, *, deeds: Sequence[Deed] = (), before: int | None = None, limit: int = 50
    ) -> tuple[Mention, ...]:
        """The latest entries that speak of it, newest first."""
        query = select(_t.c.place, _t.c.deed).where(*_of(thing, deeds))
        if before is not None:
            query = query.where(_t.c.place < before)
        found = self.link.execute(query.order_by(_t.c.place.desc()).limit(limit))
        return tuple(Mention(thing=thing, place=row.place, deed=Deed(row.deed)) for row in found)

    def count(self, thing: str, *, deeds: Sequence[Deed] = ()) -> int:
        """How many entries speak of it."""
        query = select(func.count()).select_from(_t).where(*_of(thing, deeds))
        return int(self.link.execute(query).scalar_one())


def _of(thing: str, deeds: Sequence[Deed]) -> list[ColumnElement[bool]]:
    made: list[ColumnElement[bool]] = [_t.c.thing == thing]
    return [*made, _t.c.deed.in_([str(d) for d in deeds])] if deeds else made
