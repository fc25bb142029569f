"""Playbooks move outside systems: HAProxy and MLflow for real, a receiver of signed webhooks."""

import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import pytest
from tests.engine.runs.inline import Inline

from stanch.app.outside import others_of
from stanch.app.parts import Parts, opened
from stanch.contain.combine import effective
from stanch.contain.playbook.written import read
from stanch.engine.approvals import Approvals
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.policies import Policies
from stanch.engine.runs.library import by_id
from stanch.engine.runs.performer import World
from stanch.engine.runs.runner import Runner
from stanch.engine.voting import Ballot
from stanch.settings import Settings
from stanch.vocabulary.approval import Answer
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind, Suspect
from stanch.vocabulary.ids import (
    ApprovalId,
    AssetId,
    BaselineId,
    IncidentId,
    PrincipalId,
    digest_of,
)
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.kept import BaselineKept
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.policy import Mode
from stanch.vocabulary.record import Deed
from stanch.vocabulary.run import Run, RunState, Wish
from stanch.vocabulary.trouble import BadInput

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
STEPS = """
playbook: out
title: Outside too
answers: [extraction]
steps:
  - do: freeze
  - id: block
    do: block_principal
    with: {principals: $suspects}
  - id: back-ok
    ask: May the last good version answer?
    about: [back]
    no: tell
  - id: back
    do: roll_back
    with: {to: $good_version}
    lasts: 1h
  - id: tell
    do: notify
    with: {to: $owner, message: Look.}
"""
REVOKES = """
playbook: out
title: Revokes
answers: [extraction]
steps:
  - do: freeze
  - id: revoke-ok
    ask: Shall the key be useless for good?
    about: [revoke]
    people: 2
    no: end
  - id: revoke
    do: revoke_key
    with: {principals: $suspects}
"""


class Haproxy(Protocol):
    """The running HAProxy of conftest."""

    folder: Path

    def ask(self, user: str = "key-1") -> tuple[int, bytes]: ...


class House:
    """A data folder with its connectors, and runs carried out at once."""

    def __init__(self, parts: Parts, steps: str) -> None:
        self.at = NOON
        policies = self.policies = Policies(parts.store, self.now)
        self.store, self.others = parts.store, others_of(parts, policies)
        self.vault = parts.vault
        self.approvals = Approvals(parts.store, self.now, self.others.notices)
        hands = Hands(
            store=parts.store,
            policies=policies,
            keeper=self,
            clock=self.now,
            outside=self.others.outside,
            notifier=self.others.notices,
            artefacts=self.others.artefacts,
        )
        world = World(
            store=parts.store, deeds=RealDeeds(hands), approvals=self.approvals, clock=self.now
        )
        self.runner = Runner(world, by_id([read(steps, "out.yaml")]))
        self.inline = Inline(world)
        self.runner.begin(self.inline)
        with parts.store.begin() as tx:
            tx.assets.add(
                Asset(id=FRAUD, kind=AssetKind.MODEL, name="fraud", owner="ada", version="v8")
            )
            tx.baselines.add(
                BaselineKept(
                    id=BaselineId("bl-1"),
                    asset=FRAUD,
                    version="v7",
                    set=NOON - timedelta(days=1),
                    by="ada",
                    digest=digest_of(b"b"),
                    body=b"b",
                    signature="signed",
                )
            )
            self.incident = tx.incidents.add(
                Incident(
                    id=IncidentId("inc-1"),
                    title="t",
                    asset=FRAUD,
                    opened=NOON,
                    first_seen=NOON,
                    updated=NOON,
                    phase=Phase.TRIAGED,
                    suspects=(Suspect(principal=PrincipalId("key-91"), share=1, confidence=0.97),),
                    verdict=Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION),
                )
            )

    def now(self) -> datetime:
        return self.at

    def freeze(self, incident: Incident) -> None:
        del incident

    def work(self) -> Run:
        self.inline.work()
        with self.store.look() as tx:
            (run,) = tx.runs.page().items
        return run

    def begin(self) -> Run:
        self.runner.answer(self.incident)
        return self.work()

    def later(self, **by: float) -> Run:
        self.at += timedelta(**by)
        self.runner.tick()
        return self.work()

    def yes(self, *people: str) -> Run:
        with self.store.look() as tx:
            (asked,) = tx.approvals.page(Wanted(state=(Answer.OPEN,))).items
        for name in people:
            caller = Caller(name=name, scopes=frozenset({Scope.APPROVE}), role=Role.APPROVER)
            self.approvals.vote(asked.id, caller, Ballot(yes=True, digest=asked.digest))
        return self.work()

    def expire(self) -> None:
        """Lets the time of what lasts an hour pass."""
        self.at += timedelta(hours=2)
        self.policies.expire()
        self.others.following.turn()

    def cancel(self) -> Run:
        with self.store.look() as tx:
            (run,) = tx.runs.page().items
        self.runner.wish(run.id, Wish.CANCEL_UNDO, by="ada")
        return self.work()


class Make(Protocol):
    """Opens a house with these connectors."""

    def __call__(self, connectors: str, steps: str = STEPS) -> House: ...


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    closing: list[Any] = []

    def made(connectors: str, steps: str = STEPS) -> House:
        file = tmp_path / "connectors.yaml"
        file.write_text(connectors)
        context = opened(Settings(data=tmp_path / "data", connectors=str(file)))
        parts = context.__enter__()
        closing.append(context)
        return House(parts, steps)

    yield made
    for context in closing:
        context.__exit__(None, None, None)


@dataclass
class Receiver:
    """A team's own system: takes signed orders, refuses when it is told to."""

    port: int = 0
    orders: list[Mapping[str, Any]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    forged: int = 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            wanted = hmac.new(b"s3cret", b"stanch-webhook-v1\n" + body, hashlib.sha256).hexdigest()
            made.forged += wanted != self.headers["Stanch-Signature"]
            order = json.loads(body)
            refused = order["verb"] in made.refuses
            if not refused:
                made.orders.append(order)
            self.send_response(503 if refused else 204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
            del format, args

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def _edge(haproxy: Haproxy) -> str:
    return f"""
systems:
  edge: {{connector: haproxy, address: "unix:{haproxy.folder}/admin.sock", seconds: 3}}
follow:
  fraud:
    - {{system: edge, as: deny, subject: {haproxy.folder}/denied.map}}
    - {{system: edge, as: weights, subject: scorers, usual: v6, versions: {{v6: v6, v7: v7}}}}
"""


def test_a_real_haproxy_refuses_the_suspect_and_moves_to_the_good_version(
    make: Make, haproxy: Haproxy
) -> None:
    house = make(_edge(haproxy), STEPS)
    assert haproxy.ask("key-91") == (200, b"v6")
    house.begin()
    assert haproxy.ask("key-91")[0] == 403
    assert haproxy.ask("key-1") == (200, b"v6")
    house.yes("grace")
    assert haproxy.ask("key-1") == (200, b"v7")
    house.expire()
    assert haproxy.ask("key-1") == (200, b"v6")


def test_what_is_undone_is_undone_outside_too(make: Make, haproxy: Haproxy) -> None:
    house = make(_edge(haproxy), STEPS)
    assert house.begin().state is RunState.WAITING
    assert haproxy.ask("key-91")[0] == 403
    assert house.cancel().state is RunState.CANCELLED
    assert haproxy.ask("key-91") == (200, b"v6")


def test_a_system_that_is_down_fails_the_step_keeps_the_policy_and_is_brought_in_line_later(
    make: Make, haproxy: Haproxy
) -> None:
    house = make(_edge(haproxy).replace("admin.sock", "gone.sock"), STEPS)
    run = house.begin()
    assert "cannot be reached" in run.says
    for _ in range(4):
        run = house.later(seconds=30)
    # The run went on to the next step; the guards have the block; a person was told.
    assert run.waits_for[0].startswith("an answer to")
    with house.store.look() as tx:
        told = [n.says for n in tx.notices.page(limit=50).items]
        policy = tx.policies.now(FRAUD)
    assert policy is not None
    assert "key-91" in policy.policy.deny.principals
    assert any("Block principals on fraud was not done everywhere" in says for says in told)
    (haproxy.folder / "gone.sock").symlink_to(haproxy.folder / "admin.sock")
    assert house.others.following.turn() == 1
    assert haproxy.ask("key-91")[0] == 403
    # The half that was in force is taken back with the rest.
    assert house.cancel().state is RunState.CANCELLED
    with house.store.look() as tx:
        policy = tx.policies.now(FRAUD)
    assert policy is not None
    assert not policy.policy.deny.principals


HOOKS = """
systems:
  hooks: {{connector: webhook, address: "http://127.0.0.1:{port}/ml", secret_file: {file}}}
calls: {{keys: hooks}}
follow: {{fraud: [{{system: hooks, as: policy}}]}}
people: {{"*": [hooks]}}
"""


def _hooks(receiver: Receiver, tmp_path: Path) -> str:
    (tmp_path / "secret").write_text("s3cret\n")
    return HOOKS.format(port=receiver.port, file=tmp_path / "secret")


def test_a_receiver_hears_of_policies_and_people_signed(
    make: Make, receiver: Receiver, tmp_path: Path
) -> None:
    house = make(_hooks(receiver, tmp_path), STEPS)
    house.begin()
    house.yes("grace")
    house.others.notices.turn()
    assert receiver.forged == 0
    policies = [json.loads(o["value"]) for o in receiver.orders if o["verb"] == "policy"]
    assert policies[0]["deny"]["principals"] == ["key-91"]
    assert policies[-1]["route"] == {"v7": 100}
    told = [(o["subject"], o["value"]) for o in receiver.orders if o["verb"] == "tell"]
    assert ("ada", "[inc-1] fraud: Look.") in told


def test_a_key_is_revoked_after_two_people_and_once(
    make: Make, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.refuses = {"revoke"}
    house = make(_hooks(receiver, tmp_path), REVOKES)
    house.begin()
    run = house.yes("grace", "linus")
    assert "answered 503" in run.says
    receiver.refuses.clear()
    assert house.later(seconds=10).state is RunState.DONE
    revoked = [o["subject"] for o in receiver.orders if o["verb"] == "revoke"]
    assert revoked == ["key-91"]


def test_a_secret_is_in_no_word_of_what_is_set_up(
    make: Make, receiver: Receiver, tmp_path: Path
) -> None:
    house = make(_hooks(receiver, tmp_path), STEPS)
    assert "s3cret" not in repr(house.others)


def test_a_variable_that_is_not_set_stops_the_start(make: Make) -> None:
    with pytest.raises(BadInput, match="NO_SUCH_SECRET is not set"):
        make(
            "systems: {x: {connector: webhook, address: 'http://h/', secret_env: NO_SUCH_SECRET}}",
            STEPS,
        )


def _open(house: House) -> dict[str, ApprovalId]:
    with house.store.look() as tx:
        asked = tx.approvals.page(Wanted(state=(Answer.OPEN,))).items
    return {str(one.action): one.id for one in asked}


def _vote(house: House, action: str, *, yes: bool) -> None:
    with house.store.look() as tx:
        asked = tx.approvals.get(_open(house)[action])
    grace = Caller(name="grace", scopes=frozenset({Scope.APPROVE}), role=Role.APPROVER)
    house.approvals.vote(asked.id, grace, Ballot(yes=yes, digest=asked.digest))
    house.work()


def test_poisoning_goes_safe_then_back_to_the_good_version_and_into_use_again(make: Make) -> None:
    shipped = files("stanch.playbooks").joinpath("poisoning.yaml").read_text()
    house = make("", shipped.replace("answers: [poisoning]", "answers: [extraction]"))
    house.begin()
    # (3), (4) and (5) waited for nobody; (1) and (2) are asked side by side.
    policy = house.policies.standing(FRAUD)
    assert {str(d.action) for d in policy.demands} == {
        "block_principal",
        "enhanced_monitoring",
        "freeze_pipeline",
    }
    assert set(_open(house)) == {"safe_mode", "roll_back"}
    _vote(house, "safe_mode", yes=True)
    now = effective(house.policies.standing(FRAUD), house.now())
    assert (now.mode, dict(now.route)) == (Mode.SAFE, {})
    _vote(house, "roll_back", yes=True)
    while house.later(seconds=30).state is RunState.WAITING:  # no guard is there to be asked
        assert house.at < NOON + timedelta(minutes=10)
    now = effective(house.policies.standing(FRAUD), house.now())
    assert (now.mode, dict(now.route)) == (Mode.SERVING, {"v7": 100})


FILES = """
systems: {{models: {{connector: files, address: "file://{folder}"}}}}
keep: {{fraud: [{{system: models, subject: "fraud/{{version}}"}}]}}
"""


def _artefacts(house: House) -> dict[str, bytes]:
    with house.store.look() as tx:
        items = tx.evidence.page(Wanted(kind=("artefact",)), limit=50).items
    return {one.name: b"".join(house.vault.read(one.digest)) for one in items}


def test_the_files_of_the_version_are_in_the_vault_before_anything_changes(
    make: Make, tmp_path: Path
) -> None:
    place = tmp_path / "models" / "fraud" / "v8"
    place.mkdir(parents=True)
    (place / "weights.safetensors").write_bytes(b"weights" * 1000)
    (place / "config.json").write_text("{}")
    house = make(FILES.format(folder=tmp_path / "models"))
    house.begin()
    kept = _artefacts(house)
    statement = json.loads(kept.pop("artefacts.json"))
    assert kept == {
        "v8/v8/config.json": b"{}",
        "v8/v8/weights.safetensors": b"weights" * 1000,
    }
    assert statement[0]["files"] == sorted(kept)
    entries = [e.entry for e in house.store.outbox(limit=500)]
    deeds = [e.deed for e in entries if e.deed in {Deed.EVIDENCE_TAKEN, Deed.POLICY_CHANGED}]
    assert deeds[:4] == [*[Deed.EVIDENCE_TAKEN] * 3, Deed.POLICY_CHANGED]
    taken = {e.digest for e in entries if e.deed is Deed.EVIDENCE_TAKEN}
    assert digest_of(b"weights" * 1000) in taken
    # Kept is kept: what is pushed over the version later is no evidence of what it was.
    (place / "weights.safetensors").write_bytes(b"other")
    house.others.artefacts.keep(house.incident)
    assert len(_artefacts(house)) == 3


def test_a_version_that_cannot_be_read_is_stated_and_holds_nothing_up(
    make: Make, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    house = make(FILES.format(folder=tmp_path / "models"))
    house.begin()
    policy = house.policies.standing(FRAUD)
    assert policy.demands
    (statement,) = _artefacts(house).values()
    (one,) = json.loads(statement)
    assert one["files"] == []
    assert "it has no 'fraud/v8' inside of it" in one["why_not"]


def test_only_a_system_that_gives_out_files_can_be_kept_from(make: Make) -> None:
    with pytest.raises(BadInput, match="hooks cannot give out what fraud is made of"):
        make(
            "systems: {hooks: {connector: webhook, address: 'http://h/'}}\n"
            "keep: {fraud: [{system: hooks, subject: x}]}"
        )


@pytest.mark.slow
def test_a_real_registrys_files_are_in_the_vault_before_its_alias_moves(
    make: Make, server: str, tmp_path: Path
) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415  heavy

    client = MlflowClient(tracking_uri=server, registry_uri=server)
    run = client.create_run(client.create_experiment("kept"))
    (tmp_path / "model" / "data").mkdir(parents=True)
    (tmp_path / "model" / "MLmodel").write_text("flavors: {}")
    (tmp_path / "model" / "data" / "weights.safetensors").write_bytes(b"w" * 5000)
    client.log_artifacts(run.info.run_id, str(tmp_path / "model"), "model")
    client.create_registered_model("kept")
    source = f"{run.info.artifact_uri}/model"
    version = client.create_model_version("kept", source, run_id=run.info.run_id)
    house = make(
        f"""
systems: {{registry: {{connector: mlflow, address: "{server}"}}}}
keep: {{fraud: [{{system: registry, subject: kept, versions: {{v8: "{version.version}"}}}}]}}
"""
    )
    house.begin()
    kept = _artefacts(house)
    assert json.loads(kept["artefacts.json"])[0]["why_not"] == ""
    assert b"w" * 5000 in kept.values()
    assert b"flavors: {}" in kept.values()


@pytest.mark.slow
def test_a_real_registrys_alias_follows_and_comes_back(make: Make, server: str) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415  heavy

    client = MlflowClient(tracking_uri=server, registry_uri=server)
    client.create_registered_model("fraud")
    for number in ("6", "7"):
        version = client.create_model_version("fraud", source=f"s3://models/{number}")
        client.set_registered_model_alias("fraud", "champion", version.version)
    house = make(
        f"""
systems: {{registry: {{connector: mlflow, address: "{server}"}}}}
follow:
  fraud:
    - system: registry
      as: alias
      subject: fraud@champion
      usual: v6
      versions: {{v6: "2", v7: "1"}}
""",
        STEPS,
    )
    house.begin()
    assert client.get_model_version_by_alias("fraud", "champion").version == "2"
    house.yes("grace")
    assert client.get_model_version_by_alias("fraud", "champion").version == "1"
    house.expire()
    assert client.get_model_version_by_alias("fraud", "champion").version == "2"
