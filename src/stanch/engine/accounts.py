"""Accounts: what an admin does about people: their role, whether they come in, a new password, and
where they are logged in.

In    a person's id, and who does it.
Out   the person as they are now; `Conflict` for what would leave nobody to let people in.
Why   each change is one commit with its entry in the evidence log, where no secret stands.
"""

from dataclasses import replace
from datetime import datetime

from stanch.engine.attempts import Attempts
from stanch.engine.clock import Clock
from stanch.engine.passwords import hash_password
from stanch.engine.persons import one_name, somebody
from stanch.engine.ports import Store, Transaction
from stanch.engine.sessions import Sessions
from stanch.vocabulary.ids import UserId
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.login import Credential, Session
from stanch.vocabulary.people import Role, User
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, Conflict

_PAGE = 500


class Accounts:
    """Changes people's accounts."""

    def __init__(self, store: Store, clock: Clock, sessions: Sessions, attempts: Attempts) -> None:
        """`attempts` are forgotten for who gets a new password."""
        self._store = store
        self._clock = clock
        self._sessions = sessions
        self._attempts = attempts

    def change(
        self, key: UserId, *, by: str, role: Role | None = None, disabled: bool | None = None
    ) -> User:
        """The person with this role, shut out or let in; shutting out ends every session."""
        now = self._clock()
        with self._store.begin() as tx:
            user = tx.users.get(key)
            new = replace(
                user,
                role=user.role if role is None else role,
                disabled=user.disabled if disabled is None else disabled,
            )
            if new == user:
                return user
            _may(tx, user, new, by)
            kept = tx.users.save(new)
            if new.role is not user.role:
                tell(tx, kept, by, now, f"role is {new.role}")
            if new.disabled != user.disabled:
                tx.sessions.remove_of(key)
                tell(tx, kept, by, now, "user disabled" if new.disabled else "user enabled")
        return kept

    def same(self, key: UserId, other: str, *, by: str) -> User:
        """The person, who is the one behind this other account too; on their own without a name."""
        now = self._clock()
        with self._store.begin() as tx:
            user = tx.users.get(key)
            name = somebody(tx, other).name if other else ""
            if name == user.same_as:
                return user
            if name and one_name(tx, name) == one_name(tx, user.name):
                raise BadInput(f"{user.name} and {name} count as one person already.")
            kept = tx.users.save(replace(user, same_as=name))
            said = f"is the same person as {name}" if name else "is a person of their own"
            tell(tx, kept, by, now, said)
        return kept

    def set_password(self, key: UserId, password: str, *, by: str) -> User:
        """The person, who comes in with this password now; every session of theirs is over."""
        now = self._clock()
        hashed = hash_password(password)
        with self._store.begin() as tx:
            user = tx.users.get(key)
            if user.name == by:
                raise Conflict(
                    "Your own password is changed with the present one: under your name in the "
                    "console, or with `stanch user password`."
                )
            if user.external:
                raise Conflict(
                    f"{user.name} comes in through the identity provider. "
                    "The password is changed there."
                )
            tx.users.keep_credential(Credential(user=key, hash=hashed, changed=now))
            tx.sessions.remove_of(key)
            tell(tx, user, by, now, "password set")
        self._attempts.succeeded(user.name)
        return user

    def sessions(self, key: UserId) -> tuple[User, tuple[Session, ...]]:
        """The person, and where they are logged in, the last used first."""
        with self._store.look() as tx:
            user = tx.users.get(key)
            found = self._sessions.alive(tx, user)
        return user, tuple(sorted(found, key=lambda one: one.seen, reverse=True))

    def end_sessions(self, key: UserId, *, by: str, session: str = "") -> int:
        """How many sessions of the person are over: this one, or all of them."""
        with self._store.begin() as tx:
            user = tx.users.get(key)
            open_now = self._sessions.alive(tx, user)
            over = [one.id for one in open_now if session in ("", one.id)]
            ended = sum(tx.sessions.remove(one) for one in over)
            if ended:
                what = "session of theirs ended" if session else "sessions of theirs ended"
                tell(tx, user, by, self._clock(), what)
        return ended


def tell(tx: Transaction, user: User, by: str, at: datetime, what: str) -> None:
    """Enter what was done about this person, in the same commit."""
    facts = {"what": what, "name": user.name, "role": user.role.value}
    tx.record(Entry(at=at, deed=Deed.ACCESS_CHANGED, actor=by, about=user.id, facts=facts))
    tx.announce("user", user.id)


def unchanged(tx: Transaction, kept: Credential) -> bool:
    """Whether the person's password is still the one that was looked at."""
    now = tx.users.credential(kept.user)
    return now is not None and now.changed == kept.changed


def _may(tx: Transaction, user: User, new: User, by: str) -> None:
    """Nothing, or `Conflict` for who shuts themselves out or leaves no admin."""
    if new.disabled and not user.disabled and user.name == by:
        raise Conflict("You cannot shut yourself out. Ask another admin.")
    reigned = user.role is Role.ADMIN and not user.disabled
    if reigned and (new.role is not Role.ADMIN or new.disabled) and not _another_admin(tx, user):
        raise Conflict(
            f"{user.name} is the last admin who can come in. "
            "Make somebody else an admin first, then try again."
        )


def _another_admin(tx: Transaction, user: User) -> bool:
    after = ""
    while True:
        page = tx.users.page(Wanted(kind=(Role.ADMIN,)), after=after, limit=_PAGE)
        if any(one.id != user.id and not one.disabled for one in page.items):
            return True
        if not page.next:
            return False
        after = page.next
