"""Who may do what: roles of people and scopes of service keys.

A person has one role; a service key has scopes. Both come down to a set of rights, and every
route and command asks for one right by name.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from stanch.vocabulary.ids import KeyId, UserId
from stanch.vocabulary.words import word


class Role(StrEnum):
    """What a person is here to do; each role may do all that the one before it may."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    APPROVER = "approver"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a key may be used for."""

    INGEST = "ingest"
    GUARD = "guard"
    """Brings `ingest` with it: a guard tells what it hears."""
    READ = "read"
    RESPOND = "respond"
    APPROVE = "approve"
    ADMIN = "admin"


ROLE_SCOPES = MappingProxyType(
    {
        Role.VIEWER: frozenset({Scope.READ}),
        Role.RESPONDER: frozenset({Scope.READ, Scope.RESPOND}),
        Role.APPROVER: frozenset({Scope.READ, Scope.RESPOND, Scope.APPROVE}),
        Role.ADMIN: frozenset(Scope),
    }
)
"""The rights of each role."""


class Duty(StrEnum):
    """The part a person plays for an asset when something happens to it."""

    RESPONDER = "responder"
    ML_ENGINEER = "ml_engineer"
    DATA_SCIENTIST = "data_scientist"
    LEGAL = "legal"
    COMMUNICATIONS = "communications"
    LEADERSHIP = "leadership"
    FINANCE = "finance"
    """Who answers for what it costs."""
    SUPPLIERS = "suppliers"
    """Who speaks with those who supply a model, data, packages or computing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who is asking, and with which rights; what the evidence log calls the actor."""

    name: str
    scopes: frozenset[Scope]
    role: Role | None = None
    key: str = ""
    """The id of the service key that was shown; names of keys may be alike."""

    def may(self, scope: Scope) -> bool:
        """Whether this right is among the caller's."""
        telling = scope is Scope.INGEST and Scope.GUARD in self.scopes
        return scope in self.scopes or Scope.ADMIN in self.scopes or telling


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A person with an account."""

    id: UserId
    name: str
    role: Role
    created: datetime
    disabled: bool = False
    external: bool = False
    """Known through the identity provider, without a password here."""
    same_as: str = ""
    """The name of another account of the same person, as an admin said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceKey:
    """A key, of a person or of a machine; the secret is shown once and kept only as a hash."""

    id: KeyId
    name: str
    scopes: frozenset[Scope]
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    last_used: datetime | None = None
    owner: str = ""
    """The name of the person it belongs to; nobody's where none is known."""


KEY = "key:"
"""What the name of a key, as an actor, begins with."""


def called(name: str) -> str:
    """A part by its words, a person by their name, a key by the name it was given."""
    if name.startswith(KEY):
        return f"the key {name.removeprefix(KEY)}"
    return word(name) if name in frozenset(Duty) else name
