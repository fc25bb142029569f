"""Custody: what the evidence log says of a thing, and whether an item and its entry still hold.

In    a thing's id, an entry's place, an item of evidence.
Out   entries, newest first, as the log itself has them; each with its proof; what was checked.
Why   who did what to an incident is not told from a table that could be changed, but from the log
      that an outsider can check; and to check an item is to read it, which is entered too.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stanch.engine.desk import Checked, Logged, Parts
from stanch.engine.refused import DOOR
from stanch.vocabulary.ids import EvidenceId
from stanch.vocabulary.kept import BY_PEOPLE, made_by
from stanch.vocabulary.people import Caller
from stanch.vocabulary.record import Deed, Entry, Evidence
from stanch.vocabulary.trouble import NotFound, Trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One entry of the log, with what an outsider needs to check it."""

    place: int
    entry: Entry
    leaf: str
    """The entry's bytes, which are canonical JSON."""
    proof: str
    keys: tuple[str, ...]
    checked: Checked


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """One thing that was checked of an item."""

    holds: bool | None
    """None: could not tell."""
    says: str


class Custody:
    """Entries and items, held against each other."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def history(
        self, thing: str, *, deeds: Sequence[Deed] = (), before: int | None = None, limit: int = 50
    ) -> tuple[Logged, ...]:
        """The entries that speak of this thing, newest first, as the log itself has them."""
        parts = self._parts
        parts.recorder.drain()
        with parts.store.look() as tx:
            found = tx.mentions.of(thing, deeds=deeds, before=before, limit=limit)
        return tuple(one for m in found for one in parts.log.leaves(m.place, m.place + 1))

    def by_people(
        self, deeds: Sequence[Deed], *, by: str = "", before: int | None = None, limit: int = 50
    ) -> tuple[tuple[Logged, ...], int | None]:
        """What people and their keys did of this kind, newest first, and where the next begins."""
        whose = made_by(by) if by else BY_PEOPLE
        return _cut(self.history(whose, deeds=deeds, before=before, limit=limit + 1), limit)

    def refused(
        self, *, before: int | None = None, limit: int = 50
    ) -> tuple[tuple[Logged, ...], int | None]:
        """Who was refused at the door, newest first, and where the next begins."""
        deeds = (Deed.ACCESS_REFUSED,)
        return _cut(self.history(DOOR, deeds=deeds, before=before, limit=limit + 1), limit)

    def entry(self, place: int) -> Shown:
        """One entry of the log and its proof, checked as an outsider would."""
        parts = self._parts
        parts.recorder.drain()
        if not 0 <= place < parts.log.size:
            raise NotFound("log entry", str(place), "evidence list")
        (logged,) = parts.log.leaves(place, place + 1)
        return Shown(
            place=place,
            entry=logged.entry,
            leaf=logged.leaf.decode("utf-8", "replace"),
            proof=parts.log.proof_text(place),
            keys=parts.vkeys,
            checked=parts.log.proved(place),
        )

    def examine(self, key: EvidenceId, caller: Caller) -> tuple[Evidence, tuple[Held, ...]]:
        """The item, and what holds of it: its bytes, its entry, the proof of that entry."""
        parts = self._parts
        item = parts.room.looked(key, by=caller.name)
        parts.recorder.drain()
        with parts.store.look() as tx:
            item = tx.evidence.get(item.id)
        bytes_ = _bytes_of(item, parts.stored(item.digest))
        return item, (bytes_, self._entry_of(item), self._place_of(item))

    def _entry_of(self, item: Evidence) -> Held:
        if item.log_index < 0:
            return Held(holds=None, says="It has no place in the log yet.")
        for one in self._parts.log.leaves(item.log_index, item.log_index + 1):
            holds = one.entry.about == item.id and one.entry.digest == item.digest
            says = "names this item and this digest" if holds else "names something else"
            return Held(holds=holds, says=f"Entry {item.log_index} of the log {says}.")
        return Held(holds=False, says=f"The log has no entry {item.log_index}.")

    def _place_of(self, item: Evidence) -> Held:
        if item.log_index < 0:
            return Held(holds=None, says="There is nothing to prove before it is in the log.")
        checked = self._parts.log.proved(item.log_index)
        return Held(holds=checked.holds, says=checked.says)


def _cut(found: tuple[Logged, ...], limit: int) -> tuple[tuple[Logged, ...], int | None]:
    """What is shown of one more than that, and where the next begins."""
    return found[:limit], found[limit - 1].index if len(found) > limit else None


def _bytes_of(item: Evidence, blocks: Iterator[bytes]) -> Held:
    """Whether the bytes in the vault still give the digest; read piece by piece."""
    seen, size = hashlib.sha256(), 0
    try:
        for block in blocks:
            seen.update(block)
            size += len(block)
    except Trouble as broken:
        return Held(holds=False, says=str(broken))
    holds = f"sha256:{seen.hexdigest()}" == item.digest
    kind = "sealed bytes" if item.personal else "bytes"
    says = f"{size} {kind} read back give the digest" if holds else "The bytes give another digest"
    return Held(holds=holds, says=f"{says} {item.digest}.")
