"""Serving: the engine behind the edges, until asked to stop."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import make_url

from stanch.api.application import Api
from stanch.api.house import House
from stanch.api.server import Address, free_address, listen
from stanch.api.wire import source_of
from stanch.app.chores import chores_of
from stanch.app.parts import Parts, opened, text_of
from stanch.app.work import Work, work_of
from stanch.engine.asked import Asked
from stanch.engine.born import born
from stanch.engine.caretaker import Caretaker
from stanch.engine.clock import utc_now
from stanch.engine.event_list import Events
from stanch.engine.health import Health
from stanch.engine.health import Parts as HealthParts
from stanch.engine.ingest.intake import Intake
from stanch.engine.marking import Marking
from stanch.engine.memory import settle
from stanch.engine.oidc import Oidc, Provider, roles_in
from stanch.engine.rule_trial import RuleTrial
from stanch.engine.runs.durable import Durable, Place
from stanch.engine.runs.workers import Workers
from stanch.engine.stream import Stream
from stanch.engine.threads import Threads
from stanch.engine.witnesses import witnesses_in
from stanch.guard.packed import events
from stanch.guard.sources import Sources
from stanch.sandbox.desk import DrillDesk
from stanch.settings import Settings
from stanch.store.log.witness import Witness
from stanch.store.signing import write_whole
from stanch.store.sql.connect import sqlite_url, trouble
from stanch.store.sql.postgres import engine_of
from stanch.vocabulary.event import EXCHANGES
from stanch.web.console import pages
from stanch.web.visit import Console


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A server that answers now."""

    url: str
    secret: str | None
    """The first admin key, when this start made it."""
    drills: DrillDesk
    """Where the demo puts its stage."""
    welcome: str = ""
    """The link that makes the first account; empty when there is one."""


def serve(settings: Settings, started: Callable[[Started], None]) -> None:
    """Serve the data folder until asked to stop; `started` is told once requests are answered."""
    address = free_address(settings.host, settings.port)
    with opened(settings) as parts:
        if parts.split is not None:
            parts.split.turn()
        with parts.in_turn("start"):
            secret = parts.access.first_admin_key(parts.folder)
        work = work_of(parts)
        # The durable runner starts threads of its own, so it starts before there is a loop.
        with _at_work(parts, work) as (durable, workers):
            keeper = Caretaker(chores_of(parts, work, durable, workers))
            up = Started(
                url=address.url,
                secret=secret,
                drills=work.drills,
                welcome=_welcome(parts, address),
            )
            try:
                asyncio.run(_serve(parts, work, keeper, (address, lambda: started(up))))
            finally:
                work.drills.close()


def _welcome(parts: Parts, address: Address) -> str:
    path = parts.access.welcome.path()
    home = parts.settings.public_url.rstrip("/") or address.url
    return f"{home}{path}" if path else ""


@contextmanager
def _at_work(parts: Parts, work: Work) -> Iterator[tuple[Durable, Workers]]:
    """The durable runner, started; runs of a worker that died are taken over by the chores."""
    asked = parts.settings.database
    # Of machines with one folder in common, two may give out the same number.
    worker = f"{parts.settings.node or parts.signer.name}-{os.getpid()}" if asked else "local"
    url = asked or sqlite_url(parts.folder, "runs.sqlite")
    place = Place(url=url, worker=worker, engine=engine_of, trouble=partial(trouble, make_url(url)))
    durable = Durable(place, work.carrier.carry)
    workers = Workers(parts.store, utc_now, worker)
    # Who dies in their first hop must have been heard of, or nobody takes it over.
    workers.beat()
    durable.start()
    try:
        work.runner.begin(durable)
        yield durable, workers
    finally:
        if not durable.stop():
            workers.leave()
        if parts.split is not None:
            parts.split.leave()


async def _serve(
    parts: Parts, work: Work, keeper: Caretaker, where: tuple[Address, Callable[[], None]]
) -> None:
    address, started = where
    asyncio.get_running_loop().set_default_executor(Threads())
    stream = Stream(parts.store)
    health = _health(parts, work, keeper)
    house = _house(parts, work, (health, stream, _sign_in(parts, address)))
    console = replace(console_of(parts, work), unwell=health.unwell)
    api = Api(house, pages=pages(console))
    health.edge = api.measures
    note = parts.place / "server.json"

    async def listening() -> None:
        here = {"url": address.url, "pid": os.getpid(), "born": born(os.getpid())}
        write_whole(note, msgspec.json.encode(here), 0o600)
        settle()
        started()

    background = [asyncio.create_task(keeper.run()), asyncio.create_task(stream.pump())]
    try:
        await listen(api, address, listening, api.let_go)
    finally:
        note.unlink(missing_ok=True)
        parts.lake.leave()
        for task in background:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        api.close()
        keeper.finish()


def _health(parts: Parts, work: Work, keeper: Caretaker) -> Health:
    return Health(
        HealthParts(
            store=parts.store,
            keeper=keeper,
            guards=work.guards,
            witnesses=work.witnesses,
            clock=utc_now,
            genuine=parts.genuine("baseline"),
            measures=(lambda: _measures(parts), parts.access.refused.measures),
            sites=work.sites.all,
            left=work.edge.left if work.edge is not None else None,
            room=parts.spool.room,
        )
    )


def _house(parts: Parts, work: Work, edge: tuple[Health, Stream, Oidc | None]) -> House:
    """What the routes may ask, on these parts."""
    health, stream, sign_in = edge
    return House(
        clock=utc_now,
        store=parts.store,
        access=parts.access,
        intake=Intake(parts.spool, clock=utc_now, also={EXCHANGES: events}),
        lake=parts.lake,
        desk=parts.desk(),
        shredding=parts.shredding,
        health=health,
        stream=stream,
        lifecycle=work.lifecycle,
        baselines=work.baselines,
        printed=work.printed,
        cases=work.cases,
        policies=work.policies,
        previews=work.previews,
        guards=work.guards,
        effects=work.effects,
        approvals=work.approvals,
        runner=work.runner,
        books=work.books,
        rulebook=work.rulebook,
        alarms=work.alarms,
        naming=work.naming,
        rehearsal=work.rehearsal,
        by_hand=work.by_hand,
        marking=Marking(parts.store, parts.lake, utc_now),
        neighbours=work.others.neighbours,
        switchboard=work.others.switchboard,
        sites=work.sites,
        drills=work.drills,
        tabletops=work.tabletops,
        sign_policy=parts.signer.sign_plain,
        sign_in=sign_in,
        secure=parts.secure,
        source=_source(parts.settings.proxies),
        vault_most=parts.settings.vault_most,
        witness=_witness(parts),
        witnesses=work.witnesses,
    )


def _source(proxies: str) -> Callable[[Mapping[str, Any]], str]:
    """What tells where a request comes from, behind these proxies."""
    sources = Sources(one for one in map(str.strip, proxies.split(",")) if one)
    return source_of if sources.direct else sources.of


def _sign_in(parts: Parts, address: Address) -> Oidc | None:
    asked = parts.settings
    if not asked.oidc_issuer:
        return None
    home = asked.public_url.rstrip("/") or address.url
    provider = Provider(
        issuer=asked.oidc_issuer,
        client=asked.oidc_client,
        secret=text_of(asked.oidc_secret_file).strip(),
        callback=f"{home}/login/oidc/back",
        claim=asked.oidc_claim,
        roles=roles_in(asked.oidc_roles),
    )
    return Oidc(provider, utc_now, parts.access.secret)


def _witness(parts: Parts) -> Witness | None:
    logs: dict[str, list[str]] = {}
    for one in witnesses_in(text_of(parts.settings.witnessed_logs)):
        logs.setdefault(one.key.partition("+")[0], []).append(one.key)
    return Witness(parts.folder / "witnessed", parts.signer, utc_now, logs) if logs else None


def console_of(parts: Parts, work: Work) -> Console:
    """What the pages may ask, on these parts."""
    return Console(
        clock=utc_now,
        store=parts.store,
        access=parts.access,
        desk=parts.desk(),
        shredding=parts.shredding,
        cases=work.cases,
        policies=work.policies,
        approvals=work.approvals,
        guards=work.guards,
        effects=work.effects,
        books=work.books,
        rehearsal=work.rehearsal,
        rulebook=work.rulebook,
        rule_trial=RuleTrial(parts.lake),
        retention=work.retention,
        neighbours=work.others.neighbours,
        switchboard=work.others.switchboard,
        drills=work.drills,
        tabletops=work.tabletops,
        runner=work.runner,
        custody=parts.custody(),
        by_hand=work.by_hand,
        marking=Marking(parts.store, parts.lake, utc_now),
        lifecycle=work.lifecycle,
        events=Events(parts.lake),
        asked=Asked(parts.lake),
        secure=parts.secure,
        provider=bool(parts.settings.oidc_issuer),
    )


def _measures(parts: Parts) -> Iterator[tuple[str, str, float]]:
    yield "stanch_log_entries", "gauge", parts.log.size
    yield "stanch_spool_backlog_rows", "gauge", parts.spool.backlog_rows
