"""Logins: what is kept so that a person can be known again. No secret itself is ever kept."""

from dataclasses import dataclass
from datetime import datetime

from stanch.vocabulary.ids import UserId


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """How a person's password is checked."""

    user: UserId
    hash: str
    """scrypt with its parameters and salt."""
    changed: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One browser that is logged in."""

    id: str
    """The SHA-256 of the cookie; the cookie itself is nowhere here."""
    user: UserId
    created: datetime
    seen: datetime
    expires: datetime
    source: str = ""
