"""One's own account: who am I here, from where am I logged in, and a new password.

In    the cookie of a browser or a shell, and for a new password the present one.
Out   the `Account`; a renewed session, when every other one is over.
Why   a wrong present password counts as a wrong login: a stolen session must not try them all. A
      session that somebody copied ends with the old password, for the browser gets a new cookie.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from stanch.engine.accounts import tell, unchanged
from stanch.engine.attempts import Attempts
from stanch.engine.clock import Clock
from stanch.engine.passwords import hash_password, matches
from stanch.engine.ports import Store, Transaction
from stanch.engine.sessions import LoggedIn, Sessions
from stanch.vocabulary.ids import UserId
from stanch.vocabulary.login import Credential, Session
from stanch.vocabulary.people import User
from stanch.vocabulary.trouble import BadInput, Conflict, Refused

_Ending = Callable[[Transaction, UserId, str], int]
"""Ends sessions of a person, who asks from this one; says how many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A person's account, as they see it."""

    user: User
    password_set: datetime | None
    """Nothing for who comes in through the identity provider."""
    here: str
    """The id of the session that asks."""
    sessions: tuple[Session, ...]
    """Those that are open, this one first, then the last used."""


class OwnAccount:
    """What people do about their own account."""

    def __init__(self, store: Store, clock: Clock, sessions: Sessions, attempts: Attempts) -> None:
        """`attempts` are those of the login."""
        self._store = store
        self._clock = clock
        self._sessions = sessions
        self._attempts = attempts

    def look(self, cookie: str) -> Account:
        """The account behind this cookie, or `NotLoggedIn`."""
        here, user = self._sessions.behind(cookie)
        with self._store.look() as tx:
            kept = tx.users.credential(user.id)
            found = self._sessions.alive(tx, user)
        ordered = sorted(found, key=lambda one: (one.id == here.id, one.seen), reverse=True)
        return Account(
            user=user,
            password_set=kept.changed if kept else None,
            here=here.id,
            sessions=tuple(ordered),
        )

    def change_password(self, cookie: str, present: str, new: str, *, source: str) -> LoggedIn:
        """The session under a new cookie; every other session of the person is over."""
        _, user = self._sessions.behind(cookie)
        # (1) somebody who has a password here, and did not guess too often
        kept = self._credential(user)
        self._attempts.allow(user.name, source)
        # (2) a new one that is as good as the rules want it
        if new == present:
            raise BadInput("The new password is the present one. Choose another one.")
        now, hashed = self._clock(), hash_password(new)
        # (3) the present one proves who types
        if not matches(present, kept.hash):
            self._attempts.failed(user.name, source)
            raise Refused("This is not your present password. Nothing was changed.")
        self._attempts.succeeded(user.name)
        # (4) the new one counts, unless somebody else was first
        with self._store.begin() as tx:
            if not unchanged(tx, kept):
                raise Conflict("Your password was set anew meanwhile. Log in with that one.")
            tx.users.keep_credential(Credential(user=user.id, hash=hashed, changed=now))
            tx.sessions.remove_of(user.id)
            tell(tx, user, user.name, now, "password changed")
            return self._sessions.open(tx, user, source=source)

    def end(self, cookie: str, session: str) -> int:
        """How many sessions of one's own were this one, and are over."""
        return self._end(cookie, lambda tx, user, _: _end_one(tx, user, session), "session ended")

    def end_others(self, cookie: str) -> int:
        """How many sessions of one's own were open beside this one, and are over."""
        return self._end(cookie, _end_others, "other sessions ended")

    def _end(self, cookie: str, end: _Ending, what: str) -> int:
        here, user = self._sessions.behind(cookie)
        with self._store.begin() as tx:
            ended = end(tx, user.id, here.id)
            if ended:
                tell(tx, user, user.name, self._clock(), what)
        return ended

    def _credential(self, user: User) -> Credential:
        with self._store.look() as tx:
            kept = tx.users.credential(user.id)
        if user.external or kept is None:
            raise Conflict(
                "You come in through your organisation's identity provider. "
                "Your password is changed there."
            )
        return kept


def _end_one(tx: Transaction, user: UserId, session: str) -> int:
    found = tx.sessions.find(session)
    mine = found is not None and found.user == user
    return int(mine and tx.sessions.remove(session))


def _end_others(tx: Transaction, user: UserId, here: str) -> int:
    return sum(tx.sessions.remove(one.id) for one in tx.sessions.of(user) if one.id != here)
