"""What a responder does on a page is shown first, done, proved and undone."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.web.pages.case import CASE

from stanch.app.parts import Parts
from stanch.engine.placed import Placed, place
from stanch.engine.policies import Change
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind, Suspect
from stanch.vocabulary.ids import (
    ActionId,
    AssetId,
    IncidentId,
    PrincipalId,
)
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.standing import Demand, demand_id
from stanch.vocabulary.trouble import NotFound, Stale
from stanch.web.visit import Answer, Console

NOW = datetime.now(UTC)


def test_a_block_is_shown_with_its_digest_and_only_what_was_shown_is_done(
    console: Console,
    asked: Callable[..., Answer],
    read: Callable[..., str],
) -> None:
    where = f"/incidents/{CASE}/act"
    wish = "act=block_principal&arg.principals=key-7&hours=2&why=it+copies"
    said = read(console, f"{where}?{wish}")
    assert "key-7 may not ask" in said
    assert "If no:" in said
    digest = re.search(r"sha256:[0-9a-f]{64}", said)
    assert digest is not None
    other = wish.replace("key-7", "key-8")
    with pytest.raises(Stale):
        asked(console, "POST", where, form=f"{other}&digest={digest[0]}")
    answer = asked(console, "POST", where, form=f"{wish}&digest={digest[0]}")
    assert answer.headers["location"] == f"/incidents/{CASE}/runs"
    assert "Block principals, by hand" in read(console, f"/incidents/{CASE}/runs")


@pytest.mark.parametrize(
    ("query", "trouble"), [("act=dance&why=x", NotFound), ("act=throttle&arg.rate=&why=x", None)]
)
def test_an_act_that_cannot_be_says_why(
    console: Console, query: str, trouble: type[Exception] | None, asked: Callable[..., Answer]
) -> None:
    where = f"/incidents/{CASE}/act?{query}"
    if trouble is not None:
        with pytest.raises(trouble):
            asked(console, "GET", where)
        return
    assert asked(console, "GET", where).status == 422


def test_a_principal_is_blocked_once_on_each_asset(
    world: tuple[Parts, Console], read: Callable[..., str]
) -> None:
    parts, console = world
    with parts.store.begin() as tx:
        twin = replace(tx.incidents.get(CASE), id=IncidentId("inc-twin"), version=1, exercise=True)
        tx.incidents.add(twin)
    assert read(console, "/principals?name=key-91").count("Block on fraud") == 1


def test_what_an_incident_put_in_force_is_told_apart_from_what_is_over(
    world: tuple[Parts, Console],
    read: Callable[..., str],
) -> None:
    parts, console = world
    key, model, act = IncidentId("inc-over"), AssetId("loans"), "block_principal"
    policy = Policy(asset=model, deny=Deny(principals=frozenset({PrincipalId("key-7")})))
    demand = Demand(
        id=demand_id(key, act, b"key-7"),
        policy=policy,
        since=NOW,
        by="stanch",
        why="key-7 copies the model",
        incident=key,
        action=ActionId(act),
    )
    with parts.store.begin() as tx:
        tx.assets.add(Asset(id=model, kind=AssetKind.MODEL, name="Loans", owner="ada"))
        tx.incidents.add(
            Incident(
                id=key,
                title="Key-7 copies the model",
                asset=model,
                opened=NOW,
                first_seen=NOW,
                updated=NOW,
                phase=Phase.CONTAINED,
                contained_at=NOW,
                suspects=(Suspect(principal=PrincipalId("key-7"), share=1.0, confidence=0.9),),
                verdict=Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION),
                atlas=("AML.T0024.002@5.6.0",),
            )
        )
        line = Placed(key="run-9/block", act=act, asset=model, at=NOW, proved=NOW)
        place(tx, key, replace(line, demands=((model, demand.id),), says="Block is in force."))
    console.policies.demand(demand, Change(by="stanch", because="it copies", incident=key))
    said = read(console, f"/incidents/{key}/actions")
    assert "proved Block principals" in said
    assert "nothing in force now" not in said
    overview = read(console, f"/incidents/{key}")
    proved = "Block principals : ends it for those who do it. proved"
    assert proved in overview
    assert "AML.T0024.002 Exfiltration via AI Inference API: Extract AI Model" in overview
    console.policies.revert(model, demand.id, Change(by="ada", because="ours", incident=key))
    assert proved not in read(console, f"/incidents/{key}")
    said = read(console, f"/incidents/{key}/actions")
    assert "no longer in force Block principals" in said
    assert "Block is in force." not in said
    assert "nothing in force now" in said
    assert "no longer in force Block principals" in read(console, f"/incidents/{key}/paper")
