"""The parts of one data folder, opened in their order and closed in the other.

(1) the folder's lock, (2) the database, (3) keys, log, vault, (4) spool and lake, (5) who may ask.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from stanch.app.crew import Crew
from stanch.app.several import Others, own_spool, place_of
from stanch.app.turns import Turns
from stanch.engine.access import Access
from stanch.engine.backups import BackupMade, age_told, enter, last_backup
from stanch.engine.clock import utc_now
from stanch.engine.custody import Custody
from stanch.engine.desk import Desk, check
from stanch.engine.desk import Parts as DeskParts
from stanch.engine.evidence import EvidenceRoom
from stanch.engine.ingest.schema import SCHEMA
from stanch.engine.recorder import Recorder
from stanch.engine.shares import Split
from stanch.engine.shredding import Shredding
from stanch.settings import Settings, from_environment, keep_compiled
from stanch.store import bundle, folder_name
from stanch.store.lazy_lake import LazyLake
from stanch.store.lock import FolderLock, in_turn
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.signing import Signer, name_of, open_signer, rotate
from stanch.store.spool import Spool, SpoolLimits
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.store.vault.as_file import as_file
from stanch.store.vault.scrub import scrub
from stanch.store.vault.vault import Vault
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.record import Deed, Entry, Evidence
from stanch.vocabulary.trouble import BadFile, Tampered


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """One data folder, opened."""

    settings: Settings
    folder: Path
    store: SqlStore
    signer: Signer
    log: EvidenceLog
    vault: Vault
    room: EvidenceRoom
    recorder: Recorder
    spool: Spool
    lake: LazyLake
    crew: Crew
    access: Access
    place: Path
    """What is this process's own, when several serve the folder; else the folder."""
    others: Others
    turns: Turns
    """What one of several processes does at a time."""
    split: Split | None = None
    """How the work is split, when several serve the folder."""

    def in_turn(self, name: str) -> AbstractContextManager[None]:
        """Held while no other process on the folder holds the same name."""
        return self.turns.held(name)

    @property
    def secure(self) -> bool:
        """Whether browsers come over TLS."""
        return self.settings.public_url.startswith("https:")

    def export(
        self,
        items: Sequence[Evidence],
        incidents: Sequence[IncidentId],
        by: str,
        path: Path,
        since: int | None,
    ) -> bundle.Exported:
        """A bundle of these items, written there."""
        case = bundle.Case(
            items=[
                bundle.Item(evidence=one, open=lambda one=one: as_file(self.vault, one))
                for one in items
            ],
            by=by,
            at=utc_now(),
            incident=incidents[0] if incidents else None,
            kin=tuple(incidents[1:]),
            remembered=since,
        )
        return bundle.export(case, path, self.log, self.signer)

    def signed(self, kind: str) -> Callable[[bytes], str]:
        """What signs values of this kind with the house's keys."""

        def signature(body: bytes) -> str:
            envelope = self.signer.sign_bytes(body, kind)
            return msgspec.json.encode(
                {k: v for k, v in envelope.items() if k != "payload"}
            ).decode()

        return signature

    def genuine(self, kind: str) -> Callable[[bytes, str], bool]:
        """What tells whether the house's keys, of now or before, signed this value of this kind."""

        def holds(body: bytes, signature: str) -> bool:
            try:
                envelope = msgspec.json.decode(signature, type=dict[str, Any])
                self.signer.verify_bytes({**envelope, "payload": b64encode(body).decode()}, kind)
            except (Tampered, msgspec.MsgspecError):
                return False
            return True

        return holds

    def desk(self) -> Desk:
        """The evidence desk of this folder."""
        return Desk(self._of_evidence())

    @property
    def shredding(self) -> Shredding:
        """What destroys personal data in this folder's vault."""
        return Shredding(self.store, self.vault, self.recorder, utc_now)

    def custody(self) -> Custody:
        """What the log says of things in this folder."""
        return Custody(self._of_evidence())

    def _of_evidence(self) -> DeskParts:
        return DeskParts(
            store=self.store,
            room=self.room,
            recorder=self.recorder,
            log=self.log,
            tiles=self.log.folder,
            vkeys=tuple(self.signer.vkeys()),
            export=self.export,
            scrub=lambda: scrub(self.vault),
            stored=self.vault.sealed_bytes,
            clock=utc_now,
        )


@contextmanager
def opened(settings: Settings) -> Iterator[Parts]:
    """The parts of the data folder, for as long as the block runs; `InUse` when another has it."""
    folder = folder_name.checked(settings.data.absolute())
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    node = settings.node
    place = place_of(folder, node, settings.database)
    keep_compiled()
    with ExitStack() as stack:
        # (1) nobody else works here, or only others that share
        stack.callback(FolderLock(folder, shared=bool(node)).close)
        if node:
            stack.callback(FolderLock(place).close)
        # (2) the database
        url = settings.database or sqlite_url(folder)
        store = open_store(url, clock=utc_now)
        stack.callback(store.close)
        # (3) keys, log, vault
        with in_turn(folder / "start.lock"):
            signer = open_signer(folder / "keys", name_of(folder / "keys", settings.log_name))
            log = _log(settings, folder / "log", signer)
            stack.callback(log.close)
            vault = stack.enter_context(Vault.open(folder / "vault"))
        split = Split(store, utc_now, node) if node else None
        turns = Turns(folder, store, split)
        recorder = Recorder(store, log, partial(turns.held, "record"))
        stack.callback(recorder.drain)
        # (4) events
        spool = stack.enter_context(own_spool(place / "spool", _limits(settings), node))
        others = Others(folder=folder, node=node)
        crew = Crew(processes=settings.processes, cluster=settings.cluster)
        lake = LazyLake(folder / "lake", SCHEMA, spool, others.spools, crew)
        stack.callback(lake.close)
        # (5) who may ask
        access = Access(store, utc_now)
        stack.callback(access.flush)
        yield _finished(
            Parts(
                settings=settings,
                folder=folder,
                store=store,
                signer=signer,
                log=log,
                vault=vault,
                room=EvidenceRoom(store, vault, utc_now),
                recorder=recorder,
                spool=spool,
                lake=lake,
                crew=crew,
                access=access,
                place=place,
                others=others,
                turns=turns,
                split=split,
            )
        )


def _finished(parts: Parts) -> Parts:
    """The parts, after what a kill left half destroyed is destroyed."""
    parts.shredding.finish()
    return parts


def _log(settings: Settings, folder: Path, signer: Signer) -> EvidenceLog:
    """The log: its leaves are beside the nouns in PostgreSQL, so that several can append."""
    elsewhere = settings.database.startswith("postgres")
    if not elsewhere or (folder / "leaves.sqlite").exists():
        if settings.node:
            why = "holds a log of one process. Start without a node, or with another folder."
            if elsewhere:
                raise BadFile(folder / "leaves.sqlite", why)
        return EvidenceLog.open(folder, signer, utc_now)
    from stanch.store.log.postgres import PostgresLeaves  # noqa: PLC0415  only with PostgreSQL

    leaves = PostgresLeaves(settings.database)
    return EvidenceLog.open(folder, signer, utc_now, leaves=leaves, shared=bool(settings.node))


def _limits(settings: Settings) -> SpoolLimits:
    usual = SpoolLimits()
    segment = min(usual.segment_bytes, max(1, settings.spool_most // 8))
    return replace(usual, backlog_bytes=settings.spool_most, segment_bytes=segment)


def verify_folder(folder: Path) -> dict[str, Any]:
    """What checking a folder's log and vault says, while no server runs on it."""
    if not (folder / "log").is_dir():
        return {"holds": None, "says": f"Could not tell: {folder} is no data folder."}
    try:
        with opened(_settings_of(folder)) as parts:
            return asdict(check(parts.log, scrub(parts.vault)))
    except Tampered as broken:
        return {"holds": False, "says": str(broken), "where": str(folder / "log")}


def backup_made(folder: Path, made: BackupMade) -> BackupMade:
    """The backup, now in the folder's evidence log, while no server runs on it."""
    with opened(_settings_of(folder)) as parts:
        return enter(parts.store, made)


def backup_age(folder: Path) -> dict[str, Any]:
    """How old the folder's last backup is, while no server runs on it."""
    with opened(_settings_of(folder)) as parts, parts.store.look() as tx:
        good, says, remedy = age_told(last_backup(tx), utc_now())
    return {"good": good, "says": says, "remedy": remedy}


def _settings_of(folder: Path) -> Settings:
    """The settings of a server on this folder: its database may be elsewhere."""
    return replace(from_environment(), data=folder)


def rotate_keys(settings: Settings) -> dict[str, str]:
    """The fingerprints of the signing keys before and after; no server may run meanwhile."""
    with opened(settings) as parts:
        before = parts.signer.fingerprint
        after = rotate(parts.folder / "keys", parts.signer.name).fingerprint
    with opened(settings) as parts, parts.store.begin() as tx:
        facts = {"what": "signing keys rotated", "before": before, "after": after}
        deed = Deed.ACCESS_CHANGED
        tx.record(Entry(at=utc_now(), deed=deed, actor="stanch", about="keys", facts=facts))
    return {"before": before, "after": after}


def text_of(path: str) -> str:
    """What the file says that a setting names; nothing when none is named."""
    try:
        return Path(path).read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(path, f"cannot be read ({error}).") from error
