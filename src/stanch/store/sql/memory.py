"""Small things by name in SQL."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select, update

from stanch.store.sql import tables

_t = tables.settings


class Settings:
    """Small things kept by name, as JSON text."""

    def __init__(self, link: Connection) -> None:
        """The settings, inside one transaction."""
        self.link = link

    def get(self, name: str) -> str | None:
        """What is kept under this name."""
        return self.link.execute(select(_t.c.value).where(_t.c.name == name)).scalar()

    def put(self, name: str, text: str) -> None:
        """Keeps it in place of what was there."""
        done = self.link.execute(update(_t).where(_t.c.name == name).values(value=text))
        if done.rowcount == 0:
            self.link.execute(insert(_t).values(name=name, value=text))

    def forget(self, name: str) -> None:
        """Keeps nothing under this name."""
        self.link.execute(delete(_t).where(_t.c.name == name))

    def all(self, prefix: str = "") -> Mapping[str, str]:
        """Everything kept under names that start like this, but what is the house's own (`_`)."""
        query = select(_t.c.name, _t.c.value).where(
            _t.c.name.startswith(prefix, autoescape=True),
            ~_t.c.name.startswith("_", autoescape=True),
        )
        rows = self.link.execute(query.order_by(_t.c.name))
        return {row.name: row.value for row in rows}
