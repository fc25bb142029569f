"""Backups, as the evidence log knows them: when one was made, and what its manifest is.

In    what was copied; the store.
Out   the deed in the log; how old the last backup is, with what to do about it.
Why   the digest of the manifest stands outside the file, so a changed backup is known by its name;
      and a habit that stopped is seen before it is missed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from stanch.engine.ports import Store, Transaction
from stanch.vocabulary.ids import Digest, parse_digest
from stanch.vocabulary.record import Deed, Entry

_LAST = "_last_backup"
OLD = timedelta(days=7)
"""Older than this, a backup is no longer recent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupMade:
    """One backup."""

    digest: Digest
    """Of its manifest, which names every file's."""
    files: int
    bytes: int
    keys: bool
    """Whether the keys of sealed items are in it."""
    at: datetime
    by: str


def enter(store: Store, made: BackupMade) -> BackupMade:
    """The backup, now in the evidence log and known as the last one."""
    parse_digest(made.digest)
    facts = {"files": made.files, "bytes": made.bytes, "keys": made.keys}
    with store.begin() as tx:
        tx.settings.put(_LAST, msgspec.json.encode(made).decode())
        tx.record(
            Entry(
                at=made.at,
                deed=Deed.BACKUP_MADE,
                actor=made.by,
                about="data folder",
                digest=made.digest,
                facts=facts,
            )
        )
    return made


def last_backup(tx: Transaction) -> BackupMade | None:
    """The last backup that was made; none when there was none yet."""
    text = tx.settings.get(_LAST)
    return msgspec.json.decode(text, type=BackupMade) if text else None


def age_told(last: BackupMade | None, now: datetime) -> tuple[bool | None, str, str]:
    """Whether the last backup is recent (none: there never was one), in words, and what to do."""
    remedy = "stanch backup -o FILE, on another disk; and do it again every week"
    if last is None:
        return None, "none was ever made", remedy
    age = now - last.at
    days = age // timedelta(days=1)
    told = f"{days} days" if days else f"{age // timedelta(hours=1)} hours"
    good = age <= OLD
    return good, f"the last one is {told} old, manifest {last.digest}", "" if good else remedy
