"""Sessions: browsers that are logged in, and the tokens that prove a form is our own.

In    the cookie of a browser.
Out   the caller behind it, or `NotLoggedIn`; a CSRF token bound to that cookie.
Why   the cookie is 256 random bits and only its hash is kept, so a stolen database logs nobody in.
      A session ends after two hours of silence, and after twelve hours whatever happens. When the
      clock was set back to before it began, nobody knows how old it is, and it ends too.
"""

import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from stanch.engine.clock import Clock
from stanch.engine.ports import Store, Transaction
from stanch.vocabulary.login import Session
from stanch.vocabulary.people import ROLE_SCOPES, Caller, User
from stanch.vocabulary.trouble import Busy, NoSpace, NotAllowed, NotLoggedIn, Unreachable

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
_TOUCH = timedelta(minutes=1)
_SLACK = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedIn:
    """A login that succeeded. The cookie is known only now."""

    caller: Caller
    cookie: str
    csrf: str
    expires: datetime

    def __repr__(self) -> str:
        """Who logged in, without the cookie."""
        return f"LoggedIn({self.caller.name})"


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(self, store: Store, clock: Clock, secret: bytes) -> None:
        """`secret` makes the CSRF tokens; every process of one database has the same."""
        self._store = store
        self._clock = clock
        self._secret = secret

    def open(self, tx: Transaction, user: User, *, source: str, old: str = "") -> LoggedIn:
        """A new session under a new cookie; the browser's old one ends with it."""
        now = self._clock()
        if old:
            tx.sessions.remove(_name(old))
        tx.sessions.prune(now)
        cookie = secrets.token_urlsafe(32)
        kept = Session(
            id=_name(cookie),
            user=user.id,
            created=now,
            seen=now,
            expires=now + LONGEST,
            source=source[:200],
        )
        tx.sessions.add(kept)
        return LoggedIn(
            caller=caller_of(user), cookie=cookie, csrf=self.csrf(cookie), expires=kept.expires
        )

    def caller(self, cookie: str) -> Caller:
        """Whoever this browser belongs to, or `NotLoggedIn`."""
        kept, user = self.behind(cookie)
        now = self._clock()
        if now - kept.seen > _TOUCH:
            # Who only looks is not shut out by a database that cannot be written to.
            with suppress(NoSpace, Busy, Unreachable), self._store.begin() as tx:
                tx.sessions.seen(kept.id, now)
        return caller_of(user)

    def behind(self, cookie: str) -> tuple[Session, User]:
        """The session under this cookie and whose it is, or `NotLoggedIn`."""
        with self._store.look() as tx:
            kept = tx.sessions.find(_name(cookie))
            user = tx.users.find(kept.user) if kept else None
        if kept is None or user is None or user.disabled or not _alive(kept, self._clock()):
            raise NotLoggedIn
        return kept, user

    def alive(self, tx: Transaction, user: User) -> tuple[Session, ...]:
        """The sessions of this person that are open now."""
        now = self._clock()
        return tuple(one for one in tx.sessions.of(user.id) if _alive(one, now))

    def end(self, cookie: str) -> bool:
        """Whether there was such a session, and it is over."""
        with self._store.begin() as tx:
            return tx.sessions.remove(_name(cookie))

    def csrf(self, cookie: str) -> str:
        """The token that forms of this session carry."""
        return hmac.new(self._secret, b"csrf\0" + cookie.encode(), hashlib.sha256).hexdigest()

    def check_csrf(self, cookie: str, token: str) -> None:
        """Nothing, or `NotAllowed` for a form that is not ours."""
        if not hmac.compare_digest(self.csrf(cookie).encode(), token.encode()):
            raise NotAllowed("a form of this session", "another one; load the page again")


def caller_of(user: User) -> Caller:
    """The person as a caller, with the rights of their role."""
    return Caller(name=user.name, scopes=ROLE_SCOPES[user.role], role=user.role)


def _alive(kept: Session, now: datetime) -> bool:
    began = now >= kept.created - _SLACK
    return began and now < kept.expires and now - kept.seen < IDLE


def _name(cookie: str) -> str:
    return hashlib.sha256(cookie.encode(errors="replace")).hexdigest()
