"""The evidence log: what happened, in the order it happened, for anybody to check.

In    entries, from many threads at once; a signer; a clock.
Out   their places, once they are on disk; signed checkpoints; proofs; tiles for others to read.
Why   (1) append: a leaf is durable before it is acknowledged; threads share one commit.
      (2) publish: tiles first, then the checkpoint that needs them, each file whole or not at all.
      (3) prove: from the right edge in memory and the full tiles on disk.
      A checkpoint covers durable leaves only, so no crash can lead to a fork; a database older
      than the published checkpoint is refused, because going on from it would be one.
"""

import base64
import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from stanch.store import verify
from stanch.store.lock import in_turn
from stanch.store.log import leaf as leaf_form
from stanch.store.log import tiles
from stanch.store.log.queue import Asked, Queue
from stanch.store.log.seam import Leaves, Writing, edge_of
from stanch.store.log.sqlite import SqliteLeaves
from stanch.store.log.tree import Edge, Tree, grown
from stanch.store.log.witness import good_cosignatures, with_lines
from stanch.store.signing import Signer, public_json, write_whole
from stanch.vocabulary.record import Entry
from stanch.vocabulary.trouble import BadInput, InUse, NotFound, Tampered, Trouble
from stanch.vocabulary.words import counted

Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Logged:
    """An entry in its place."""

    index: int
    leaf: bytes

    @property
    def entry(self) -> Entry:
        """What the leaf says."""
        return leaf_form.decode(self.leaf)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """Whether the log on disk holds; where it first does not."""

    holds: bool | None
    says: str
    where: str = ""
    entries: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ProofSet:
    """Proofs that belong together."""

    checkpoint: str
    texts: Mapping[int, str]
    consistency: Sequence[str] | None = None


class EvidenceLog:
    """One append-only log in one folder."""

    def __init__(
        self,
        folder: Path,
        signer: Signer,
        clock: Clock,
        leaves: Leaves,
        *,
        shared: bool = False,
    ) -> None:
        self.folder = folder
        self._shared = shared
        self._signer = signer
        self._clock = clock
        self._leaves = leaves
        self._queue = Queue()
        self._writer = threading.Lock()
        self._publisher = threading.RLock()
        self._edge = edge_of(leaves)
        self._checkpoint = self._kept_checkpoint()
        write_whole(folder / "keys.json", public_json(signer.public))
        self._lock_file = -1

    @classmethod
    def open(
        cls,
        folder: Path,
        signer: Signer,
        clock: Clock,
        *,
        leaves: Leaves | None = None,
        shared: bool = False,
    ) -> Self:
        """The log in this folder, whole again after whatever ended the last process.

        A shared one has its leaves where other processes append too, and publishes in turn.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = -1 if shared else _locked(folder)
        kept = leaves
        try:
            kept = kept or SqliteLeaves(folder / "leaves.sqlite")
            found = cls(folder, signer, clock, kept, shared=shared)
            found._lock_file = lock
            if found._published < found.size:
                found.checkpoint()
        except BaseException:
            if kept:
                kept.close()
            if lock >= 0:
                os.close(lock)
            raise
        return found

    def _kept_checkpoint(self) -> str:
        path = self.folder / "checkpoint"
        if not path.exists():
            return ""
        text = path.read_bytes().decode("utf-8", "replace")
        try:
            point = verify.check_checkpoint(text, self._signer.public)
        except verify.Bad as bad:
            raise Tampered(": ".join(bad.args)) from bad
        if point.size > self._edge.size:
            raise Tampered(f"{point.size} entries were published, {self._edge.size} are left")
        if self._tree().root(point.size) != point.root:
            raise Tampered(f"the first {point.size} entries are not those that were published")
        return text

    @property
    def _published(self) -> int:
        return verify.parse_checkpoint(self._checkpoint).size if self._checkpoint else 0

    def _tree(self) -> Tree:
        if self._shared:
            self.refresh()
        return Tree(self._edge, self._leaves.tile)

    @property
    def size(self) -> int:
        """How many entries are in the log."""
        return self.refresh() if self._shared else self._edge.size

    @property
    def keys(self) -> tuple[verify.Generation, ...]:
        """The public keys that sign and signed this log."""
        return self._signer.public

    def append(
        self, entries: Sequence[Entry], *, source: str = "", upto: int | None = None
    ) -> range:
        """The places of these entries, once they are on disk.

        With a source, `upto` is the position in that outbox up to which these entries reach: it is
        kept in the same transaction, and a batch that reaches no further adds nothing.
        """
        if bool(source) != (upto is not None):
            raise BadInput("An outbox is named by its source and its position, both or neither.")
        mine = Asked(leaves=[leaf_form.encode(one) for one in entries], source=source, upto=upto)
        if self._queue.leads(mine):
            self._lead()
        if mine.failed:
            raise mine.failed
        return mine.got or range(0)

    def _lead(self) -> None:
        batch: list[Asked] = []
        try:
            with self._writer:
                batch = self._queue.take()
                self._commit(batch)
        finally:
            self._queue.hand_on(batch)

    def _commit(self, batch: Sequence[Asked]) -> None:
        try:
            with self._leaves.writing() as kept:
                edge, places = self._write(kept, batch)
        except BaseException as broken:
            for one in batch:
                one.failed = broken
            if not isinstance(broken, Trouble):
                raise
            return
        self._edge = edge
        for one, place in zip(batch, places, strict=True):
            one.got = place

    def _write(self, kept: Writing, batch: Sequence[Asked]) -> tuple[Edge, list[range]]:
        edge = self._edge if kept.size() == self._edge.size else edge_of(kept)
        new: list[bytes] = []
        places: list[range] = []
        for one in batch:
            start = edge.size + len(new)
            if one.upto is None or self._moves(kept, one.source, one.upto):
                new += one.leaves
            places.append(range(start, edge.size + len(new)))
        after, full = grown(edge, map(verify.leaf_hash, new))
        kept.add(edge.size, new, full)
        return after, places

    def _moves(self, kept: Writing, source: str, upto: int) -> bool:
        before = kept.position(source)
        if before is not None and upto <= before:
            return False
        kept.move(source, upto)
        return True

    def position(self, source: str) -> int | None:
        """How far this outbox was taken in; none when it never was."""
        return self._leaves.position(source)

    def refresh(self) -> int:
        """The size, after taking in what other processes appended to the same leaves."""
        with self._writer:
            if self._leaves.size() != self._edge.size:
                self._edge = edge_of(self._leaves)
        return self._edge.size

    def checkpoint(self) -> str:
        """A signed checkpoint over all entries; its tiles are on disk."""
        with self._publisher, self._publishing():
            tree = self._tree()
            if self._checkpoint and self._published == tree.size:
                return self._checkpoint
            try:
                tiles.publish(self.folder, tree, self._leaves.leaves, self._published)
                self._keep(self._signed(tree))
            except OSError as broken:
                raise tiles.trouble(broken, self.folder) from broken
            return self._checkpoint

    @contextmanager
    def _publishing(self) -> Iterator[None]:
        """Holds what is published, as others left it: a checkpoint never goes back."""
        if not self._shared:
            yield
            return
        with in_turn(self.folder / "publish.lock"):
            path = self.folder / "checkpoint"
            if path.exists() and path.read_bytes() != self._checkpoint.encode():
                self.refresh()
                self._checkpoint = self._kept_checkpoint()
            yield

    def _signed(self, tree: Tree) -> str:
        root = base64.b64encode(tree.root(tree.size)).decode()
        return self._signer.sign_note(f"{self._signer.name}\n{tree.size}\n{root}\n", self._clock())

    def _keep(self, text: str) -> None:
        write_whole(self.folder / "checkpoint", text.encode())
        self._checkpoint = text

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The path from this entry to the root of the first `size` entries."""
        tree = self._tree()
        whole = tree.size if size is None else size
        if not 0 <= index < whole <= tree.size:
            raise NotFound("log entry", index, "evidence list")
        return tree.inclusion(index, whole)

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """The proof that the log of `old` entries is the beginning of the one of `size`."""
        tree = self._tree()
        whole = tree.size if size is None else size
        if not 0 <= old <= whole <= tree.size:
            raise NotFound("log size", old, "evidence list")
        return tree.consistency(old, whole)

    def proof_text(self, index: int) -> str:
        """The proof of an entry as one text that verifies offline (C2SP tlog-proof)."""
        return self.bundle_proofs([index]).texts[index]

    def proved(self, index: int) -> Checked:
        """What the verifier, which trusts nobody, says of this entry and the proof handed out."""
        (logged,) = self.leaves(index, index + 1)
        where = f"entry {index}"
        try:
            at, note = verify.check_proof(self.proof_text(index), logged.leaf, self.keys, where)
        except verify.Bad as bad:
            return Checked(holds=False, says=": ".join(map(str, bad.args)), where=where)
        size = verify.parse_checkpoint(note).size
        says = f"Entry {at} is in the log of {size} entries that these keys signed."
        return Checked(holds=at == index, says=says, entries=size)

    def bundle_proofs(self, indices: Sequence[int], old: int | None = None) -> ProofSet:
        """The proofs of these entries, all under one checkpoint, and that it continues `old`."""
        note = self.checkpoint()
        size = verify.parse_checkpoint(note).size
        texts = {
            index: f"c2sp.org/tlog-proof@v1\nindex {index}\n{_lines(self.inclusion(index, size))}"
            f"\n{note}"
            for index in indices
        }
        steps = None if old is None else _lines(self.consistency(old, size)).splitlines()
        return ProofSet(checkpoint=note, texts=texts, consistency=steps)

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[Logged]:
        """The entries of this range as they were written down."""
        end = self.size if stop is None else min(stop, self.size)
        for index, body in enumerate(self._leaves.leaves(start, end), start):
            yield Logged(index=index, leaf=body)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """The entries of this range."""
        return (one.entry for one in self.leaves(start, stop))

    def witness_request(self, old: int) -> str:
        """What a witness that last saw `old` entries is asked (C2SP add-checkpoint)."""
        note = self.checkpoint()
        path = self.consistency(old, verify.parse_checkpoint(note).size)
        return f"old {old}\n{_lines(path)}\n{note}"

    def accept(self, lines: str, witnesses: Sequence[str]) -> str:
        """The checkpoint with the lines of these witnesses (verifier keys) that hold."""
        with self._publisher, self._publishing():
            good = good_cosignatures(self._checkpoint, lines, witnesses)
            if good:
                self._keep(with_lines(self._checkpoint, good))
            return self._checkpoint

    def continues(self, kept: str) -> Checked:
        """Whether this log begins with all that a checkpoint, kept elsewhere, vouches for."""
        try:
            point = verify.check_checkpoint(kept, self.keys)
        except verify.Bad as bad:
            says = f"This is no checkpoint that this log signed: {bad.args[1]}."
            return Checked(holds=None, says=says)
        told, tree = counted(point.size, "entry", "entries"), self._tree()
        where = f"checkpoint of {told}"
        if point.size > tree.size:
            says = f"It vouches for {told}; this log has {tree.size}. Some were taken out."
            return Checked(holds=False, says=says, where=where)
        if tree.root(point.size) != point.root:
            says = f"The first {told} are not those that it vouches for: some were rewritten."
            return Checked(holds=False, says=says, where=where)
        says = f"The first {told} are exactly those that it vouches for"
        after = tree.size - point.size
        return Checked(holds=True, says=f"{says}; {after} came after.", entries=point.size)

    def verify(self) -> Checked:
        """Every entry hashed again, in the files and in the leaves, up to the signed root."""
        size = verify.parse_checkpoint(self.checkpoint()).size
        found = verify.examine(self.folder, [self._signer.public[0].fingerprint])
        if not found["holds"]:
            return Checked(holds=found["holds"], says=found["says"], where=found["where"])
        pairs = zip(verify.entries(self.folder, size), self._leaves.leaves(0, size), strict=False)
        for index, (public, kept) in enumerate(pairs):
            if public != kept:
                where = f"entry {index}"
                return Checked(holds=False, says=f"{where}: the database differs", where=where)
        return Checked(holds=True, says=f"{size} entries hold", entries=size)

    def close(self) -> None:
        """Publish what is left, and let the next process in."""
        try:
            if self._published < self.size:
                self.checkpoint()
        finally:
            self._leaves.close()
            if self._lock_file >= 0:
                os.close(self._lock_file)
                self._lock_file = -1


def _lines(hashes: Sequence[bytes]) -> str:
    return "".join(f"{base64.b64encode(one).decode()}\n" for one in hashes)


def _locked(folder: Path) -> int:
    """The lock on this folder; it goes with the process, however that ends."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        holder = os.read(handle, 32).decode("ascii", "replace").strip()
        os.close(handle)
        raise InUse(holder or "unknown", folder) from taken
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle
