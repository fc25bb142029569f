"""Evidence: taken before anything changes, kept in the vault, every look at it entered.

In    an incident, and the things to keep as named bytes or files.
Out   `Evidence` items, with their entries in the log; custody as the list of those entries.
Why   containment alters the system; what it was at the moment of the alarm must be kept first.

The order is fixed: into the vault, then one transaction with the items and their entries. A crash
between the two leaves a vault item that nothing names, never an item that cannot be read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from stanch.engine.clock import Clock, new_id
from stanch.engine.ports import Store
from stanch.vocabulary.ids import Digest, EvidenceId, IncidentId, digest_of
from stanch.vocabulary.record import Deed, Entry, Evidence
from stanch.vocabulary.trouble import Shredded

NOT_YET = -1
"""The place in the log of an item whose entry still waits in the outbox."""


class Readable(Protocol):
    """Bytes that come piece by piece."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; nothing at the end."""
        ...


class VaultItem(Protocol):
    """What the vault says of an item it keeps."""

    @property
    def digest(self) -> Digest:
        """The digest of the whole content."""
        ...

    @property
    def size(self) -> int:
        """Its bytes."""
        ...


class Vault(Protocol):
    """Where content is kept, by digest."""

    def put_bytes(self, content: bytes, /, *, personal: bool = False) -> VaultItem:
        """The item, kept; the same content again is the same item."""
        ...

    def put_file(self, path: Path, *, personal: bool = False) -> VaultItem:
        """The item, kept from a file without holding it in memory."""
        ...

    def put_stream(self, stream: Readable, *, personal: bool = False) -> VaultItem:
        """The item that a stream is, read to its end without holding it in memory."""
        ...

    def read(self, digest: Digest) -> Iterator[bytes]:
        """The content in pieces, verified while it is read."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One thing to keep: its name, what it is, and its content or where that is read from."""

    name: str
    kind: str
    content: bytes | Path | Readable
    personal: bool = False


class EvidenceRoom:
    """Takes, shows and accounts for evidence."""

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock

    def take(
        self, incident: IncidentId | None, pieces: Iterable[Piece], *, by: str
    ) -> tuple[Evidence, ...]:
        """The items, kept and entered; a piece the incident already has is not taken twice."""
        at = self._clock()
        taken = [self._item(incident, piece, at, by) for piece in pieces]
        with self._store.begin() as tx:
            new = [item for item in taken if tx.evidence.find(item.id) is None]
            for item in new:
                tx.evidence.add(item)
                tx.record(self._entry(item, Deed.EVIDENCE_TAKEN, at, by))
            if new:
                tx.announce("evidence", incident or new[0].id)
        return tuple(taken)

    def read(self, key: EvidenceId, *, by: str) -> tuple[Evidence, Iterator[bytes]]:
        """The item and its content; that this person looked is entered first.

        `Shredded` for what was destroyed on purpose: nobody read that, so nothing is entered.
        """
        with self._store.look() as tx:
            item = tx.evidence.get(key)
        if item.destroyed is not None:
            raise Shredded(item.id)
        return self.looked(key, by=by), self._vault.read(item.digest)

    def looked(self, key: EvidenceId, *, by: str) -> Evidence:
        """The item, after it was entered that this person looked at it."""
        at = self._clock()
        with self._store.begin() as tx:
            item = tx.evidence.get(key)
            tx.record(self._entry(item, Deed.EVIDENCE_READ, at, by))
        return item

    def exported(self, items: Iterable[Evidence], bundle: Digest, *, by: str) -> None:
        """Enters that these items left the house, in which bundle."""
        at = self._clock()
        with self._store.begin() as tx:
            for item in items:
                tx.record(
                    Entry(
                        at=at,
                        deed=Deed.EVIDENCE_EXPORTED,
                        actor=by,
                        about=item.id,
                        digest=bundle,
                        incident=item.incident,
                    )
                )

    def _item(self, incident: IncidentId | None, piece: Piece, at: datetime, by: str) -> Evidence:
        kept = self._kept(piece)
        return Evidence(
            id=evidence_id(incident, piece, kept.digest, at),
            incident=incident,
            digest=kept.digest,
            size=kept.size,
            kind=piece.kind,
            name=piece.name,
            taken=at,
            by=by,
            log_index=NOT_YET,
            personal=piece.personal,
        )

    def _kept(self, piece: Piece) -> VaultItem:
        match piece.content:
            case bytes() as content:
                return self._vault.put_bytes(content, personal=piece.personal)
            case Path() as path:
                return self._vault.put_file(path, personal=piece.personal)
            case stream:
                return self._vault.put_stream(stream, personal=piece.personal)

    @staticmethod
    def _entry(item: Evidence, deed: Deed, at: datetime, by: str) -> Entry:
        return Entry(
            at=at,
            deed=deed,
            actor=by,
            about=item.id,
            digest=item.digest,
            incident=item.incident,
            facts={"kind": item.kind, "size": item.size},
        )


def evidence_id(
    incident: IncidentId | None, piece: Piece, digest: Digest, at: datetime
) -> EvidenceId:
    """The item's id: of an incident, the same content under the same name has the same one."""
    if incident is None:
        return EvidenceId(new_id("evd", at))
    seen = f"{incident}\x00{piece.kind}\x00{piece.name}\x00{digest}"
    return EvidenceId("evd-" + digest_of(seen.encode()).removeprefix("sha256:")[:16])
