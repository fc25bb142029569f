"""People, keys and sessions in SQL. Only hashes of secrets are here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from stanch.store.sql import tables
from stanch.store.sql.codec import decode, encode, micros, moment
from stanch.store.sql.shelf import Shelf
from stanch.vocabulary.ids import KeyId, UserId
from stanch.vocabulary.listing import Page, Wanted
from stanch.vocabulary.login import Credential, Session
from stanch.vocabulary.people import ServiceKey, User

_s = tables.sessions
_EVERYTHING = Wanted()


class Users(Shelf[UserId, User]):
    """People with accounts."""

    def named(self, name: str) -> User | None:
        """The one with this name, whatever its capitals."""
        t = tables.users.c
        doc = self.link.execute(select(t.doc).where(t.folded == name.casefold())).scalar()
        return None if doc is None else decode(doc, User)

    def credential(self, user: UserId) -> Credential | None:
        """How the person's password is checked; nothing when there is none."""
        t = tables.credentials.c
        doc = self.link.execute(select(t.doc).where(t.id == user)).scalar()
        return None if doc is None else decode(doc, Credential)

    def keep_credential(self, credential: Credential) -> None:
        """Keeps it in place of the one before."""
        t = tables.credentials
        self.link.execute(delete(t).where(t.c.id == credential.user))
        self.link.execute(insert(t).values(id=credential.user, doc=encode(credential)))


class ServiceKeys(Shelf[KeyId, ServiceKey]):
    """Keys for machines."""

    def keep_hash(self, key: KeyId, secret_hash: bytes) -> None:
        """Keeps the SHA-256 of the key's secret."""
        self.link.execute(insert(tables.key_secrets).values(id=key, hash=secret_hash, used=None))

    def hash_of(self, key: KeyId) -> bytes | None:
        """The SHA-256 of the key's secret."""
        t = tables.key_secrets.c
        found = self.link.execute(select(t.hash).where(t.id == key)).scalar()
        return None if found is None else bytes(found)

    def used(self, keys: Mapping[KeyId, datetime]) -> None:
        """Keeps when each was last used; the noun itself stays as it is."""
        t = tables.key_secrets
        for key, at in keys.items():
            self.link.execute(update(t).where(t.c.id == key).values(used=micros(at)))

    def find(self, key: KeyId) -> ServiceKey | None:
        """The one with this id, and when it was last used; or nothing."""
        one = super().find(key)
        return None if one is None else self._with_use((one,))[0]

    def page(
        self, wanted: Wanted = _EVERYTHING, *, after: str = "", limit: int = 50
    ) -> Page[ServiceKey]:
        """The next few of what is wanted, and when each was last used."""
        page = super().page(wanted, after=after, limit=limit)
        return Page(items=self._with_use(page.items), next=page.next)

    def _with_use(self, keys: tuple[ServiceKey, ...]) -> tuple[ServiceKey, ...]:
        t = tables.key_secrets.c
        query = select(t.id, t.used).where(t.id.in_([k.id for k in keys]), t.used.is_not(None))
        used = {row.id: moment(row.used) for row in self.link.execute(query)}
        return tuple(replace(k, last_used=used.get(k.id, k.last_used)) for k in keys)


class Sessions:
    """Browsers that are logged in."""

    def __init__(self, link: Connection) -> None:
        """The sessions, inside one transaction."""
        self.link = link

    def find(self, key: str) -> Session | None:
        """The session, or nothing."""
        row = self.link.execute(select(_s).where(_s.c.id == key)).one_or_none()
        return None if row is None else _session(row)

    def of(self, user: UserId) -> tuple[Session, ...]:
        """Those of this person, whether they still count or not."""
        return tuple(map(_session, self.link.execute(select(_s).where(_s.c.user_id == user))))

    def add(self, session: Session) -> None:
        """Keeps a new one."""
        self.link.execute(
            insert(_s).values(
                id=session.id,
                user_id=session.user,
                created=micros(session.created),
                seen=micros(session.seen),
                expires=micros(session.expires),
                source=session.source,
            )
        )

    def seen(self, key: str, at: datetime) -> None:
        """Keeps when it was last used."""
        self.link.execute(update(_s).where(_s.c.id == key).values(seen=micros(at)))

    def remove(self, key: str) -> bool:
        """Whether it was there, and is gone."""
        return self.link.execute(delete(_s).where(_s.c.id == key)).rowcount > 0

    def remove_of(self, user: UserId) -> int:
        """How many of this person's were there, and are gone."""
        return self.link.execute(delete(_s).where(_s.c.user_id == user)).rowcount

    def prune(self, before: datetime) -> int:
        """How many had expired before then, and are gone."""
        return self.link.execute(delete(_s).where(_s.c.expires < micros(before))).rowcount


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        user=UserId(row.user_id),
        created=moment(row.created),
        seen=moment(row.seen),
        expires=moment(row.expires),
        source=row.source,
    )
