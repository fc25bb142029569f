"""The audit: was anything rewritten, who decided what, which clocks run."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from stanch.app.parts import Parts, opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.engine.cases import Judgement
from stanch.engine.policies import Change
from stanch.settings import Settings
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.clock import Clock, ClockState
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident, Phase, VerdictKind
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role, Scope
from stanch.vocabulary.policy import Mode, Policy
from stanch.vocabulary.record import Deed, Entry
from stanch.web.visit import Answer, Console

NOW = datetime.now(UTC)
FRAUD, CASE = AssetId("fraud"), IncidentId("inc-1")
BEN = Caller(name="ben", scopes=ROLE_SCOPES[Role.APPROVER], role=Role.APPROVER)
VIC = Caller(name="vic", scopes=ROLE_SCOPES[Role.VIEWER], role=Role.VIEWER)
HOLDS = "The first {} entries are exactly those that it vouches for"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Parts, Console]]:
    """An incident with a clock, that ben judged; policies of stanch and of ada."""
    with opened(Settings(data=tmp_path)) as parts:
        with parts.store.begin() as tx:
            tx.assets.add(Asset(id=FRAUD, kind=AssetKind.MODEL, name="F", owner="a"))
            tx.incidents.add(
                Incident(
                    id=CASE, title="A copier", asset=FRAUD, opened=NOW, first_seen=NOW,
                    updated=NOW, phase=Phase.TRIAGED,
                )
            )  # fmt: skip
            for name, state in (("early", ClockState.RUNNING), ("late", ClockState.MISSED)):
                tx.clocks.add(
                    Clock(
                        id=f"clk-{name}", incident=CASE, duty=f"Tell the {name} one", law="GDPR",
                        started=NOW, due=NOW + timedelta(hours=2), state=state,
                    )
                )  # fmt: skip
        console = console_of(parts, work_of(parts))
        seen = Judgement(seen=1, why="=HYPERLINK(1)", verdict=VerdictKind.ATTACK)
        console.cases.judge(CASE, seen, BEN)
        for by, mode in (("stanch", Mode.SHADOW), ("ada", Mode.SERVING), ("stanch", Mode.SAFE)):
            console.policies.set_base(Policy(asset=FRAUD, mode=mode), Change(by=by, because="b"))
        yield parts, console


def test_one_page_says_who_decided_what_and_which_clocks_run(
    world: tuple[Parts, Console], asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    _, console = world
    said = read(console, "/audit", VIC)
    decided = said[said.index("Who decided what") : said.index("Was anything rewritten?")]
    assert re.search(r" ada Put a policy in force: b.* ben .*Judged", decided), decided
    assert " stanch " not in decided
    assert "2 running · 1 missed · 0 met · 0 stopped contain it on fraud containment" in said
    assert "Tell the early one GDPR · An attack on" in said
    assert "Tell the late one" not in said
    ask = partial(asked, console, by=VIC)
    body = ask("GET", "/audit?of=policy").body.decode()
    assert "Put a policy in force" in body
    assert "Judged" not in body
    assert "Nobody did anything of this kind." in ask("GET", "/audit?by=cleo").body.decode()
    head, *rows = csv.reader(ask("GET", "/audit.csv?by=ben").body.decode().splitlines())
    assert head[:3] == ["When", "Who", "What"]
    assert rows
    assert {row[1] for row in rows} == {"ben"}
    assert all(not value.startswith("=") for row in rows for value in row)


def test_the_log_is_checked_whole_and_against_what_somebody_kept(
    world: tuple[Parts, Console], asked: Callable[..., Answer]
) -> None:
    parts, console = world
    ask = partial(asked, console, by=VIC)
    kept = console.desk.checkpoint().decode()
    size = console.desk.size
    assert "It holds: " in ask("POST", "/audit/check").body.decode()
    console.policies.set_base(Policy(asset=FRAUD), Change(by="ada", because="later"))
    pasted = {"checkpoint": f"\r\n{kept}".replace("\n", "\r\n")}
    page = ask("POST", "/audit/compare", pasted).body.decode()
    assert f"{HOLDS.format(size)}; 1 came after." in page
    for other, says in (
        (kept.replace(f"\n{size}\n", f"\n{size - 1}\n"), "no checkpoint that this log signed"),
        ("what I kept", "no checkpoint that this log signed"),
    ):
        page = ask("POST", "/audit/compare", {"checkpoint": other}).body.decode()
        assert says in page
        assert "Could not tell." in page
    # Somebody with the keys writes another history, which is as well signed.
    root = parts.log.keys[0].name
    forged = parts.signer.sign_note(f"{root}\n{size}\n{'A' * 43}=\n", NOW)
    page = ask("POST", "/audit/compare", {"checkpoint": forged}).body.decode()
    assert "Does not hold." in page
    assert "some were rewritten" in page
    longer = parts.signer.sign_note(f"{root}\n{size + 99}\n{'A' * 43}=\n", NOW)
    page = ask("POST", "/audit/compare", {"checkpoint": longer}).body.decode()
    assert "Some were taken out." in page


def test_what_people_did_is_found_past_any_amount_of_what_the_machine_did(
    world: tuple[Parts, Console], asked: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, console = world
    with parts.store.begin() as tx:
        for _ in range(3000):
            deed, about = Deed.POLICY_CHANGED, FRAUD
            tx.record(Entry(at=NOW, deed=deed, actor="stanch", about=about, facts={"what": "x"}))
    body = asked(console, "GET", "/audit?by=ben", by=VIC).body.decode()
    assert "Judged" in body
    assert 'rel="next"' not in body
    monkeypatch.setattr("stanch.web.pages.audit.PAGE", 1)
    seen: list[str] = []
    address = "/audit"
    for _ in range(9):
        body = asked(console, "GET", address, by=VIC).body.decode()
        seen += re.findall(r'aria-label="Proof of entry (\d+)"', body)
        found = re.search(r'href="(/audit[^"]*)" rel="next"', body)
        if found is None:
            break
        address = found[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 2
    assert seen == sorted(seen, key=int, reverse=True)


def test_who_was_let_in_stands_there_by_name(
    world: tuple[Parts, Console], read: Callable[..., str]
) -> None:
    parts, console = world
    bob = parts.access.add_user("bob", Role.RESPONDER, by="ada")
    with parts.store.begin() as tx:
        facts = {"what": "role is viewer", "role": "viewer"}
        deed = Deed.ACCESS_CHANGED
        tx.record(Entry(at=NOW, deed=deed, actor="ada", about=bob.id, facts=facts))
    parts.access.keys.create("pipeline", frozenset({Scope.INGEST, Scope.READ}), by="ada")
    said = read(console, "/audit?of=house", VIC)
    assert "ada Let bob in, as responder" in said
    assert "ada Made bob viewer" in said
    assert "ada Made the key pipeline, which may ingest, read" in said


def test_who_was_refused_at_the_door_stands_apart_from_what_people_decided(
    world: tuple[Parts, Console], read: Callable[..., str], asked: Callable[..., Answer]
) -> None:
    parts, console = world
    for _ in range(3):
        parts.access.refused.login("<b>nobody</b>", "203.0.113.7")
    parts.access.refused.turn()
    says = "Refused 3 logins as somebody who has no account, from 203.0.113.0/24"
    assert says in read(console, "/audit?of=refused", VIC)
    assert says not in read(console, "/audit", VIC)
    assert says in asked(console, "GET", "/audit.csv?of=refused", by=VIC).body.decode()
