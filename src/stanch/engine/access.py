"""Access: who is asking, and whether they may.

In    a bearer key, a cookie, or a name and a password.
Out   a `Caller`; `NotLoggedIn`, `NotAllowed` or `Busy` otherwise. Every change of access is an
      entry in the evidence log, in the same commit; who was refused is counted, and entered later.
Why   one door: routes, pages and commands all come through `authorise`.
"""

import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from stanch.engine.accounts import Accounts, tell, unchanged
from stanch.engine.attempts import Attempts
from stanch.engine.clock import Clock, monotonic, new_id
from stanch.engine.keys import Keys, id_in, mint
from stanch.engine.own_account import OwnAccount
from stanch.engine.passwords import NOBODY, hash_password, matches, outdated
from stanch.engine.persons import not_taken
from stanch.engine.ports import Store
from stanch.engine.refused import Refused
from stanch.engine.sessions import LoggedIn, Sessions
from stanch.engine.welcome import Welcome
from stanch.vocabulary.ids import UserId
from stanch.vocabulary.login import Credential
from stanch.vocabulary.people import Caller, Role, Scope, User
from stanch.vocabulary.trouble import BadInput, NotAllowed, NotLoggedIn

_SECRET = "_access"  # noqa: S105  the name of a setting, not a secret
_ADMIN_FILE = "admin.key"
_LONGEST_NAME = 200


class Access:
    """The door."""

    def __init__(
        self, store: Store, clock: Clock, seconds: Callable[[], float] = monotonic
    ) -> None:
        """Opens with the database's own secret, made on the first start."""
        self._store = store
        self._clock = clock
        self.secret = _secret(store)
        self.keys = Keys(store, clock)
        self.sessions = Sessions(store, clock, self.secret)
        self.welcome = Welcome(store)
        self.refused = Refused(store, clock, seconds)
        self._attempts = Attempts(seconds, self.refused.login)
        self.accounts = Accounts(store, clock, self.sessions, self._attempts)
        self.own = OwnAccount(store, clock, self.sessions, self._attempts)

    def bearer(self, header: str, *, source: str = "") -> Caller:
        """The caller behind an `Authorization` header, or `NotLoggedIn`, which is counted."""
        scheme, _, text = header.partition(" ")
        key = text.strip() if scheme.lower() == "bearer" else ""
        try:
            return self.keys.caller(key)
        except NotLoggedIn:
            self.refused.key(id_in(key), source)
            raise

    def at_hand(self, header: str) -> bool:
        """Whether `bearer` can say who it is without asking the database."""
        return self.keys.at_hand(header.partition(" ")[2].strip())

    def flush(self) -> None:
        """Keeps what was counted: when keys were used, and who was refused."""
        self.keys.flush()
        self.refused.flush()

    def login(self, name: str, password: str, *, source: str, old: str = "") -> LoggedIn:
        """A new session; `NotLoggedIn` whatever was wrong, `Busy` after too many wrong ones."""
        self._attempts.allow(name, source)
        with self._store.look() as tx:
            user = tx.users.named(name)
            kept = tx.users.credential(user.id) if user else None
        right = matches(password, kept.hash if kept else NOBODY)
        if not right or user is None or kept is None or user.disabled:
            self._attempts.failed(name, source)
            raise NotLoggedIn
        self._attempts.succeeded(name)
        with self._store.begin() as tx:
            if not unchanged(tx, kept):
                raise NotLoggedIn
            if outdated(kept.hash):
                again = hash_password(password)
                tx.users.keep_credential(replace(kept, hash=again))
            return self.sessions.open(tx, user, source=source, old=old)

    def add_user(self, name: str, role: Role, *, by: str, password: str = "") -> User:
        """The new person; without a password they come through the identity provider."""
        wanted = name.strip()
        if not wanted or len(wanted) > _LONGEST_NAME or not wanted.isprintable():
            raise BadInput("A user needs a name of 1 to 200 printable characters.")
        not_taken(wanted)
        now = self._clock()
        hashed = hash_password(password) if password else ""
        user = User(
            id=UserId(new_id("usr", now)),
            name=wanted,
            role=role,
            created=now,
            external=not password,
        )
        with self._store.begin() as tx:
            tx.users.add(user)
            if hashed:
                tx.users.keep_credential(Credential(user=user.id, hash=hashed, changed=now))
            tell(tx, user, by, now, "user added")
        return user

    def enter(self, name: str, role: Role, *, key: UserId, source: str) -> LoggedIn:
        """A session for somebody that the identity provider vouches for; new people are added."""
        now = self._clock()
        with self._store.begin() as tx:
            user = tx.users.find(key)
            if user is None:
                not_taken(name)
                user = tx.users.add(User(id=key, name=name, role=role, created=now, external=True))
                tell(tx, user, "oidc", now, "user added")
            elif user.disabled:
                self.refused.login(user.name, source)
                raise NotLoggedIn
            elif user.role is not role:
                user = tx.users.save(replace(user, role=role))
                tell(tx, user, "oidc", now, f"role is {role}")
            return self.sessions.open(tx, user, source=source)

    def first_admin_key(self, folder: Path) -> str | None:
        """The text of a new admin key, also in FOLDER/admin.key; nothing when it is there already.

        The file is written before the key counts: a crash in between leaves a file that opens
        nothing, and the next start writes it anew.
        """
        path = folder / _ADMIN_FILE
        if path.exists():
            try:
                self.keys.caller(path.read_text(encoding="utf-8").strip())
            except NotLoggedIn:
                path.unlink()
            else:
                return None
        elif self._has_admin():
            return None
        text = mint(self._clock())
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.keys.create("first admin", frozenset({Scope.ADMIN}), by="stanch", text=text)
        return text

    def _has_admin(self) -> bool:
        after = ""
        with self._store.look() as tx:
            while True:
                page = tx.keys.page(after=after, limit=500)
                if any(Scope.ADMIN in k.scopes and k.revoked is None for k in page.items):
                    return True
                if not page.next:
                    return False
                after = page.next


def authorise(caller: Caller | None, scope: Scope) -> Caller:
    """The caller, who has this right; `NotLoggedIn` or `NotAllowed` otherwise."""
    if caller is None:
        raise NotLoggedIn
    if not caller.may(scope):
        raise NotAllowed(f"the right to {scope}", ", ".join(sorted(caller.scopes)) or "none")
    return caller


def _secret(store: Store) -> bytes:
    with store.begin() as tx:
        kept = tx.settings.get(_SECRET)
        if kept is None:
            kept = secrets.token_hex(32)
            tx.settings.put(_SECRET, kept)
    return bytes.fromhex(kept)
