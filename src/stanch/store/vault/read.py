"""Reading an item back, block by block, each verified before anybody sees it.

In    a manifest and the files that hold its blocks.
Out   the bytes; `Tampered`, with the name of the object, at the first that is not as it was.
Why   a flipped bit must be seen where it is read, and named, before a conclusion rests on it.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from blake3 import blake3

from stanch.store.vault.codec import unpack
from stanch.store.vault.manifest import Block, Manifest, Object
from stanch.vocabulary.ids import Digest
from stanch.vocabulary.trouble import Tampered

_MOST_OPEN = 64
_SOON = 16 << 20
"""So much is fetched ahead of the reader: what was just put lies on the disk only."""


class Files:
    """The files of items, opened when first needed."""

    def __init__(self, path: Callable[[Digest], Path]) -> None:
        self._path = path
        self._open: dict[str, int] = {}
        self._asked: dict[str, int] = {}

    def read(self, home: str, at: int, length: int) -> bytes:
        """The bytes there; fewer when the file is shorter."""
        fd = self._open.get(home)
        if fd is None:
            if len(self._open) >= _MOST_OPEN:
                self.close()
            fd = os.open(self._path(Digest("sha256:" + home)), os.O_RDONLY | os.O_CLOEXEC)
            self._open[home] = fd
        self._soon(home, fd, at + length)
        return os.pread(fd, length, at)

    def _soon(self, home: str, fd: int, at: int) -> None:
        """Nothing; the disk was asked for what comes after this place."""
        asked = self._asked.get(home, 0)
        if not at <= asked <= at + _SOON:
            asked = at
        if asked - at <= _SOON // 2:
            os.posix_fadvise(fd, asked, at + _SOON - asked, os.POSIX_FADV_WILLNEED)
            self._asked[home] = at + _SOON

    def close(self) -> None:
        """Nothing; all are closed."""
        while self._open:
            os.close(self._open.popitem()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def content(manifest: Manifest, files: Files) -> Iterator[bytes]:
    """The item's bytes, verified block by block and as a whole."""
    whole = hashlib.sha256()
    for one in manifest.objects:
        for block in one.blocks:
            data = block_of(manifest, one, block, files)
            whole.update(data)
            yield data
    if manifest.digest != "sha256:" + whole.hexdigest():
        raise Tampered(f"the content of vault item {manifest.digest} is not what its name says")


def block_of(manifest: Manifest, one: Object, block: Block, files: Files) -> bytes:
    """One block, verified."""
    home = block.home or manifest.digest.removeprefix("sha256:")
    where = f"object {one.name[:64]!r} (blake3:{one.blake3}) of vault item {manifest.digest}"
    try:
        stored = files.read(home, block.at, block.stored)
        data = unpack(block.codec, stored, block.size)
    except FileNotFoundError as error:
        raise Tampered(f"{where} is gone, with the file of sha256:{home}") from error
    except (ValueError, OverflowError, OSError) as error:
        raise Tampered(f"{where} cannot be read back ({error})") from error
    if len(data) != block.size or blake3(data).hexdigest() != block.blake3:
        raise Tampered(f"{where} was altered")
    return data
