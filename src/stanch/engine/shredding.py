"""Shredding: personal data in the vault is destroyed on purpose, and the log stays whole.

In    an item, by its id or its digest; why; the digest that was looked at; who wants it.
Out   the item with when, by whom and why it was destroyed; or the sentence that says why not.
Why   (1) it cannot be taken back, so it is shown first, and done by a person who may approve and
      did not put the item there. (2) what is evidence of an open incident, or of a duty that still
      runs, is held. (3) one commit has the item's new state, its entry and what is owed; the entry
      is in the log before the key is destroyed. After a kill in between, the next start finishes.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from stanch.engine.clock import Clock
from stanch.engine.kin import kin
from stanch.engine.persons import behind
from stanch.engine.ports import Store, Transaction
from stanch.engine.recorder import Recorder
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.ids import Digest, EvidenceId, IncidentId, parse_digest
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.record import Deed, Destroyed, Entry, Evidence
from stanch.vocabulary.trouble import (
    BadInput,
    NotAllowed,
    NotFound,
    NotInPerson,
    Refused,
    Shredded,
    Stale,
    Trouble,
)
from stanch.vocabulary.words import absolute, counted, size

LOG = logging.getLogger("stanch.shredding")
LONGEST = 300
"""Characters of the reason."""
_OWED = "shredding/"
"""Names the settings that say of which item a key is still to be destroyed."""


class Vault(Protocol):
    """Where the key of an item is."""

    def shred(self, digest: Digest) -> object:
        """The item after its key was destroyed. Safe to repeat."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Ahead:
    """What shredding an item would destroy."""

    item: Evidence
    incidents: tuple[IncidentId, ...]
    """The incidents that it is evidence of, by way of merging too."""
    read: int
    """How often it was read before."""
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """The will to destroy it, bound to what was shown."""

    because: str
    digest: Digest


class Shredding:
    """Destroys personal data, once it may be."""

    def __init__(self, store: Store, vault: Vault, recorder: Recorder, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._recorder = recorder
        self._clock = clock

    def ahead(self, name: str) -> Ahead:
        """What would be destroyed; the trouble that keeps anybody from it, where there is one."""
        self._recorder.drain()
        with self._store.look() as tx:
            item = _found(tx, name)
            cited = _destructible(tx, item)
            read = tx.mentions.count(item.id, deeds=(Deed.EVIDENCE_READ,))
        ids = tuple(one.id for one in cited)
        return Ahead(item=item, incidents=ids, read=read, text="\n".join(_told(item, ids, read)))

    def shred(self, name: str, order: Order, caller: Caller) -> Evidence:
        """The item, whose content nobody can read any more."""
        because = " ".join(order.because.split())
        if not 0 < len(because) <= LONGEST:
            raise BadInput(
                f"Say why in 1 to {LONGEST} characters. They stay in the log, so name nobody."
            )
        at = self._clock()
        with self._store.begin() as tx:
            item = _found(tx, name)
            _may(tx, item, caller)
            cited = _destructible(tx, item)
            if order.digest != item.digest:
                raise Stale("item", order.digest[-12:], item.digest[-12:])
            seen = tx.evidence.revision(item.id)
            gone = Destroyed(at=at, by=caller.name, because=because)
            tx.evidence.save(replace(item, destroyed=gone), seen=seen)
            tx.settings.put(_OWED + item.id, item.digest)
            tx.record(_entry(item, gone))
            for key in {one.id for one in cited} | {item.id}:
                tx.announce("evidence", key)
        self._recorder.drain()
        self._destroy(item.id, item.digest)
        with self._store.look() as tx:
            return tx.evidence.get(item.id)

    def finish(self) -> int:
        """How many items, which are destroyed by their entry, lost their key only now."""
        with self._store.look() as tx:
            owed = tx.settings.all(_OWED)
        if owed:
            self._recorder.drain()
        done = 0
        for name, digest in owed.items():
            key = EvidenceId(name.removeprefix(_OWED))
            try:
                self._destroy(key, parse_digest(digest))
                done += 1
            except (Trouble, OSError) as broken:
                LOG.warning("the key of %s is still to be destroyed: %s", key, broken)
        return done

    def _destroy(self, key: EvidenceId, digest: Digest) -> None:
        self._vault.shred(digest)
        with self._store.begin() as tx:
            tx.settings.forget(_OWED + key)


def _found(tx: Transaction, name: str) -> Evidence:
    """The item with this id or this digest."""
    if not name.startswith("sha256:"):
        return tx.evidence.get(EvidenceId(name))
    digest = parse_digest(name)
    for one in tx.evidence.page(Wanted(text=digest), limit=10).items:
        if one.digest == digest:
            return one
    raise NotFound("evidence item", digest, "evidence list")


def _may(tx: Transaction, item: Evidence, caller: Caller) -> None:
    """`Refused` where this is not the caller's to do."""
    if caller.role is None:
        raise NotInPerson("An approver")
    if not caller.may(Scope.APPROVE):
        raise NotAllowed(f"the role {Role.APPROVER}", caller.role)
    if behind(tx, caller.name).meets(behind(tx, item.by)):
        raise Refused(f"You took {item.id} into evidence yourself. Another approver destroys it.")


def _destructible(tx: Transaction, item: Evidence) -> Sequence[Incident]:
    """The incidents that the item is evidence of; `Refused` where it must stay."""
    if item.destroyed is not None:
        raise Shredded(item.id)
    if not item.personal:
        raise Refused(f"{item.id} is not sealed as personal data, so it has no key to destroy.")
    cited = tx.incidents.many(_cited(tx, item))
    for one in cited:
        if one.phase is not Phase.CLOSED:
            raise Refused(f"{item.id} is evidence of {one.id}, which is open. Close that first.")
    due = Wanted(incident=tuple(one.id for one in cited), state=(ClockState.RUNNING,))
    for clock in tx.clocks.page(due, limit=1).items if cited else ():
        raise Refused(
            f"{item.id} is evidence of {clock.incident}, where a clock still runs ({clock.duty}). "
            "Meet or stop it first: stanch clocks"
        )
    return cited


def _cited(tx: Transaction, item: Evidence) -> tuple[IncidentId, ...]:
    """The item's incident, all that went into it, and all that it went into."""
    if item.incident is None:
        return ()
    found, left = dict.fromkeys([item.incident]), [item.incident]
    while left:
        here = left.pop()
        home = tx.incidents.get(here).merged_into
        for one in (*kin(tx, here), *([home] if home is not None else [])):
            if one not in found:
                found[one] = None
                left.append(one)
    return tuple(found)


def _entry(item: Evidence, gone: Destroyed) -> Entry:
    return Entry(
        at=gone.at,
        deed=Deed.PERSONAL_DATA_SHREDDED,
        actor=gone.by,
        about=item.id,
        digest=item.digest,
        incident=item.incident,
        facts={"kind": item.kind, "size": item.size, "because": gone.because},
    )


def _told(item: Evidence, incidents: Sequence[IncidentId], read: int) -> Iterator[str]:
    yield f"{item.id}: {item.name}, {item.kind}, {size(item.size)}, personal data."
    yield f"Digest {item.digest}"
    yield f"Taken {absolute(item.taken)} by {item.by}."
    yield f"Evidence of: {', '.join(incidents)}." if incidents else "Evidence of no incident."
    yield f"Read {counted(read, 'time')} before; copies that were fetched are not destroyed."
    yield "Its key will be destroyed: nobody can ever read it again, and nobody can take this back."
    yield "Its digest, its name and all entries about it stay, and bundles verify as before."
    yield "An older backup that has its key brings it back: delete such backups."
