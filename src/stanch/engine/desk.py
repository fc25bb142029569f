"""The evidence desk: where evidence is handed in, shown, proved, exported and checked.

In    what a route or a command asks.
Out   items, their proofs, bundles for outsiders, and whether everything still holds.
Why   whoever is handed something gets it with its proof; and each handing out is itself entered.
"""

import base64
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from stanch.engine.clock import Clock
from stanch.engine.evidence import EvidenceRoom, Piece, Readable
from stanch.engine.kin import kin
from stanch.engine.ports import Store
from stanch.engine.recorder import Recorder
from stanch.vocabulary.ids import Digest, EvidenceId, IncidentId
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller
from stanch.vocabulary.record import Deed, Entry, Evidence
from stanch.vocabulary.trouble import BadInput, NotFound, Unreachable
from stanch.vocabulary.words import counted

ALL = IncidentId("all")
"""In place of an incident's id: every item there is."""
_BLOCK = 1024 * 1024
_LAST_SCRUB = "_last_scrub"
_MOST_NAMED = 100
_TILE = re.compile(r"(?:[0-5]|entries)(?:/x\d{3})*/\d{3}(?:\.p/\d{1,3})?")


class Logged(Protocol):
    """An entry in its place."""

    @property
    def index(self) -> int:
        """Its place."""
        ...

    @property
    def leaf(self) -> bytes:
        """The entry's bytes."""
        ...

    @property
    def entry(self) -> Entry:
        """What the bytes say."""
        ...


class Checked(Protocol):
    """What checking the log said."""

    @property
    def holds(self) -> bool | None:
        """Whether it holds; None when it could not tell."""
        ...

    @property
    def says(self) -> str:
        """A sentence."""
        ...

    @property
    def where(self) -> str:
        """The first bad place."""
        ...

    @property
    def entries(self) -> int:
        """How many entries were checked."""
        ...


class Log(Protocol):
    """The evidence log, as an outsider is shown it."""

    def checkpoint(self) -> str:
        """A signed checkpoint over all entries."""
        ...

    @property
    def size(self) -> int:
        """How many entries it has."""
        ...

    def proof_text(self, index: int) -> str:
        """The proof of an entry as one text."""
        ...

    def witness_request(self, old: int) -> str:
        """The newest checkpoint, and the proof that it continues the one of so many entries."""
        ...

    def proved(self, index: int) -> Checked:
        """What the verifier says of this entry and the proof that is handed out."""
        ...

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[Logged]:
        """The entries of this range as they were written down."""
        ...

    def continues(self, kept: str) -> Checked:
        """Whether it begins with all that a checkpoint, kept elsewhere, vouches for."""
        ...

    def verify(self) -> Checked:
        """Every entry hashed again, up to the signed root."""
        ...


class Scrubbed(Protocol):
    """One vault item after it was read back."""

    @property
    def digest(self) -> Digest:
        """Which one."""
        ...

    @property
    def damage(self) -> str:
        """What is wrong with it, or nothing."""
        ...

    @property
    def bytes(self) -> int:
        """How many bytes were read back."""
        ...

    @property
    def done(self) -> int:
        """How many items were looked at so far, this one included."""
        ...

    @property
    def of(self) -> int:
        """How many there are."""
        ...


Export = Callable[[Sequence[Evidence], Sequence[IncidentId], str, Path, int | None], object]
"""Writes these items into one file: which incidents they are of, who asks, where to, and how many
entries the log had when the receiver last saw it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the desk works with."""

    store: Store
    room: EvidenceRoom
    recorder: Recorder
    log: Log
    tiles: Path
    """The folder that the log publishes into."""
    vkeys: tuple[str, ...]
    export: Export
    scrub: Callable[[], Iterable[Scrubbed]]
    stored: Callable[[Digest], Iterator[bytes]]
    """The bytes that a digest is over; of a sealed item without opening it."""
    clock: Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """Something to put into the vault."""

    kind: str
    name: str
    incident: IncidentId | None = None
    personal: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Where an item stands in the log, and what an outsider needs to check that."""

    item: EvidenceId
    digest: Digest
    log_index: int
    leaf: str
    """The entry's bytes, in base64."""
    proof: str
    """C2SP tlog-proof: index, path and signed checkpoint in one text."""
    keys: tuple[str, ...]
    """The verifier keys to pin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What checking the whole log and vault says."""

    holds: bool | None
    """None: could not tell."""
    says: str
    where: str = ""
    """The first bad entry or item."""
    entries: int = 0
    items: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """A vault item that is no longer what it was."""

    item: Digest
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Scrub:
    """What reading the whole vault back found."""

    at: datetime
    by: str
    items: int
    bytes: int
    damaged: tuple[Damage, ...] = ()
    """The first hundred, when there are more."""


class Desk:
    """Evidence, for whoever may ask."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def put(self, upload: Upload, content: bytes | Readable, caller: Caller) -> Evidence:
        """The item, now in the vault and in the log."""
        parts = self._parts
        if upload.incident is not None:
            with parts.store.look() as tx:
                tx.incidents.line(upload.incident)
        piece = Piece(name=upload.name, kind=upload.kind, content=content, personal=upload.personal)
        (item,) = parts.room.take(upload.incident, [piece], by=caller.name)
        parts.recorder.drain()
        with parts.store.look() as tx:
            return tx.evidence.get(item.id)

    def settle(self) -> None:
        """Has every entry that waits taken into the log."""
        self._parts.recorder.drain()

    def content(self, item: EvidenceId, caller: Caller) -> tuple[Evidence, Iterator[bytes]]:
        """The item and its bytes, checked against its digest."""
        return self._parts.room.read(item, by=caller.name)

    def proof(self, item: EvidenceId) -> Proof:
        """The item's place in the log and the proof of it."""
        parts = self._parts
        parts.recorder.drain()
        with parts.store.look() as tx:
            kept = tx.evidence.get(item)
        (logged,) = parts.log.leaves(kept.log_index, kept.log_index + 1)
        return Proof(
            item=kept.id,
            digest=kept.digest,
            log_index=kept.log_index,
            leaf=base64.b64encode(logged.leaf).decode(),
            proof=parts.log.proof_text(kept.log_index),
            keys=parts.vkeys,
        )

    def bundle(
        self, incident: IncidentId, caller: Caller, since: int | None = None
    ) -> tuple[str, Iterator[bytes]]:
        """The name and the bytes of a file with all evidence of the incident.

        With the size of a checkpoint that was kept it proves too that nothing before was rewritten.
        """
        parts = self._parts
        parts.recorder.drain()
        if since is not None:
            self._seen(since)
        with parts.store.look() as tx:
            of = () if incident == ALL else kin(tx, incident)
        items = self._items_of(of)
        if not items:
            raise NotFound("evidence of incident", incident, "evidence list")
        folder = Path(tempfile.mkdtemp(prefix="stanch-bundle-"))
        path = folder / "bundle.zip"
        try:
            parts.export(items, of, caller.name, path, since)
        except BaseException:
            _gone(path)
            raise
        return f"stanch-{incident}.zip", _read_once(path)

    def checkpoint(self) -> bytes:
        """The newest signed checkpoint, as C2SP tlog-checkpoint writes it."""
        self._parts.recorder.drain()
        return self._parts.log.checkpoint().encode()

    def grown(self, since: int) -> bytes:
        """The newest checkpoint and the proof that it continues the one of so many entries."""
        self._parts.recorder.drain()
        self._seen(since)
        return self._parts.log.witness_request(since).encode()

    def _seen(self, since: int) -> None:
        """`BadInput` for more entries than there are."""
        size = self._parts.log.size
        if not 0 <= since <= size:
            raise BadInput(
                f"This log has {size} entries; nobody can have seen {since}. Give the size of a "
                "checkpoint that you kept, which is its second line. If it says more than "
                f"{size}, it is of another log, or entries were taken out of this one."
            )

    def continues(self, kept: str) -> Checked:
        """Whether nothing was rewritten since somebody kept this checkpoint."""
        self._parts.recorder.drain()
        lines = "\n".join(line.rstrip() for line in kept.strip().splitlines())
        return self._parts.log.continues(f"{lines}\n")

    @property
    def size(self) -> int:
        """How many entries the log has."""
        return self._parts.log.size

    def keys(self) -> tuple[str, ...]:
        """The verifier keys that sign the log."""
        return self._parts.vkeys

    def tile(self, path: str) -> bytes:
        """A tile of the log, by its C2SP path below `tile/`, or `NotFound`."""
        if not _TILE.fullmatch(path):
            raise NotFound("tile", path[:100], "evidence list")
        try:
            return (self._parts.tiles / "tile" / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotFound("tile", path[:100], "evidence list") from error
        except OSError as error:
            raise Unreachable("The log's folder", error.strerror) from error

    def verify(self) -> Verified:
        """What checking the whole log and vault says."""
        self._parts.recorder.drain()
        return check(self._parts.log, self._parts.scrub())

    def scrub(self, by: str) -> Iterator[Scrubbed]:
        """Each vault item after it was read back; at the end it is entered what was found."""
        items, size = 0, 0
        damaged: list[Damage] = []
        for one in self._parts.scrub():
            items, size = items + 1, size + one.bytes
            if one.damage:
                damaged.append(Damage(item=one.digest, says=one.damage))
            yield one
        at = self._parts.clock()
        told = Scrub(at=at, by=by, items=items, bytes=size, damaged=tuple(damaged[:_MOST_NAMED]))
        facts: dict[str, int | str] = {"items": items, "damaged": len(damaged)}
        if damaged:
            facts["first"] = damaged[0].item
        with self._parts.store.begin() as tx:
            tx.settings.put(_LAST_SCRUB, msgspec.json.encode(told).decode())
            tx.record(Entry(at=at, deed=Deed.SCRUBBED, actor=by, about="vault", facts=facts))

    def last_scrub(self) -> Scrub | None:
        """What the last scrub found; none when there was none yet."""
        with self._parts.store.look() as tx:
            kept = tx.settings.get(_LAST_SCRUB)
        return msgspec.json.decode(kept, type=Scrub) if kept else None

    def _items_of(self, incidents: tuple[IncidentId, ...]) -> list[Evidence]:
        wanted = Wanted(incident=incidents)
        items: list[Evidence] = []
        after = ""
        with self._parts.store.look() as tx:
            while True:
                page = tx.evidence.page(wanted, after=after, limit=200)
                items.extend(page.items)
                if not page.next:
                    return items
                after = page.next


def check(log: Log, scrubbed: Iterable[Scrubbed]) -> Verified:
    """What reading every entry and every item back says; the first bad one is named."""
    checked = log.verify()
    if not checked.holds:
        return Verified(holds=checked.holds, says=f"The log: {checked.says}", where=checked.where)
    items = 0
    for one in scrubbed:
        items += 1
        if one.damage:
            says = f"Vault item {one.digest}: {one.damage}"
            return Verified(
                holds=False, says=says, where=one.digest, entries=checked.entries, items=items
            )
    entries = counted(checked.entries, "entry", "entries")
    says = f"It holds: {entries} of the log, {counted(items, 'item')} of the vault."
    return Verified(holds=True, says=says, entries=checked.entries, items=items)


def _read_once(path: Path) -> Iterator[bytes]:
    """The file's bytes; it is gone afterwards, read to the end or not."""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    finally:
        _gone(path)


def _gone(path: Path) -> None:
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()
