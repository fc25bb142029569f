"""Versions: which one may answer again, and when nobody may be put back without a person."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from stanch.contain.action import Asking, Consent, Known, Version, previewed
from stanch.contain.actions.roll_back import ACTION as BACK
from stanch.engine.policies import Change, Policies
from stanch.engine.runs.library import actions
from stanch.engine.versions import known_of, last_good
from stanch.engine.watch.memory import keep_history
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Flow, Standing, Traffic

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
PLAIN = Asset(id=FRAUD, kind=AssetKind.MODEL, name="fraud", owner="ada")
INCIDENT = Incident(
    id=IncidentId("inc-1"), title="t", asset=FRAUD, opened=NOON, first_seen=NOON, updated=NOON
)


def run(version: str, hours: int) -> Happening:
    digest = {"digest": f"sha256:{version}"}
    at = NOON - timedelta(hours=hours)
    kind = EventKind.TRAINING
    return Happening(
        at=at, event=f"t-{version}", kind=kind, version=version, what="r", facts=digest
    )


def deployed(
    version: str, hours: float, *, digest: str = "", by: str = "pipeline", signature: str = ""
) -> Happening:
    return Happening(
        at=NOON - timedelta(hours=hours),
        event=f"d-{version}-{hours}",
        kind=EventKind.DEPLOYMENT,
        version=version,
        what=digest or f"sha256:{version}",
        principal=by,
        facts={"signature": signature} if signature else {},
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = open_store(sqlite_url(tmp_path), clock=lambda: NOON)
    yield made
    made.close()


def known(
    store: SqlStore,
    *history: Happening,
    asset: Asset = PLAIN,
    by: str = "",
    findings: tuple[Finding, ...] = (),
) -> Known:
    named = (Suspect(principal=PrincipalId(by), share=1, confidence=0.9),) if by else ()
    incident = replace(INCIDENT, suspects=named)
    with store.begin() as tx:
        keep_history(tx, FRAUD, history)
    with store.look() as tx:
        return known_of(tx, (incident, asset), findings, ())


def test_the_version_before_the_swap_is_the_one_to_go_back_to(store: SqlStore) -> None:
    found = known(
        store,
        *(run("v5", 90), run("v6", 60), run("v7", 30)),
        *(deployed("v5", 80), deployed("v6", 50), deployed("v7", 20)),
        deployed("v7", 0, digest="sha256:other", by=""),
    )
    assert last_good(found, NOON) == "v6"
    assert [v.version for v in found.versions if v.suspect] == ["v7"]


def test_what_no_training_run_made_or_a_suspect_deployed_is_not_gone_back_to(
    store: SqlStore,
) -> None:
    found = known(
        store,
        *(run("v5", 90), run("v6", 60)),
        *(deployed("v5", 80), deployed("v6", 50, by="mallory"), deployed("v8", 10)),
        by="mallory",
    )
    assert last_good(found, NOON) == "v5"
    assert not found.trusted("v8")


def test_where_somebody_signs_only_what_is_signed_comes_back(store: SqlStore) -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    asset = replace(PLAIN, signers={"release": base64.b64encode(public).decode()})
    signature = base64.b64encode(key.sign(b"sha256:v5")).decode()
    found = known(
        store,
        *(run("v5", 90), run("v6", 60)),
        *(deployed("v5", 80, signature=signature), deployed("v6", 50, signature="AAAA")),
        asset=asset,
    )
    assert last_good(found, NOON) == "v5"
    assert not found.trusted("v6")


@pytest.mark.parametrize(
    ("kind", "suspect"),
    [
        (AttackKind.BACKDOOR, True),
        (AttackKind.WEIGHT_TAMPERING, True),
        (AttackKind.EXTRACTION, False),
        (AttackKind.EVASION, False),
        (AttackKind.DENIAL_OF_WALLET, False),
    ],
)
def test_a_version_is_suspect_for_what_it_does_and_never_for_how_it_was_asked(
    store: SqlStore, kind: AttackKind, suspect: bool
) -> None:
    seen = Finding(
        detector=DetectorId("d"),
        asset=FRAUD,
        version="v5",
        window=Span(start=NOON, end=NOON),
        says="s",
        measured={},
        because=(),
        points_to={kind: 0.9},
    )
    found = known(store, run("v5", 90), deployed("v5", 80), findings=(seen,))
    assert found.trusted("v5") is not suspect


def test_a_version_that_came_with_the_incident_is_not_an_earlier_one(store: SqlStore) -> None:
    found = known(store, run("v5", 1), deployed("v5", -1))
    assert last_good(found, NOON) == ""


def test_the_last_move_and_the_last_rollout_are_known(store: SqlStore) -> None:
    assert known(store).moved is None
    policies = Policies(store, lambda: NOON)
    policies.set_base(Policy(asset=FRAUD, route={"v6": 1}), Change(by="ada", because="a"))
    found = known(store, run("v6", 3), deployed("v6", 2))
    assert (found.moved, found.rollout) == (NOON, NOON - timedelta(hours=2))


def test_however_many_blocks_came_since_the_last_move_is_known(store: SqlStore) -> None:
    policies, change = Policies(store, lambda: NOON), Change(by="ada", because="a")
    moved = Policy(asset=FRAUD, route={"v6": 1})
    policies.set_base(moved, change)
    for n in range(30):
        denied = Deny(principals=frozenset({PrincipalId(f"key-{n}")}))
        policies.set_base(replace(moved, deny=denied), change)
    assert known(store).moved == NOON


ALL_UNASKED = Consent(widest=1.0)
GOOD = Known(
    versions=(Version(version="v6", made=True), Version(version="v7", suspect=True)),
    moved=NOON - timedelta(hours=5),
    rollout=NOON - timedelta(hours=5),
)


def risk(seen: Known, consent: Consent = ALL_UNASKED) -> Risk:
    span = Span(start=NOON - timedelta(hours=1), end=NOON)
    asking = Asking(by="stanch", why="w", at=NOON, known=seen)
    standing = Standing(base=Policy(asset=FRAUD, route={"v7": 1}))
    flows = (Flow(principal=PrincipalId("a"), count=9, version="v7"),)
    judged = (Traffic(asset=FRAUD, span=span, flows=flows), consent)
    return previewed(BACK, standing, BACK.args(to="v6"), asking, judged).risk


def test_who_asks_for_a_version_under_suspicion_is_told_so_before() -> None:
    redirected = actions()["redirect"]
    asking = Asking(by="ada", why="w", at=NOON, known=GOOD)
    traffic = Traffic(asset=FRAUD, span=Span(start=NOON - timedelta(hours=1), end=NOON))
    for standing, warns in (
        (Standing(base=Policy(asset=FRAUD)), ("Version v7 is itself under suspicion.",)),
        (Standing(base=Policy(asset=FRAUD, route={"v7": 1})), ()),
    ):
        judged = traffic, ALL_UNASKED
        found = previewed(redirected, standing, redirected.args(to="v7"), asking, judged)
        assert found.warns == warns


def test_a_return_goes_unasked_only_where_that_is_set_and_nothing_moves() -> None:
    assert risk(GOOD) is Risk.AUTOMATIC
    assert risk(GOOD, Consent()) is Risk.ONE


@pytest.mark.parametrize(
    "seen",
    [
        replace(GOOD, moved=NOON - timedelta(minutes=5)),
        replace(GOOD, rollout=NOON - timedelta(minutes=5)),
    ],
    ids=["it flaps", "a rollout is at work"],
)
def test_no_return_is_made_unasked_while_versions_move(seen: Known) -> None:
    assert risk(seen) is Risk.ONE
