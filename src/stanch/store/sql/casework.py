"""Notes and links of incidents in SQL."""

from sqlalchemy import Connection, delete, insert, select

from stanch.store.sql import tables
from stanch.store.sql.codec import decode, encode, micros
from stanch.store.sql.shelf import words
from stanch.vocabulary.casework import Link, Note
from stanch.vocabulary.ids import IncidentId


class Notes:
    """What people wrote about an incident."""

    def __init__(self, link: Connection) -> None:
        """The notes, inside one transaction."""
        self.link = link

    def add(self, note: Note) -> Note:
        """The note, kept."""
        row = {"id": note.id, "incident": note.incident, "at": micros(note.at)}
        said = words(note.text, most=None)
        self.link.execute(insert(tables.notes).values(**row, doc=encode(note), words=said))
        return note

    def of(self, incident: IncidentId) -> tuple[Note, ...]:
        """The notes of an incident, oldest first."""
        t = tables.notes.c
        query = select(t.doc).where(t.incident == incident).order_by(t.at, t.id)
        return tuple(decode(doc, Note) for doc in self.link.execute(query).scalars())


class Links:
    """What an incident points at."""

    def __init__(self, link: Connection) -> None:
        """The links, inside one transaction."""
        self.link = link

    def add(self, link: Link) -> Link:
        """The link, kept."""
        row = {"id": link.id, "incident": link.incident, "at": micros(link.at)}
        self.link.execute(insert(tables.links).values(**row, doc=encode(link)))
        return link

    def of(self, incident: IncidentId) -> tuple[Link, ...]:
        """The links of an incident, oldest first."""
        t = tables.links.c
        query = select(t.doc).where(t.incident == incident).order_by(t.at, t.id)
        return tuple(decode(doc, Link) for doc in self.link.execute(query).scalars())

    def remove(self, key: str) -> bool:
        """Whether it was there, and is gone."""
        t = tables.links
        return self.link.execute(delete(t).where(t.c.id == key)).rowcount > 0
