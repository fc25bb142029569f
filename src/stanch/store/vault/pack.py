"""The file of one item, byte by byte.

    16 bytes   "stanch vault 1" and two line feeds
    blocks     the item's new blocks, in stored form; where one begins a page of the disk, up to
               4095 zeroes stand before it
    manifest   where every block is: here, or in the file of an earlier item
    48 bytes   position of the manifest (8, little-endian), its length (8), its sha256 (32)

In    blocks and a manifest.
Out   a file that appears under its name complete or not at all, and is never written again.
Why   one file per item means one fsync and one rename, and a crash can only lose what was not
      promised yet.
"""

import errno
import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from stanch.store.vault.manifest import Manifest, decode, encode
from stanch.store.vault.stretches import Buffer, Pages, Stretches
from stanch.vocabulary.trouble import NoSpace, Tampered

MAGIC = b"stanch vault 1\n\n"
_END = struct.Struct("<2Q32s")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def space_in(folder: Path) -> Iterator[None]:
    """Turns the system's word for a full disk into `NoSpace`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpace(folder) from error
        raise


class Writer:
    """A file of an item while it is written, under a name that nobody reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        self._stretches = Stretches(self._fd)

    def kept(self) -> bool:
        """Whether nobody took it for abandoned, and removed it, before it was locked."""
        kept = os.fstat(self._fd).st_nlink > 0
        if not kept:
            self.__exit__()
        return kept

    @property
    def pages(self) -> Pages:
        """Memory for what `lay` is to write."""
        return self._stretches.pages

    def write(self, data: Buffer) -> int:
        """The position at which these bytes will stand."""
        return self._stretches.add(data)

    def lay(self, page: memoryview, length: int) -> int:
        """The position at which the first so many bytes of a page taken from `pages` will stand."""
        return self._stretches.lay(page, length)

    def settle(self) -> None:
        """Nothing; all of it can be read from the file, and nothing comes after it."""
        self._stretches.settle()

    def finish(self, manifest: Manifest) -> None:
        """Nothing; the manifest is written and all of it is on the disk."""
        data = encode(manifest)
        at = self.write(data)
        self.write(_END.pack(at, len(data), hashlib.sha256(data).digest()))
        self.settle()
        os.fchmod(self._fd, 0o400)
        os.fsync(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stretches.close()
        os.close(self._fd)
        self.path.unlink(missing_ok=True)


def remove_abandoned(path: Path) -> None:
    """Nothing; the file is gone, unless somebody writes it."""
    with suppress(FileNotFoundError):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        except BlockingIOError:
            return
        finally:
            os.close(fd)


def sync_folder(folder: Path) -> None:
    """Nothing; the names in this folder are on the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read_manifest(path: Path) -> Manifest:
    """The manifest at the end of an item's file; `Tampered` when it is not what was written."""
    with path.open("rb") as file:
        whole = file.read(len(MAGIC)) == MAGIC
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _END.size))
        end = file.read()
        if len(end) < _END.size:
            raise Tampered(f"vault file {path.name} is cut short")
        if not whole:
            raise Tampered(f"vault file {path.name} has been altered at its beginning")
        at, length, sha256 = _END.unpack(end)
        if at + length + _END.size != size:
            raise Tampered(f"vault file {path.name} has been cut or altered at its end")
        file.seek(at)
        data = file.read(length)
    if hashlib.sha256(data).digest() != sha256:
        raise Tampered(f"the manifest in vault file {path.name} was altered")
    try:
        return decode(data)
    except ValueError as error:
        raise Tampered(f"the manifest in vault file {path.name} does not parse") from error
