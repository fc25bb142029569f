"""Backups: what was copied is told here, so that it stands in the evidence log."""

from dataclasses import dataclass

from litestar import get, post
from litestar.params import JSONBody

from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.engine.backups import BackupMade, enter, last_backup
from stanch.vocabulary.ids import parse_digest
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import NotFound


@dataclass(frozen=True, kw_only=True, slots=True)
class NewBackup:
    """A backup that was just made: the digest of its manifest, and how much is in it."""

    digest: str
    files: int
    bytes: int
    keys: bool = True


@post("/backups", opt=needs(Scope.ADMIN), sync_to_thread=True)
def enter_backup(house: TheHouse, caller: TheCaller, data: JSONBody[NewBackup]) -> BackupMade:
    """The backup, now in the evidence log."""
    made = BackupMade(
        digest=parse_digest(data.digest),
        files=data.files,
        bytes=data.bytes,
        keys=data.keys,
        at=house.clock(),
        by=caller.name,
    )
    return enter(house.store, made)


@get("/backups/last", opt=needs(Scope.READ), sync_to_thread=True)
def get_last_backup(house: TheHouse) -> BackupMade:
    """The last backup that was made."""
    with house.store.look() as tx:
        found = last_backup(tx)
    if found is None:
        raise NotFound("backup", "last", "evidence list")
    return found


ROUTES = (enter_backup, get_last_backup)
