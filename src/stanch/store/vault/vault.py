"""The vault: immutable items, each named by the sha256 of its content.

In    files, streams or bytes, with or without personal data.
Out   `Item`s; their bytes again, verified while they are read.
Why   evidence must be what it was when it was taken. Items are written once, are read-only, and
      each read re-hashes what it gives. There is no way to delete one; personal data is sealed
      under a key of its own, and `shred` destroys that key.

Layout of the folder: `items/ab/<62 digits>` (pack.py), `keys/` (keys.py), `index.db` (index.py),
`new/` for files that are not finished. A file in `new/` was promised to nobody.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from sqlite3 import OperationalError
from typing import Protocol, Self

from stanch.store.vault.chunks import BLOCK
from stanch.store.vault.index import Index
from stanch.store.vault.keys import Keys
from stanch.store.vault.layout import layout_of
from stanch.store.vault.manifest import Manifest, Object
from stanch.store.vault.pack import (
    MAGIC,
    Writer,
    read_manifest,
    remove_abandoned,
    space_in,
    sync_folder,
)
from stanch.store.vault.put import Wanted, write_item
from stanch.store.vault.read import Files, content
from stanch.store.vault.seal import seal, unseal
from stanch.store.vault.source import InMemory, Source, open_source
from stanch.store.vault.trays import tray_of, trays
from stanch.vocabulary.ids import Digest, parse_digest
from stanch.vocabulary.trouble import BadFile, NotFound, Refused, Tampered

VERSION = "stanch vault 1\n"


class Readable(Protocol):
    """Bytes that come piece by piece."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; nothing at the end."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One item, as the vault knows it."""

    digest: Digest
    size: int
    """Bytes that the digest is over; of a sealed item, the sealed bytes."""
    stored: int
    """Bytes that this item added to the disk."""
    format: str
    objects: tuple[Object, ...]
    sealed: bool = False
    shredded: bool = False


class Vault:
    """A folder of items. Safe to share between threads, and between processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with space_in(folder):
            for name in ("items", "new"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            _same_version(folder / "VERSION")
            self._keys = Keys(folder / "keys")
            self._index = Index(folder / "index.db")
        self._sweep()
        self._catch_up()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The vault in this folder; made when it is not there."""
        return cls(folder)

    def put_file(self, path: Path, *, personal: bool = False) -> Item:
        """The item that this file is now; the file itself is left alone."""
        with open_source(path) as source:
            return self._put(source, personal=personal)

    def put_bytes(self, data: bytes, *, personal: bool = False) -> Item:
        """The item that these bytes are now."""
        return self._put(InMemory(data), personal=personal)

    def put_stream(self, stream: Readable, *, personal: bool = False) -> Item:
        """The item that a stream is, read to its end; personal data never lies open on the disk."""
        if personal:
            return self._seal(iter(lambda: stream.read(BLOCK), b""), lambda: None)
        with space_in(self._folder), self._new() as spool:
            while data := stream.read(BLOCK):
                spool.write(data)
            spool.settle()
            return self.put_file(spool.path)

    def read(self, digest: Digest) -> Iterator[bytes]:
        """The item's bytes in blocks, each verified before it is given, at the end the whole."""
        manifest = self._manifest(digest)
        with Files(self._path) as files:
            stream = content(manifest, files)
            if manifest.key:
                stream = unseal(stream, self._keys.get(manifest.key, digest), digest)
            yield from stream

    def sealed_bytes(self, digest: Digest) -> Iterator[bytes]:
        """The bytes that the digest is over, verified; of a sealed item without opening it."""
        with Files(self._path) as files:
            yield from content(self._manifest(digest), files)

    def info(self, digest: Digest) -> Item:
        """What the vault knows of this item."""
        return self._item(self._manifest(digest))

    def exists(self, digest: Digest) -> bool:
        """Whether there is such an item."""
        return self._path(digest).is_file()

    def items(self) -> Iterator[Digest]:
        """The digest of every item, in order."""
        for folder in sorted((self._folder / "items").iterdir()):
            for path in sorted(folder.iterdir()):
                yield Digest(f"sha256:{folder.name}{path.name}")

    def shred(self, digest: Digest) -> Item:
        """The item after its key was destroyed; `Refused` when it was not sealed. Repeatable."""
        manifest = self._manifest(digest)
        if not manifest.key:
            raise Refused(f"{digest} is not sealed, so there is no key to destroy.")
        self._keys.destroy(manifest.key)
        return self._item(manifest)

    def distrust(self, digest: Digest) -> None:
        """Nothing; later puts keep their own copy of this item's blocks, because it is damaged."""
        with suppress(Tampered):
            for one in self._manifest(digest).objects:
                for block in one.blocks:
                    self._index.forget(block.blake3)

    def close(self) -> None:
        """Nothing; the index is closed."""
        self._index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, source: Source, *, personal: bool) -> Item:
        if personal:
            plain = (source.read(at, BLOCK) for at in range(0, source.size, BLOCK))
            return self._seal(plain, source.settled)
        layout = layout_of(source)
        wanted = Wanted(trays=partial(trays, source, layout), format=layout.format)
        return self._keep(wanted, source.settled)

    def _seal(self, plain: Iterator[bytes], settled: Callable[[], None]) -> Item:
        name, key = self._keys.mint()
        frames = (tray_of("sealed", frame) for frame in seal(plain, key))
        try:
            wanted = Wanted(trays=lambda _: frames, format="sealed", key=name)
            return self._keep(wanted, settled)
        except BaseException:
            self._keys.destroy(name)
            raise

    def _keep(self, wanted: Wanted, settled: Callable[[], None]) -> Item:
        """The item these blocks are, kept; `settled` says whether its source held still."""
        with space_in(self._folder), self._new() as writer:
            writer.write(MAGIC)
            manifest = write_item(wanted, writer, self._index)
            settled()
            if not self.exists(manifest.digest):
                writer.finish(manifest)
                self._commit(writer.path, manifest.digest)
        kept = self._manifest(manifest.digest)
        item = self._item(kept)
        with suppress(OperationalError):  # a full disk: the item is kept, the next open indexes it
            self._index.add(kept, item.stored)
        return item

    def _commit(self, new: Path, digest: Digest) -> None:
        """Nothing; the file has its name, unless another put gave it to the same content first.

        A name is never given twice: other items point at places inside the file that has it.
        """
        path = self._path(digest)
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            sync_folder(path.parent.parent)
        # A link is never made over a name that is there, so nobody needs to wait for anybody.
        with suppress(FileExistsError):
            path.hardlink_to(new)
        sync_folder(path.parent)

    def _new(self) -> Writer:
        while True:
            writer = Writer(self._folder / "new" / secrets.token_hex(16))
            if writer.kept():
                return writer

    def _path(self, digest: Digest) -> Path:
        digits = parse_digest(digest).removeprefix("sha256:")
        return self._folder / "items" / digits[:2] / digits[2:]

    def _manifest(self, digest: Digest) -> Manifest:
        try:
            manifest = read_manifest(self._path(digest))
        except FileNotFoundError as error:
            raise NotFound("vault item", digest, "vault list") from error
        if manifest.digest != digest:
            raise Tampered(f"the file of vault item {digest} is that of another item")
        return manifest

    def _item(self, manifest: Manifest) -> Item:
        return Item(
            digest=manifest.digest,
            size=manifest.size,
            stored=self._path(manifest.digest).stat().st_size,
            format=manifest.format,
            objects=manifest.objects,
            sealed=bool(manifest.key),
            shredded=bool(manifest.key) and not self._keys.there(manifest.key),
        )

    def _sweep(self) -> None:
        """Removes what nobody writes any more: its writer is gone, and its lock with it."""
        for path in (self._folder / "new").iterdir():
            remove_abandoned(path)

    def _catch_up(self) -> None:
        """Adds to the index what a crash, a full disk or a lost index left out."""
        known = self._index.items()
        for digest in self.items():
            if digest not in known:
                with suppress(Tampered):  # it stays listed, and scrub names it
                    self._index.add(self._manifest(digest), self._path(digest).stat().st_size)


def _same_version(path: Path) -> None:
    """Marks a new vault; `BadFile` when this one was made by another version of the format."""
    if not path.exists():
        path.write_text(VERSION, encoding="ascii")
    elif path.read_text(encoding="ascii", errors="replace") != VERSION:
        raise BadFile(path, "is not a vault of this version. Upgrade stanch, or choose another.")
