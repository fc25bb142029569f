"""The only place where parts are joined: store to ports, ports to engine, engine to the edges.

In    settings.
Out   the parts of one data folder, opened in their order and closed in the other; a server on them.
Why   every other room says what it needs and knows nobody; here it is given. The order is the law:
      (1) the folder's lock, (2) the database, (3) keys, log and vault, (4) spool and lake,
      (5) who may ask, (6) what the routes ask and the chores, (7) the server. The end goes
      backwards, so that nothing is asked of a part that is gone.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from stanch.api.application import Api
from stanch.api.house import House
from stanch.api.server import Address, free_address, listen
from stanch.detect.registry import detectors
from stanch.detect.warming import warm_up
from stanch.engine.access import Access
from stanch.engine.approvals import Approvals
from stanch.engine.baselines import Baselines
from stanch.engine.caretaker import Caretaker, Chore
from stanch.engine.cases import Cases
from stanch.engine.clock import utc_now
from stanch.engine.desk import Desk, check
from stanch.engine.desk import Parts as DeskParts
from stanch.engine.evidence import EvidenceRoom
from stanch.engine.guards import Guards
from stanch.engine.health import Health
from stanch.engine.health import Parts as HealthParts
from stanch.engine.ingest.intake import Intake
from stanch.engine.ingest.schema import SCHEMA
from stanch.engine.lifecycle import Lifecycle
from stanch.engine.lifecycle import Parts as PathParts
from stanch.engine.memory import settle
from stanch.engine.oidc import Oidc, Provider, roles_in
from stanch.engine.policies import Policies
from stanch.engine.recorder import Recorder
from stanch.engine.sealing import READER as SEALING
from stanch.engine.sealing import enter_sealed, tell_positions
from stanch.engine.stream import Stream
from stanch.engine.triage import Triage
from stanch.engine.watch.watcher import READER as WATCH
from stanch.engine.watch.watcher import Watcher
from stanch.engine.witnesses import Witnesses, witnesses_in
from stanch.settings import Settings
from stanch.store import bundle
from stanch.store.lazy_lake import LazyLake
from stanch.store.lock import FolderLock
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.log.witness import Witness
from stanch.store.signing import Signer, name_of, open_signer, rotate, write_whole
from stanch.store.spool import Spool
from stanch.store.sql.store import SqlStore, open_store
from stanch.store.vault.as_file import as_file
from stanch.store.vault.scrub import scrub
from stanch.store.vault.vault import Vault
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.record import Deed, Entry, Evidence
from stanch.vocabulary.trouble import BadFile, Tampered
from stanch.web.console import pages
from stanch.web.visit import Console


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What the engine does on the parts of one folder."""

    lifecycle: Lifecycle
    baselines: Baselines
    cases: Cases
    policies: Policies
    guards: Guards
    witnesses: Witnesses


def work_of(parts: "Parts") -> Work:
    """The engine on these parts."""
    watcher = Watcher(parts.store, parts.spool, parts.lake, detectors, utc_now)
    return Work(
        lifecycle=Lifecycle(
            PathParts(
                store=parts.store,
                watcher=watcher,
                triage=Triage(parts.store, utc_now),
                evidence=parts.room,
                events=parts.lake,
            )
        ),
        baselines=Baselines(parts.store, parts.signed("baseline"), utc_now),
        cases=Cases(parts.store, utc_now),
        policies=Policies(parts.store, utc_now),
        guards=Guards(parts.store, utc_now),
        witnesses=Witnesses(parts.log, witnesses_in(_text(parts.settings.witnesses))),
    )


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
    access: Access

    @property
    def secure(self) -> bool:
        """Whether browsers come over TLS."""
        return self.settings.public_url.startswith("https:")

    def export(
        self, items: Sequence[Evidence], incident: IncidentId | None, by: str, path: Path
    ) -> bundle.Exported:
        """A bundle of these items, written there."""
        case = bundle.Case(
            items=[
                bundle.Item(evidence=one, open=lambda one=one: as_file(self.vault, one))
                for one in items
            ],
            by=by,
            at=utc_now(),
            incident=incident,
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
                clock=utc_now,
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
        signer = open_signer(folder / "keys", name_of(folder / "keys", settings.log_name))
        log = EvidenceLog.open(folder / "log", signer, utc_now)
        stack.callback(log.close)
        vault = stack.enter_context(Vault.open(folder / "vault"))
        recorder = Recorder(store, log)
        stack.callback(recorder.drain)
        # (4) events
        spool = stack.enter_context(Spool.open(folder / "spool", readers=(WATCH, SEALING)))
        lake = LazyLake(folder / "lake", SCHEMA, spool)
        stack.callback(lake.close)
        # (5) who may ask
        access = Access(store, utc_now)
        stack.callback(access.keys.flush)
        yield Parts(
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
    work = work_of(parts)
    keeper = Caretaker(_chores(parts, work), utc_now)
    health = Health(
        HealthParts(
            store=parts.store,
            keeper=keeper,
            guards=work.guards,
            witnesses=work.witnesses,
            measures=(lambda: _measures(parts),),
        )
    )
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
            lifecycle=work.lifecycle,
            baselines=work.baselines,
            cases=work.cases,
            policies=work.policies,
            guards=work.guards,
            sign_policy=parts.signer.sign_plain,
            sign_in=_sign_in(parts, address),
            secure=parts.secure,
            vault_most=parts.settings.vault_most,
            witness=_witness(parts),
            witnesses=work.witnesses,
        ),
        pages=pages(_console(parts, work)),
    )
    health.edge = api.measures
    note = parts.folder / "server.json"

    async def listening() -> None:
        write_whole(note, msgspec.json.encode({"url": address.url, "pid": os.getpid()}), 0o600)
        settle()
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


def _sign_in(parts: Parts, address: Address) -> Oidc | None:
    asked = parts.settings
    if not asked.oidc_issuer:
        return None
    home = asked.public_url.rstrip("/") or address.url
    provider = Provider(
        issuer=asked.oidc_issuer,
        client=asked.oidc_client,
        secret=_text(asked.oidc_secret_file).strip(),
        callback=f"{home}/login/oidc/back",
        claim=asked.oidc_claim,
        roles=roles_in(asked.oidc_roles),
    )
    return Oidc(provider, utc_now, parts.access.secret)


def _witness(parts: Parts) -> Witness | None:
    logs: dict[str, list[str]] = {}
    for one in witnesses_in(_text(parts.settings.witnessed_logs)):
        logs.setdefault(one.key.partition("+")[0], []).append(one.key)
    return Witness(parts.folder / "witnessed", parts.signer, utc_now, logs) if logs else None


def _text(path: str) -> str:
    """What the file says that a setting names; nothing when none is named."""
    try:
        return Path(path).read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(path, f"cannot be read ({error}).") from error


def _console(parts: Parts, work: Work) -> Console:
    return Console(
        clock=utc_now,
        store=parts.store,
        access=parts.access,
        desk=parts.desk(),
        cases=work.cases,
        policies=work.policies,
        approvals=Approvals(parts.store, utc_now),
        guards=work.guards,
        secure=parts.secure,
    )


def _chores(parts: Parts, work: Work) -> list[Chore]:
    return [
        Chore(name="watch", work=work.lifecycle.turn, every=0.25),
        Chore(name="policies", work=work.policies.expire, every=1.0),
        Chore(name="warm-up", work=lambda: _warm(parts), every=30.0),
        Chore(name="record", work=parts.recorder.drain, every=0.25, at_end=True),
        Chore(name="checkpoint", work=parts.log.checkpoint, every=5.0, at_end=True),
        Chore(name="witnesses", work=work.witnesses.ask, every=10.0),
        Chore(name="roll-up", work=lambda: parts.lake.roll_up(utc_now()), every=30.0),
        Chore(name="sealing", work=lambda: _seal(parts), every=60.0, at_end=True),
        Chore(name="compaction", work=lambda: parts.lake.compact(utc_now()), every=3600.0),
        Chore(name="keys used", work=parts.access.keys.flush, every=30.0),
        Chore(name="scrub", work=lambda: _scrub(parts), every=86_400.0),
    ]


def _warm(parts: Parts) -> None:
    """Compile the hot loops, once there is a baseline to count on; numpy counts until then."""
    with parts.store.look() as tx:
        watched = any(tx.baselines.current(a.id) for a in tx.assets.page(limit=200).items)
    if watched:
        warm_up()


def _seal(parts: Parts) -> None:
    """Enter the sealed segments; the spool may then drop what every reader has passed."""
    enter_sealed(parts.store, parts.spool, at=utc_now())
    tell_positions(parts.store, parts.spool, (WATCH,))


def _scrub(parts: Parts) -> None:
    damaged = [one for one in parts.desk().scrub("stanch") if one.damage]
    if damaged:
        raise Tampered(f"vault item {damaged[0].digest}: {damaged[0].damage}")


def _measures(parts: Parts) -> Iterator[tuple[str, str, float]]:
    yield "stanch_log_entries", "gauge", parts.log.size
    yield "stanch_spool_backlog_rows", "gauge", parts.spool.backlog_rows
