"""The only place where parts are joined: store to ports, ports to engine, engine to the edges.

In    settings.
Out   the parts of one data folder, opened in their order and closed in the other; a server on them.
Why   every other room says what it needs and knows nobody; here it is given. The order is the law:
      (1) the folder's lock, (2) the database, (3) keys, log and vault, (4) spool and lake,
      (5) who may ask, (6) what the routes ask and the chores, (7) the server. The end goes
      backwards, so that nothing is asked of a part that is gone.
"""

import asyncio
import io
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from stanch.api.application import Api
from stanch.api.house import House, Question
from stanch.api.server import Address, free_address, listen
from stanch.engine.access import Access
from stanch.engine.caretaker import Caretaker, Chore
from stanch.engine.clock import utc_now
from stanch.engine.desk import Desk, check
from stanch.engine.desk import Parts as DeskParts
from stanch.engine.evidence import EvidenceRoom
from stanch.engine.ingest.intake import Intake
from stanch.engine.ingest.schema import SCHEMA
from stanch.engine.recorder import Recorder
from stanch.engine.stream import Stream
from stanch.settings import Settings
from stanch.store import bundle
from stanch.store.lock import FolderLock
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.signing import Signer, open_signer, write_whole
from stanch.store.spool import Spool
from stanch.store.sql.store import SqlStore, open_store
from stanch.store.vault.scrub import scrub
from stanch.store.vault.vault import Vault
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.trouble import Tampered, Trouble

_LOG_NAME = "stanch"


class LazyLake:
    """The lake, opened when it is first asked: its libraries are large, and a start is quick."""

    def __init__(self, folder: Path, spool: Spool) -> None:
        self._folder = folder
        self._spool = spool
        self._opening = threading.Lock()
        self._lake: Any = None

    def rows(self, question: Question) -> list[dict[str, Any]]:
        """The newest events that match."""
        found: list[dict[str, Any]] = self._open().hunt(_hunt(question), self._spool).to_pylist()
        return [{k: v for k, v in row.items() if v is not None} for row in found]

    def count(self, question: Question) -> int:
        """How many events match."""
        return int(self._open().count(_hunt(question), self._spool))

    def roll_up(self) -> int:
        """How many rows moved from the spool into the lake."""
        return int(self._open().roll_up(self._spool)) if self._spool.backlog_rows else 0

    def compact(self) -> None:
        """Joins small files, when there is a lake to speak of."""
        if self._lake is not None:
            self._lake.compact(now=utc_now())

    def close(self) -> None:
        """Lets the lake go, if it was ever opened."""
        if self._lake is not None:
            self._lake.close()

    def _open(self) -> Any:
        with self._opening:
            if self._lake is None:
                from stanch.store.lake import Lake  # noqa: PLC0415  deltalake and duckdb are large

                self._lake = Lake.open(self._folder, SCHEMA)
            return self._lake


def _hunt(question: Question) -> Any:
    from stanch.store.hunt import Hunt  # noqa: PLC0415  duckdb is large

    return Hunt(
        asset=question.asset,
        where=question.where,
        since=question.since,
        until=question.until,
        limit=question.limit,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """One data folder, opened."""

    folder: Path
    store: SqlStore
    signer: Signer
    log: EvidenceLog
    vault: Vault
    room: EvidenceRoom
    recorder: Recorder
    spool: Spool
    lake: "LazyLake"
    access: Access

    def export(
        self, items: Sequence[Evidence], incident: IncidentId | None, by: str, path: Path
    ) -> bundle.Exported:
        """A bundle of these items, written there."""
        case = bundle.Case(
            items=[
                bundle.Item(evidence=one, open=lambda one=one: _stream(self.vault, one))
                for one in items
            ],
            by=by,
            at=utc_now(),
            incident=incident,
        )
        return bundle.export(case, path, self.log, self.signer)

    def desk(self) -> Desk:
        """The evidence desk of this folder."""
        return Desk(
            DeskParts(
                store=self.store,
                room=self.room,
                recorder=self.recorder,
                log=self.log,
                tiles=self.log.folder,
                vkeys=tuple(self.signer.vkeys()),
                export=self.export,
                scrub=lambda: scrub(self.vault),
            )
        )


@contextmanager
def opened(settings: Settings) -> Iterator[Parts]:
    """The parts of the data folder, for as long as the block runs; `InUse` when another has it."""
    folder = settings.data.absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        # (1) nobody else works here
        stack.callback(FolderLock(folder).close)
        # (2) the database
        url = settings.database or f"sqlite:///{folder / 'stanch.sqlite'}"
        store = open_store(url, clock=utc_now)
        stack.callback(store.close)
        # (3) keys, log, vault
        signer = open_signer(folder / "keys", _LOG_NAME)
        log = EvidenceLog.open(folder / "log", signer, utc_now)
        stack.callback(log.close)
        vault = stack.enter_context(Vault.open(folder / "vault"))
        recorder = Recorder(store, log)
        stack.callback(recorder.drain)
        # (4) events
        spool = stack.enter_context(Spool.open(folder / "spool"))
        lake = LazyLake(folder / "lake", spool)
        stack.callback(lake.close)
        # (5) who may ask
        access = Access(store, utc_now)
        stack.callback(access.keys.flush)
        yield Parts(
            folder=folder,
            store=store,
            signer=signer,
            log=log,
            vault=vault,
            room=EvidenceRoom(store, vault, utc_now),
            recorder=recorder,
            spool=spool,
            lake=lake,
            access=access,
        )


def verify_folder(folder: Path) -> dict[str, Any]:
    """What checking a folder's log and vault says, while no server runs on it."""
    if not (folder / "log").is_dir():
        return {"holds": None, "says": f"Could not tell: {folder} is no data folder."}
    try:
        with opened(Settings(data=folder)) as parts:
            return asdict(check(parts.log, scrub(parts.vault)))
    except Tampered as broken:
        return {"holds": False, "says": str(broken), "where": str(folder / "log")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A server that answers now."""

    url: str
    secret: str | None
    """The first admin key, when this start made it."""


def serve(settings: Settings, started: Callable[[Started], None]) -> None:
    """Serve the data folder until asked to stop; `started` is told once requests are answered."""
    address = free_address(settings.host, settings.port)
    with opened(settings) as parts:
        secret = parts.access.first_admin_key(parts.folder)
        asyncio.run(
            _serve(parts, address, lambda: started(Started(url=address.url, secret=secret)))
        )


async def _serve(parts: Parts, address: Address, started: Callable[[], None]) -> None:
    stream = Stream(parts.store)
    keeper = Caretaker(_chores(parts), utc_now)
    health = _Health(parts, keeper)
    api = Api(
        House(
            clock=utc_now,
            store=parts.store,
            access=parts.access,
            intake=Intake(parts.spool, clock=utc_now),
            lake=parts.lake,
            desk=parts.desk(),
            health=health,
            stream=stream,
        )
    )
    health.edge = api.measures
    note = parts.folder / "server.json"

    async def listening() -> None:
        write_whole(note, msgspec.json.encode({"url": address.url, "pid": os.getpid()}), 0o600)
        started()

    background = [asyncio.create_task(keeper.run()), asyncio.create_task(stream.pump())]
    try:
        await listen(api, address, listening, stream.close)
    finally:
        note.unlink(missing_ok=True)
        for task in background:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        api.close()
        keeper.finish()


def _chores(parts: Parts) -> list[Chore]:
    return [
        Chore(name="record", work=parts.recorder.drain, every=0.25, at_end=True),
        Chore(name="checkpoint", work=parts.log.checkpoint, every=5.0, at_end=True),
        Chore(name="roll-up", work=parts.lake.roll_up, every=30.0),
        Chore(name="compaction", work=parts.lake.compact, every=3600.0),
        Chore(name="keys used", work=parts.access.keys.flush, every=30.0),
        Chore(name="scrub", work=lambda: _scrub(parts), every=86_400.0),
    ]


def _scrub(parts: Parts) -> None:
    damaged = [one for one in scrub(parts.vault) if one.damage]
    if damaged:
        raise Tampered(f"vault item {damaged[0].digest}: {damaged[0].damage}")


class _Health:
    """How the server is, from the parts themselves."""

    def __init__(self, parts: Parts, keeper: Caretaker) -> None:
        self._parts = parts
        self._keeper = keeper
        self.edge: Callable[[], Iterable[tuple[str, str, float]]] = tuple

    def unready(self) -> tuple[str, ...]:
        """Why it cannot serve now, in sentences."""
        why = list(self._keeper.unwell())
        try:
            self._parts.store.latest()
        except Trouble as trouble:
            why.append(f"The database does not answer: {trouble}")
        return tuple(why)

    def measures(self) -> Iterator[tuple[str, str, float]]:
        """Each measure: its name, its type, its value."""
        parts = self._parts
        yield "stanch_log_entries", "gauge", parts.log.size
        yield "stanch_spool_backlog_rows", "gauge", parts.spool.backlog_rows
        for standing in self._keeper.standings.values():
            labels = f'{{chore="{standing.name}"}}'
            yield f"stanch_chore_failures_in_a_row{labels}", "gauge", standing.failed_in_a_row
        yield from self.edge()


def _stream(vault: Vault, item: Evidence) -> IO[bytes]:
    """The item's stored bytes as a file; of a sealed one without opening it."""
    return cast("IO[bytes]", io.BufferedReader(_Blocks(vault.sealed_bytes(item.digest))))


class _Blocks(io.RawIOBase):
    """Blocks, read as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks = blocks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._blocks, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
