"""Service keys: `stk_ID_SECRET`, shown once, kept only as a hash.

In    the text of a key from a request.
Out   the caller behind it, or `NotLoggedIn`.
Why   a secret of 256 random bits needs no slow hash; SHA-256 is enough, and makes a check cost
      microseconds. A key that was checked is remembered for a few seconds under the hash of its
      text; revoking here forgets it at once, revoking in another process counts after that time.
"""

import hashlib
import hmac
import re
import secrets
import threading
from dataclasses import dataclass, replace
from datetime import datetime

from stanch.engine.clock import Clock, monotonic, new_id
from stanch.engine.persons import behind, somebody
from stanch.engine.ports import Store, Transaction
from stanch.vocabulary.ids import KeyId
from stanch.vocabulary.people import KEY, Caller, Scope, ServiceKey
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, NotLoggedIn

_SHAPE = re.compile(r"stk_([A-Za-z0-9-]{4,64})_([0-9a-f]{64})")
_FRESH_S = 5.0
_MEMORY = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A key that was just made: the only moment its text is known."""

    key: ServiceKey
    text: str

    def __repr__(self) -> str:
        """The key without its secret."""
        return f"NewKey({self.key.id})"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    key: ServiceKey
    caller: Caller
    checked: float


class Keys:
    """Makes, checks and revokes service keys."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Nothing is remembered yet."""
        self._store = store
        self._clock = clock
        self._known: dict[bytes, _Known] = {}
        self._used: dict[KeyId, datetime] = {}
        self._lock = threading.Lock()

    def create(  # noqa: PLR0913  what it opens, for whom, how long
        self,
        name: str,
        scopes: frozenset[Scope],
        *,
        by: str,
        expires: datetime | None = None,
        owner: str = "",
        text: str = "",
    ) -> NewKey:
        """A new key, of this person or of who makes it; `text` when `mint` made it before."""
        if not name.strip() or not scopes:
            raise BadInput("A key needs a name and at least one scope. Add --name and --scope.")
        now = self._clock()
        made = text or mint(now)
        kid, secret = _parts(made)
        with self._store.begin() as tx:
            key = tx.keys.add(
                ServiceKey(
                    id=kid,
                    name=name.strip()[:200],
                    scopes=scopes,
                    created=now,
                    expires=expires,
                    owner=somebody(tx, owner).name if owner else _made_by(tx, by),
                )
            )
            tx.keys.keep_hash(kid, hashlib.sha256(secret.encode()).digest())
            _tell(tx, key, by, now, "created")
        return NewKey(key=key, text=made)

    def give(self, kid: KeyId, owner: str, *, by: str) -> ServiceKey:
        """The key, which belongs to this person from now on; to nobody, where none is named."""
        now = self._clock()
        with self._store.begin() as tx:
            key = tx.keys.get(kid)
            name = somebody(tx, owner).name if owner else ""
            if name != key.owner:
                key = tx.keys.save(replace(key, owner=name))
                _tell(tx, key, by, now, f"belongs to {name or 'nobody'}")
        return key

    def revoke(self, kid: KeyId, *, by: str) -> ServiceKey:
        """The key, from now on useless."""
        now = self._clock()
        with self._store.begin() as tx:
            key = tx.keys.get(kid)
            if key.revoked is None:
                key = tx.keys.save(replace(key, revoked=now))
                _tell(tx, key, by, now, "revoked")
        self.forget()
        return key

    def forget(self) -> None:
        """Every key is looked up anew: after a revocation, here or elsewhere."""
        with self._lock:
            self._known.clear()

    def caller(self, text: str) -> Caller:
        """Whoever holds this key, or `NotLoggedIn`."""
        mark = _mark(text)
        known = self._known.get(mark)
        if known is None or monotonic() - known.checked > _FRESH_S:
            known = self._look_up(text, mark)
        now = self._clock()
        if known.key.expires is not None and now >= known.key.expires:
            raise NotLoggedIn
        self._used[known.key.id] = now
        return known.caller

    def at_hand(self, text: str) -> bool:
        """Whether this key was looked up so lately that `caller` need not ask the database."""
        known = self._known.get(_mark(text))
        return known is not None and monotonic() - known.checked < _FRESH_S * 0.9

    def flush(self) -> int:
        """How many keys were used since the last time, now kept."""
        with self._lock:
            used = dict(self._used)
            self._used.clear()
        if used:
            with self._store.begin() as tx:
                tx.keys.used(used)
        return len(used)

    def _look_up(self, text: str, mark: bytes) -> _Known:
        kid, secret = _parts(text)
        with self._store.look() as tx:
            kept = tx.keys.hash_of(kid)
            key = tx.keys.find(kid)
        given = hashlib.sha256(secret.encode()).digest()
        if not hmac.compare_digest(given, kept or bytes(32)) or key is None or key.revoked:
            with self._lock:
                self._known.pop(mark, None)
            raise NotLoggedIn
        caller = Caller(name=f"{KEY}{key.name}", scopes=key.scopes, key=kid)
        known = _Known(key=key, caller=caller, checked=monotonic())
        with self._lock:
            if len(self._known) >= _MEMORY:
                self._known.clear()
            self._known[mark] = known
        return known


def mint(at: datetime) -> str:
    """The text of a new key; nothing knows it yet."""
    return f"stk_{new_id('key', at)}_{secrets.token_hex(32)}"


def id_in(text: str) -> str:
    """The id that the text of a key names, which is no secret; empty when it names none."""
    shape = _SHAPE.fullmatch(text)
    return shape[1] if shape else ""


def _mark(text: str) -> bytes:
    """Under which name a key is remembered; the memory holds no key."""
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _parts(text: str) -> tuple[KeyId, str]:
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise NotLoggedIn
    return KeyId(shape[1]), shape[2]


def _made_by(tx: Transaction, by: str) -> str:
    """The person who makes a key, or whose key makes it; nobody where that is not known."""
    found = behind(tx, by)
    one = next(iter(found.people), "") if len(found.people) == 1 and not found.unknown else ""
    user = tx.users.named(one) if one else None
    return user.name if user is not None else ""


def _tell(tx: Transaction, key: ServiceKey, by: str, at: datetime, what: str) -> None:
    facts = {"what": f"key {what}", "name": key.name, "scopes": " ".join(sorted(key.scopes))}
    if key.owner:
        facts["owner"] = key.owner
    tx.record(Entry(at=at, deed=Deed.ACCESS_CHANGED, actor=by, about=key.id, facts=facts))
    tx.announce("key", key.id)
