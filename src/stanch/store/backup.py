"""Backup and restore of a data folder, while it is in use.

In    a data folder; a target file; optionally a signer and a callback for progress.
Out   one file: a tar of all that is kept, with a manifest of sha256 digests at its end.
Why   evidence outlives the machine it was taken on.

Order makes the copy consistent without stopping anybody: what points is copied before what it
points at, and what is derived before what it is derived from. So first a log's checkpoint, then
its tiles, then the databases (each through SQLite's own backup, which gives one moment; the
leaves of the log last, because rows elsewhere name them), then all else: items, spool, tables. An
item is on the disk before a row names it, so whatever a copied row names is in the copy. What
came later is a surplus that no row names, as after a crash. A file that grows is copied up to the
length it has when its turn comes.

The manifest is written last, and a marker after it, and only then has the file its name: a
backup that was killed has a name ending in `.unfinished` and no manifest, and restore refuses it.
"""

import hashlib
import io
import os
import secrets
import shutil
import sqlite3
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast
from urllib.parse import quote

import msgspec

from stanch.store.vault.pack import space_in, sync_folder
from stanch.vocabulary.ids import Digest, digest_of
from stanch.vocabulary.trouble import AlreadyThere, BadFile, BadInput, NoSuchFile, Tampered

FORMAT = "stanch backup 1"
MANIFEST = "MANIFEST.json"
SIGNATURE = "MANIFEST.sig"
LARGEST_MANIFEST = 1 << 30
_CHUNK = 1 << 20
_PASSING = ("-wal", "-shm", "-journal", ".lock", ".pid", ".sock")
_STAGES = 6
_SQLITE = b"SQLite format 3\0"


class Signer(Protocol):
    """Whoever signs the manifest."""

    def sign(self, data: bytes) -> bytes:
        """The signature over these bytes."""
        ...


Verify = Callable[[bytes, bytes], None]
"""Takes the manifest's bytes and the signature; raises `Tampered` when it does not hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One file in a backup."""

    path: str
    size: int
    sha256: str
    mode: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What a backup holds."""

    format: str
    made: str
    keys: bool
    """Whether the keys of sealed items are in it."""
    files: tuple[Kept, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a backup or a restore has come."""

    path: str
    files: int
    of_files: int
    bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How a backup is made and told about."""

    made: str = ""
    """When, in words; the caller has the clock."""
    keys: bool = True
    signer: Signer | None = None
    progress: Callable[[Progress], None] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Backup:
    """A backup that was made or read."""

    path: Path
    digest: Digest
    """Of the manifest, which names every file's."""
    contents: Contents
    signed: bool


def back_up(folder: Path, target: Path, options: Options | None = None) -> Backup:
    """The backup of this data folder, made while it is in use."""
    options = options or Options()
    if target.exists():
        raise AlreadyThere("backup", str(target))
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.unfinished")
    try:
        with space_in(target.parent), part.open("xb") as file:
            part.chmod(0o600)
            contents, data, signed = _write(folder, file, part, options)
            file.flush()
            os.fsync(file.fileno())
        _named(part, target)
        sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return Backup(path=target, digest=digest_of(data), contents=contents, signed=signed)


def _named(part: Path, target: Path) -> None:
    """Gives the finished file its name; `AlreadyThere` when another backup got it meanwhile."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise AlreadyThere("backup", str(target)) from None
    except OSError:  # a disk without links
        part.rename(target)


def read_backup(path: Path, verify: Verify | None = None) -> Backup:
    """What a backup says it holds; `BadFile` when it is not finished."""
    with _opened(path) as archive:
        return _read(path, archive, verify)


def restore(
    path: Path,
    folder: Path,
    verify: Verify | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Backup:
    """The backup, put back into an empty folder; `Tampered` when a file is not what it was."""
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(f"{folder} is not empty. Restore into a new folder, then move it.")
    with _opened(path) as archive:
        backup = _read(path, archive, verify)
        new = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}.unfinished")
        with space_in(folder.parent):
            new.mkdir(mode=0o700)
            try:
                _put_back(archive, backup, new, progress)
                if folder.exists():
                    folder.rmdir()
                new.rename(folder)
            except BaseException:
                shutil.rmtree(new)
                raise
            sync_folder(folder.parent)
    return backup


def _write(
    folder: Path, file: BinaryIO, part: Path, options: Options
) -> tuple[Contents, bytes, bool]:
    kept: list[Kept] = []
    done = 0
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, of_files in _in_order(folder, part, keys=options.keys):
            with _content(path, part) as (source, size, mode):
                if source is None:
                    continue
                name = path.relative_to(folder).as_posix()
                kept.append(_add(archive, name, _Measured(source, size), mode))
            done += kept[-1].size
            if options.progress:
                seen = Progress(path=name, files=len(kept), of_files=of_files, bytes=done)
                options.progress(seen)
        contents = Contents(format=FORMAT, made=options.made, keys=options.keys, files=tuple(kept))
        data = msgspec.json.encode(contents)
        if options.signer:
            _add(archive, SIGNATURE, _in_memory(options.signer.sign(data)), 0o600)
        _add(archive, MANIFEST, _in_memory(data), 0o600)
    return contents, data, options.signer is not None


class _Measured:
    """A file read up to a length, hashed on the way."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source = source
        self.size = size
        self.hash = hashlib.sha256()

    def read(self, length: int = -1) -> bytes:
        """The next bytes."""
        data = self._source.read(length)
        self.hash.update(data)
        return data


def _in_memory(data: bytes) -> _Measured:
    return _Measured(io.BytesIO(data), len(data))


def _add(archive: tarfile.TarFile, name: str, source: _Measured, mode: int) -> Kept:
    about = tarfile.TarInfo(name)
    about.size, about.mode = source.size, mode
    archive.addfile(about, cast("BinaryIO", source))
    return Kept(path=name, size=source.size, sha256=source.hash.hexdigest(), mode=mode)


@contextmanager
def _content(path: Path, part: Path) -> Iterator[tuple[BinaryIO | None, int, int]]:
    """The file to copy, its size and mode; None when it is gone by now."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None, 0, 0
        return
    with file:
        about = os.fstat(file.fileno())
        if not _is_database(path):
            yield file, about.st_size, stat.S_IMODE(about.st_mode)
            return
    copy = part.with_name(part.name + ".db")
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            target.execute("pragma journal_mode=delete")
        with copy.open("rb") as file:
            yield file, copy.stat().st_size, stat.S_IMODE(about.st_mode)
    finally:
        copy.unlink(missing_ok=True)


def _in_order(folder: Path, part: Path, *, keys: bool) -> Iterator[tuple[Path, int]]:
    """Every file to keep, stage by stage, and how many there are so far.

    Each stage is listed when its turn comes: a row copied just now may name a newer file.
    """
    if not folder.is_dir():
        raise NoSuchFile("data folder", folder)
    for stage in range(_STAGES):
        logs = {path.parent for path in folder.rglob("checkpoint")}
        found = [
            path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink() and not _passing(path, part, keys=keys)
        ]
        yield from ((path, len(found)) for path in found if _stage(path, logs) == stage)


def _passing(path: Path, part: Path, *, keys: bool) -> bool:
    """Whether a file is of no use elsewhere: locks, journals, unfinished items, this backup."""
    in_vault = path.parent.name in {"new", "keys"} and (path.parents[1] / "VERSION").is_file()
    if in_vault and (path.parent.name == "new" or not keys):
        return True
    return path.name == "lock" or path.name.endswith(_PASSING) or path.name.startswith(part.name)


def _stage(path: Path, logs: set[Path]) -> int:
    database = _is_database(path)
    if database:
        return 3 if path.parent in logs else 2
    if path.name == "checkpoint":
        return 0
    if logs.intersection(path.parents):
        return 1
    return 4 if path.parent.name == "_delta_log" else 5


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError:
        return False


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    """The archive; `BadFile` when it is none, or ends too soon."""
    if path.name.endswith(".unfinished"):
        raise BadFile(path, "is a backup that was not finished. Use an older one.")
    try:
        with tarfile.open(path, mode="r:") as archive:
            yield archive
    except FileNotFoundError as error:
        raise BadFile(path, "is not there.") from error
    except (tarfile.TarError, EOFError) as error:
        raise BadFile(path, f"is no whole backup ({error}). Use an older one.") from error


def _read(path: Path, archive: tarfile.TarFile, verify: Verify | None) -> Backup:
    members = archive.getmembers()
    if not members or members[-1].name != MANIFEST or members[-1].size > LARGEST_MANIFEST:
        raise BadFile(path, "is a backup that was not finished. Use an older one.")
    data = _bytes(archive, members[-1])
    signature = [m for m in members if m.name == SIGNATURE]
    if verify is not None:
        if not signature:
            raise Tampered(f"backup {path} is not signed")
        verify(data, _bytes(archive, signature[0]))
    try:
        contents = msgspec.json.decode(data, type=Contents)
    except msgspec.MsgspecError as error:
        raise BadFile(path, "has a manifest that does not parse.") from error
    if contents.format != FORMAT:
        raise BadFile(path, f"was made by another version ({contents.format[:40]!r}).")
    named = [*(one.path for one in contents.files), *([SIGNATURE] if signature else []), MANIFEST]
    if [m.name for m in members] != named or not all(m.isreg() for m in members):
        raise Tampered(f"the files in backup {path} are not those of its manifest")
    return Backup(path=path, digest=digest_of(data), contents=contents, signed=bool(signature))


def _bytes(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read(LARGEST_MANIFEST) if file else b""


def _put_back(
    archive: tarfile.TarFile, backup: Backup, new: Path, progress: Callable[[Progress], None] | None
) -> None:
    done, files = 0, backup.contents.files
    for count, (member, one) in enumerate(zip(archive, files, strict=False), 1):
        _put_one(archive, member, one, new)
        done += one.size
        if progress:
            progress(Progress(path=one.path, files=count, of_files=len(files), bytes=done))


def _put_one(archive: tarfile.TarFile, member: tarfile.TarInfo, one: Kept, new: Path) -> None:
    inside = PurePosixPath(one.path)
    if inside.is_absolute() or ".." in inside.parts or not inside.parts:
        raise Tampered(f"the backup names {one.path[:80]!r}, which lies outside its folder")
    source = archive.extractfile(member)
    path = new / inside
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    whole = hashlib.sha256()
    with path.open("xb") as file:
        while source and (data := source.read(_CHUNK)):
            whole.update(data)
            file.write(data)
        os.fchmod(file.fileno(), one.mode & 0o700 | one.mode & 0o044)
        file.flush()
        os.fsync(file.fileno())
    if whole.hexdigest() != one.sha256:
        raise Tampered(f"{one.path} in the backup is not what it was")
