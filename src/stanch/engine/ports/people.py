"""Who may come in, and what is set."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from stanch.engine.ports.shelf import Shelf
from stanch.vocabulary.ids import KeyId, UserId
from stanch.vocabulary.login import Credential, Session
from stanch.vocabulary.people import ServiceKey, User


class Users(Shelf[UserId, User], Protocol):
    """People with accounts. Wanted by: kind (role), text."""

    def named(self, name: str) -> User | None:
        """The one with this name, whatever its capitals."""
        ...

    def credential(self, user: UserId) -> Credential | None:
        """How the person's password is checked; nothing when there is none."""
        ...

    def keep_credential(self, credential: Credential) -> None:
        """Keeps it in place of the one before."""
        ...


class ServiceKeys(Shelf[KeyId, ServiceKey], Protocol):
    """Keys for machines. Wanted by: text."""

    def keep_hash(self, key: KeyId, secret_hash: bytes) -> None:
        """Keeps the SHA-256 of the key's secret."""
        ...

    def hash_of(self, key: KeyId) -> bytes | None:
        """The SHA-256 of the key's secret."""
        ...

    def used(self, keys: Mapping[KeyId, datetime]) -> None:
        """Keeps when each was last used."""
        ...


class Sessions(Protocol):
    """Browsers that are logged in."""

    def find(self, key: str) -> Session | None:
        """The session, or nothing."""
        ...

    def of(self, user: UserId) -> tuple[Session, ...]:
        """Those of this person, whether they still count or not."""
        ...

    def add(self, session: Session) -> None:
        """Keeps a new one."""
        ...

    def seen(self, key: str, at: datetime) -> None:
        """Keeps when it was last used."""
        ...

    def remove(self, key: str) -> bool:
        """Whether it was there, and is gone."""
        ...

    def remove_of(self, user: UserId) -> int:
        """How many of this person's were there, and are gone."""
        ...

    def prune(self, before: datetime) -> int:
        """How many had expired before then, and are gone."""
        ...


class Settings(Protocol):
    """Small things kept by name, as JSON text."""

    def get(self, name: str) -> str | None:
        """What is kept under this name."""
        ...

    def put(self, name: str, text: str) -> None:
        """Keeps it in place of what was there."""
        ...

    def forget(self, name: str) -> None:
        """Keeps nothing under this name."""
        ...

    def all(self, prefix: str = "") -> Mapping[str, str]:
        """Everything kept under names that start like this."""
        ...
