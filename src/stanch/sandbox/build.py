"""Building the world of a drill: a real server, a victim behind its guard, tenants with a past.

In    a drill and how it is to be run; a folder.
Out   a `Stage`, with everything up; closed again from wherever it got to.
Why   each drill starts on an empty machine, as a user would: assets written down, keys made, a
      baseline set from ordinary days, and only then traffic.
"""

import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from stanch.detect.summaries.fingerprints import (
    SALT,
    Fingerprints,
    Known,
    fingerprints_of,
    keys_of,
    numbers_known,
)
from stanch.engine.clock import monotonic, utc_now
from stanch.sandbox.drill import Drill
from stanch.sandbox.fronted import Fronted
from stanch.sandbox.ground import Ground
from stanch.sandbox.options import Options, Registries, Through
from stanch.sandbox.pipeline import DATASET, Pipeline, past_runs
from stanch.sandbox.processes import Server, Victim
from stanch.sandbox.scene import Insiders, Scene, Truth, key_of
from stanch.sandbox.tenants import Ask, Habits, Past, Service, history, label_event, serve_once
from stanch.sandbox.victims.data import table
from stanch.sandbox.victims.net import Net, trained
from stanch.sandbox.victims.registry import Registry
from stanch.sandbox.victims.spec import Spec
from stanch.sandbox.victims.table import Table, joined
from stanch.sandbox.wire import Answer, Api
from stanch.vocabulary.trouble import CouldNotTell, Trouble

VERSION = "v1"
EARLIER = "v0.9"
LABELS_AFTER = 3.0
"""Seconds until a label is known."""
_BATCH = 1000
_EARLY = 0.3
"""The share of the past in which the version before answered."""
_BROUGHT = 0.6
"""The share of rows, beside the outsider's, that contributors may bring; the rest is the referee's.
"""
_GOOD = 300
_THERE_ALREADY = 409
_PAST = timedelta(minutes=25)
"""The past ends so long ago that no window of now looks at it."""


@dataclass(kw_only=True, slots=True, eq=False)
class Stage:
    """Everything of one drill, up and running."""

    drill: Drill
    options: Options
    folder: Path
    """Where everything of it is; gone when it is over."""
    server: Server
    victim: Victim
    scene: Scene
    habits: Habits
    doors: dict[str, Any]
    ingest: Api
    approves: str = field(repr=False)
    """The key of the person who answers questions."""
    service: Service = field(default_factory=Service)
    labels: deque[tuple[float, str, str]] = field(default_factory=deque)
    notes: list[str] = field(default_factory=list)

    @property
    def tenants(self) -> tuple[str, ...]:
        """Who has always been there."""
        return self.habits.names

    @property
    def asset(self) -> str:
        """What is attacked."""
        return self.drill.world.asset

    @property
    def per_second(self) -> float:
        """How much all tenants together ask."""
        return self.drill.world.per_second * self.options.speed

    def clean(self) -> bool:
        """Whether only good versions answer people."""
        good = self.drill.expected.good
        return not good or self.service.version in good

    def approver(self) -> Api:
        """The server, as somebody who may answer questions."""
        return Api(url=self.server.api.url, key=self.approves)

    def serve(self) -> None:
        """One ordinary request; its label comes later."""
        ask, answer = serve_once(self.habits, self.doors, self.service)
        self._remember(ask, answer)

    def tell_labels(self) -> None:
        """Sends the labels whose time has come."""
        now = monotonic()
        due: list[dict[str, Any]] = []
        while self.labels and self.labels[0][0] <= now and len(due) < _BATCH:
            _, event, truth = self.labels.popleft()
            due.append(label_event(self.drill.world.asset, event, truth, utc_now()))
        if due:
            try:
                self.ingest.send("POST", "/api/v1/events", due)
            except Trouble:
                return

    def _remember(self, ask: Ask, answer: Answer) -> None:
        if answer.given:
            event = f"{self.drill.world.asset}-{self.victim.boot}-{answer.id}"
            self.labels.append((monotonic() + LABELS_AFTER, event, ask.truth))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Made:
    """The victim's model, what it learnt, what an outsider has, and what tenants send."""

    data: Table
    learnt: Table
    parts: "Parts"
    net: Net
    older: Net
    """The version before, which is still there to go back to."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Parts:
    """Rows that the victim did not learn, by who has them."""

    known: Table
    """An outsider's: the domain is known, the victim's data is not."""
    brought: Table
    """Those of contributors and new customers."""
    judged: Table
    """The referee's alone, who measures by them what an attack gained."""

    @property
    def ordinary(self) -> Table:
        """What tenants send: people like all but the outsider's."""
        return joined(self.brought, self.judged)


def parts(unseen: Table) -> Parts:
    """Who has which of these rows; no row is in two parts."""
    few = max(40, len(unseen) // 8)
    cut = few + int((len(unseen) - few) * _BROUGHT)
    return Parts(
        known=unseen.take(np.arange(few)),
        brought=unseen.take(np.arange(few, cut)),
        judged=unseen.take(np.arange(cut, len(unseen))),
    )


def make(drill: Drill, options: Options) -> Made:
    """(1) Data and a model, the same for the same seed."""
    world = drill.world
    return _made(world.data, options.seed, world.hidden, world.rounds)


@lru_cache(maxsize=8)
def _made(name: str, seed: int, hidden: tuple[int, ...], rounds: int) -> Made:
    """Nobody changes what is made here, so drills on one world and seed share it."""
    data = table(name)
    learnt, unseen = data.halves(seed)
    early = learnt.take(np.arange(len(learnt) * 3 // 4))
    own = parts(unseen)
    for shared in (learnt, own.known, own.brought, own.judged):
        shared.x.setflags(write=False)
        shared.y.setflags(write=False)
    return Made(
        data=data,
        learnt=learnt,
        parts=own,
        net=trained(learnt, seed, hidden=hidden, rounds=rounds),
        older=trained(early, seed + 1, hidden=hidden, rounds=rounds),
    )


@contextmanager
def staged(drill: Drill, options: Options, ground: Ground) -> Iterator[Stage]:
    """The stage, for as long as the block runs; nothing of it is left afterwards."""
    try:
        # The server starts while the model learns.
        ground.begin()
        made = make(drill, options)
        ground.ready()
        with raised(drill, options, ground.folder, (ground.server, made)) as stage:
            yield stage
    finally:
        ground.close()


@contextmanager
def raised(
    drill: Drill, options: Options, folder: Path, on: tuple[Server, Made]
) -> Iterator[Stage]:
    """The stage on a server that runs already, with what was made for it."""
    world, (server, made) = drill.world, on
    names = tuple(f"tenant-{n + 1}" for n in range(world.tenants))
    habits = Habits(made.parts.ordinary, names, options.seed)
    with ExitStack() as stack:
        # (2) what the server protects, and a past with a baseline
        _write_down(server.api, drill, made)
        if world.stated:
            _state(server.api, world.asset, made.learnt)
        notes = _past(server.api, drill, options.speed, habits, made)
        # (3) the victim behind its guard, its registry and pipeline, the tenants' doors
        pipeline = _pipeline(server.api, drill, options, folder, made)
        victim = _victim(options, folder, _spec(drill, options, server.api, folder, names))
        stack.callback(victim.stop)
        victim.start()
        scene = Scene(
            asset=world.asset,
            seed=options.seed,
            small=options.small,
            speed=options.speed,
            known=made.parts.known,
            outside=made.parts.brought,
            truth=Truth(net=made.net, learnt=made.learnt, unseen=made.parts.judged),
            inside=Insiders(
                registry=pipeline.registry,
                pipeline=pipeline,
                server=server,
                victim=victim,
                habits=habits,
            ),
            tenants=names,
        )
        stack.callback(scene.close)
        yield Stage(
            drill=drill,
            options=options,
            folder=folder,
            server=server,
            victim=victim,
            scene=scene,
            habits=habits,
            doors={name: scene.door(name) for name in names},
            ingest=pipeline.api,
            approves=_key(server.api, "approve", "read"),
            notes=notes,
        )


def _pipeline(api: Api, drill: Drill, options: Options, folder: Path, made: Made) -> Pipeline:
    registry = _registry(api, drill, options, folder)
    pipeline = Pipeline(
        api=Api(url=api.url, key=_key(api, "ingest", "guard")),
        asset=drill.world.asset,
        registry=registry,
        rows=made.learnt,
        seed=options.seed,
    )
    registry.push(EARLIER, made.older, by="pipeline", key=pipeline.key)
    registry.push(VERSION, made.net, by="pipeline", key=pipeline.key)
    registry.promote(VERSION)
    return pipeline


def _registry(api: Api, drill: Drill, options: Options, folder: Path) -> Registry:
    """Files or MLflow; where a front routes, a promotion is the owner's policy."""

    def promoted(version: str) -> None:
        if options.through is not Through.GUARD and version != VERSION:
            path = f"/api/v1/assets/{drill.world.asset}/policy?because=deployed"
            api.send("PUT", path, {"asset": drill.world.asset, "route": {version: 100}})

    if options.registry is Registries.FILES:
        return Registry(folder / "registry", promoted)
    from stanch.sandbox.victims.mlflow_registry import MlflowRegistry  # noqa: PLC0415  an option

    return MlflowRegistry(folder / "registry", promoted)


def _victim(options: Options, folder: Path, spec: Spec) -> Victim:
    if options.through is Through.GUARD:
        return Victim(spec)
    return Fronted(spec, folder, options.through)


def _write_down(api: Api, drill: Drill, made: Made) -> None:
    world, data, net = drill.world, made.data, made.net
    _must(
        api,
        "/api/v1/assets",
        {"id": DATASET, "kind": "dataset", "name": "Training rows", "owner": "data"},
    )
    _must(
        api,
        "/api/v1/assets",
        {
            "id": world.asset,
            "kind": "model",
            "name": world.asset.replace("-", " ").capitalize(),
            "owner": "sandbox",
            "criticality": world.criticality,
            "data_classes": list(world.data_classes),
            "version": VERSION,
            "digest": net.digest,
            "features": [{"name": name} for name in data.features],
            "classes": list(data.classes),
            "lineage": {"trained_on": [DATASET]},
            "fallback": world.fallback,
        },
    )


def stated(learnt: Table, salt: bytes) -> Fingerprints:
    """What an owner states of the rows that a model learnt from: their keys."""
    values = {name: numbers_known(learnt.x[:, at]) for at, name in enumerate(learnt.features)}
    keys = keys_of(values, learnt.features, salt)
    return fingerprints_of(Known.TRAINING, learnt.features, salt, [keys])


def _state(api: Api, asset: str, learnt: Table) -> None:
    """States them; the next baseline recognises these rows."""
    body = stated(learnt, secrets.token_bytes(SALT)).to_bytes()
    status, said = api.ask("PUT", f"/api/v1/assets/{asset}/fingerprints", body)
    if status >= _GOOD:
        raise CouldNotTell(f"the server refused to be told what was learnt: {said[:200]!r}")


def _past(api: Api, drill: Drill, speed: float, habits: Habits, made: Made) -> list[str]:
    """What could not be done while an ordinary past was told, in sentences."""
    world = drill.world
    until: datetime = utc_now() - _PAST
    past = Past(
        asset=world.asset,
        answered=((EARLIER, made.older, _EARLY), (VERSION, made.net, 1.0)),
        until=until,
        lasted=timedelta(seconds=world.history / (world.per_second * speed)),
        rows=world.history,
    )
    events = history(habits, past)
    events += past_runs(world.asset, made.learnt, {EARLIER: made.older, VERSION: made.net}, until)
    for start in range(0, len(events), _BATCH):
        _must(api, "/api/v1/events", events[start : start + _BATCH])
    return [why for version in (EARLIER, VERSION) if (why := _baseline(api, drill, version))]


def _baseline(api: Api, drill: Drill, version: str) -> str:
    """Why no baseline of this version could be set; empty when it was.

    Each version that people may want back has one, as the docs tell its owner.
    """
    path = f"/api/v1/assets/{drill.world.asset}/baselines?days=1&version={version}"
    status, said = api.send("POST", path)
    why = f"No baseline could be set for {version}: {_detail(said, status)}"
    return why if status >= _GOOD else ""


def _spec(drill: Drill, options: Options, api: Api, folder: Path, tenants: tuple[str, ...]) -> Spec:
    people = (*tenants, *drill.callers)
    return Spec(
        boot=secrets.token_hex(3),
        asset=drill.world.asset,
        classes=table(drill.world.data).classes,
        registry=str(folder / "registry"),
        server=api.url,
        key=_key(api, "guard", "ingest"),
        doors={key_of(name, options.seed): name for name in people},
        last_good=str(folder / "last-good.json"),
        mlflow=options.registry is Registries.MLFLOW,
    )


def _key(api: Api, *scopes: str) -> str:
    return str(_must(api, "/api/v1/keys", {"scopes": list(scopes), "name": "drill"})["secret"])


def _must(api: Api, path: str, document: object) -> Any:
    status, said = api.send("POST", path, document)
    if status >= _GOOD and status != _THERE_ALREADY:
        raise CouldNotTell(f"the server refused {path}: {_detail(said, status)}")
    return said


def _detail(said: Any, status: int) -> str:
    return str(said.get("detail", status)) if isinstance(said, dict) else str(status)
