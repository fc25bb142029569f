"""What is seen first: of an incident what stands now, of home every asset, each thing once."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stanch.app.parts import Parts, opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.engine.guards import Report
from stanch.engine.placed import Placed, place
from stanch.engine.policies import Change
from stanch.settings import Settings
from stanch.triage.callout import Call
from stanch.triage.severity.factors import factors
from stanch.triage.severity.judge import severity_of
from stanch.vocabulary.approval import Approval, Risk
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.clock import Clock
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Suspect
from stanch.vocabulary.ids import (
    ActionId,
    ApprovalId,
    AssetId,
    DetectorId,
    IncidentId,
    PlaybookId,
    PrincipalId,
    RunId,
    digest_of,
)
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Duty, Role
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.run import Run, RunState
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Demand, DemandId, demand_id
from stanch.vocabulary.trouble import NoSpace
from stanch.web.alike import alike, people
from stanch.web.visit import Answer, Console

NOW = datetime.now(UTC)
FRAUD = AssetId("fraud")
CASE = IncidentId("inc-1")
BEN = Caller(name="ben", scopes=ROLE_SCOPES[Role.APPROVER], role=Role.APPROVER)
VIC = Caller(name="vic", scopes=ROLE_SCOPES[Role.VIEWER], role=Role.VIEWER)
STOLEN = Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Parts, Console]]:
    """One model and one incident on it."""
    with opened(Settings(data=tmp_path)) as parts:
        with parts.store.begin() as tx:
            tx.assets.add(Asset(id=FRAUD, kind=AssetKind.MODEL, name="Fraud", owner="ada"))
            tx.incidents.add(
                Incident(
                    id=CASE,
                    title="Somebody copies the model",
                    asset=FRAUD,
                    opened=NOW,
                    first_seen=NOW,
                    updated=NOW,
                    verdict=STOLEN,
                )
            )
        yield parts, console_of(parts, work_of(parts))


def stands(read: Callable[..., str], console: Console, by: Caller = BEN) -> str:
    """What stands now, at the top of the incident."""
    said = read(console, f"/incidents/{CASE}", by)
    whole = said[said.index("first seen") : said.index(" Phase detected")]
    return whole.partition(" ")[2]


def change(parts: Parts, **what: object) -> None:
    with parts.store.begin() as tx:
        tx.incidents.save(replace(tx.incidents.get(CASE), **what))  # type: ignore[bad-argument-type]  any field


def blocking(act: str = "block_principal") -> Demand:
    deny = Deny(principals=frozenset({PrincipalId("key-7")}))
    return Demand(
        id=demand_id(CASE, act, b"key-7"),
        policy=Policy(asset=FRAUD, deny=deny),
        since=NOW,
        by="stanch",
        why="it copies",
        incident=CASE,
        action=ActionId(act),
    )


def test_who_opens_an_uncontained_attack_reads_so_and_what_to_do_first(
    world: tuple[Parts, Console],
    read: Callable[..., str],
) -> None:
    _, console = world
    said = stands(read, console)
    assert re.search(r"Not contained: (1 h|\d+ min) left \. Next: Log everything : ", said)
    assert "Look what it would do" in said
    assert "Look what it would do" not in stands(read, console, VIC)


def test_a_question_that_waits_comes_before_what_is_recommended(
    world: tuple[Parts, Console],
    read: Callable[..., str],
) -> None:
    parts, console = world
    shown = "Block key-7 on fraud?\nWhy: it copies."
    with parts.store.begin() as tx:
        for number, minutes in ((1, 50), (2, 20), (3, -5)):
            tx.approvals.add(
                Approval(
                    id=ApprovalId(f"apr-{number}"),
                    incident=CASE,
                    asset=FRAUD,
                    action=ActionId("block_principal"),
                    risk=Risk.ONE,
                    role=Role.APPROVER,
                    shown=shown.replace("key-7", f"key-{number}"),
                    digest=digest_of(shown.encode()),
                    asked=NOW - timedelta(minutes=9),
                    expires=NOW + timedelta(minutes=minutes),
                )
            )
    said = stands(read, console)
    assert re.search(r"It asks: Block key-2 on fraud\? \d+ min left and 1 more Answer it", said)
    assert "Next:" not in said
    assert "Look at it" in stands(read, console, VIC)
    home = read(console, "/")
    assert home.count("Block key-2 on fraud?") == 1
    assert "Block key-2 on fraud? Somebody copies the model" in home
    soonest = [m[1] for m in re.finditer(r"Block key-(\d) on fraud\?", read(console, "/approvals"))]
    assert list(dict.fromkeys(soonest)) == ["3", "2", "1"]


def test_a_playbook_at_work_says_so_and_one_that_waits_holds_nobody_up(
    world: tuple[Parts, Console],
    read: Callable[..., str],
) -> None:
    parts, console = world
    run = Run(
        id=RunId("run-1"),
        playbook=PlaybookId("extraction"),
        incident=CASE,
        asset=FRAUD,
        started=NOW,
        updated=NOW,
        says="Blocks key-7.",
    )
    with parts.store.begin() as tx:
        tx.runs.add(run)
    assert "The playbook extraction is at work by itself: Blocks key-7 ." in stands(read, console)
    with parts.store.begin() as tx:
        tx.runs.save(replace(tx.runs.get(run.id), state=RunState.WAITING))
    assert "Next: Log everything" in stands(read, console)


def test_what_holds_it_is_named_and_that_nothing_holds_it_is_said(
    world: tuple[Parts, Console],
    read: Callable[..., str],
) -> None:
    parts, console = world
    demand, before = blocking(), Change(by="stanch", because="it copies", incident=CASE)
    console.policies.demand(demand, before)
    assert "Not proved to be contained yet: " in stands(read, console)
    act = Placed(key="r/block", act="block_principal", asset=FRAUD, at=NOW)
    with parts.store.begin() as tx:
        rows, also = AssetId("rows"), DemandId("dmd-rows")
        tx.assets.add(Asset(id=rows, kind=AssetKind.DATASET, name="Rows", owner="a"))
        place(tx, CASE, replace(act, demands=((FRAUD, demand.id), (rows, also))))
    console.policies.demand(replace(demand, id=also, policy=Policy(asset=rows)), before)
    change(parts, contained_at=NOW, phase=Phase.CONTAINED)
    said = stands(read, console)
    assert "Contained. In force: Block principals. It took 0.0 s since it was opened" in said
    assert "it may have. Next: find the cause and remove it" in said
    console.policies.revert(FRAUD, demand.id, Change(by="ada", because="ours", incident=CASE))
    said = stands(read, console)
    assert re.search(r"nothing holds it now\. It was taken off now by ada : ours \. ", said)
    assert "Left of it: Block principals on rows. Next: " in said


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (VerdictKind.NATURAL, "Nothing to contain, as it looks: natural change."),
        (VerdictKind.FAULT, "No attack, as it looks: a fault of our own."),
        (VerdictKind.UNDECIDED, "Not contained; not known yet whether it is an attack: "),
    ],
)
def test_what_is_no_attack_frightens_nobody(
    world: tuple[Parts, Console], kind: VerdictKind, says: str, read: Callable[..., str]
) -> None:
    parts, console = world
    change(parts, verdict=Verdict(kind=kind))
    assert says in stands(read, console)
    head = read(console, f"/incidents/{CASE}/notes")
    assert ("no deadline" in head) == (kind is not VerdictKind.UNDECIDED)


def test_a_closed_incident_asks_for_nothing(
    world: tuple[Parts, Console], read: Callable[..., str]
) -> None:
    parts, console = world
    change(parts, phase=Phase.CLOSED, closed_at=NOW)
    assert "Next:" not in stands(read, console)


def test_the_head_has_the_containment_clock_and_the_next_legal_one(
    world: tuple[Parts, Console],
    read: Callable[..., str],
) -> None:
    parts, console = world
    legal = Clock(
        id="clk-late",
        incident=CASE,
        duty="Tell the authority",
        law="GDPR Art. 33",
        started=NOW,
        due=NOW + timedelta(hours=72, seconds=30),
    )
    ours = replace(legal, id="clk-c", duty="contain it", law="containment", due=NOW)
    early = replace(legal, id="clk-early", duty="Warn the CSIRT", due=NOW + timedelta(hours=24))
    with parts.store.begin() as tx:
        for one in (legal, ours, early):
            tx.clocks.add(one)
    head = read(console, f"/incidents/{CASE}/notes")
    found = re.search(r"Containment (.*?) left Next legal clock (.*?) left", head)
    assert found is not None
    assert re.fullmatch(r"1 h|\d+ min", found[1])
    assert re.fullmatch(r"Warn the CSIRT (1 d|23 h \d+ min)", found[2])


def test_home_says_which_policy_each_guard_runs_and_what_is_blind(
    world: tuple[Parts, Console],
    read: Callable[..., str],
) -> None:
    parts, console = world
    console.policies.demand(blocking(), Change(by="stanch", because="it copies"))
    for name, version in (("edge-1", 0), ("edge-2", 1)):
        console.guards.report(Report(guard=name, asset=FRAUD, version=version))
    with parts.store.begin() as tx:
        blind = Blind(detector=DetectorId("score_shift"), asset=FRAUD, why="no baseline")
        tx.blinds.say(blind, at=NOW)
    said = read(console, "/")
    assert re.search(r"Fraud model serving version 1 2 at 0 behind 1 .* \d+ blind \d of \d", said)
    assert "fraud : no baseline 1 detector is blind: score shift" in said
    assert re.search(r"fraud : no access was ever told: .* blind: access anomaly ever since", said)
    console.guards.report(Report(guard="edge-1", asset=FRAUD, version=1))
    assert "version 1 2 at 1 1" in read(console, "/")
    assert "not shown Version 1: No guard has been asked yet." in read(console, "/assets/fraud")
    console.effects.prove(FRAUD)
    acknowledged = "Version 1: Acknowledged by edge-1, edge-2; no guard told an address to probe."
    assert f"not shown {acknowledged}" in read(console, "/assets/fraud")


def test_home_says_first_that_stanch_itself_is_not_well(
    world: tuple[Parts, Console],
    read: Callable[..., str],
) -> None:
    why = str(NoSpace("/srv/stanch"))
    said = read(replace(world[1], unwell=lambda: (why,)), "/")
    assert "stanch itself is not well" not in read(world[1], "/")
    assert said.index("stanch itself is not well") < said.index(why) < said.index("Open incidents")
    assert "stanch doctor" in said


def test_home_of_many_assets_shows_those_in_trouble_and_leads_to_the_rest(
    world: tuple[Parts, Console],
    asked: Callable[..., Answer],
    read: Callable[..., str],
) -> None:
    parts, console = world
    assert "Every asset, the last 24 hours" in read(console, "/")
    with parts.store.begin() as tx:
        fraud = tx.assets.get(FRAUD)
        for number in range(230):
            tx.assets.add(replace(fraud, id=AssetId(f"a-{number:03d}"), name=f"Model {number}"))
    home = read(console, "/")
    assert "24 of 231 assets, the last 24 hours" in home
    rows = re.findall(r'<tr data-row="([^"]+)"', asked(console, "GET", "/").body.decode())
    shown = [row for row in rows if row.startswith(("a-", str(FRAUD)))]
    assert shown[0] == FRAUD
    assert len(shown) == 24


def test_what_was_seen_in_a_window_that_goes_on_stands_in_this_hour(
    world: tuple[Parts, Console], asked: Callable[..., Answer]
) -> None:
    parts, console = world
    now = datetime.now(UTC)
    hour = now.replace(minute=0, second=0, microsecond=0)
    ends = (hour - timedelta(hours=2), hour, hour + timedelta(hours=1), hour + timedelta(hours=2))
    with parts.store.begin() as tx:
        made = [
            replace(seen("odd", 1.0, 0), window=Span(start=end - timedelta(minutes=20), end=end))
            for end in ends
        ]
        tx.findings.put(made, at=NOW)
    page = asked(console, "GET", "/", at=now).body.decode()
    strip = re.findall(r"<title>\d\d:00 UTC: (\d+) finding", page)
    assert strip[-4:] == ["1", "0", "1", "2"]


def test_each_part_of_the_vector_is_said_in_words(
    world: tuple[Parts, Console], read: Callable[..., str]
) -> None:
    parts, console = world
    with parts.store.begin() as tx:
        tx.incidents.save(replace(tx.incidents.get(CASE), severity=severity_of(factors(MI=4))))
    said = read(console, f"/incidents/{CASE}")
    assert "or copied whole. That makes it high." in said
    assert "The model itself 4 of 4: the model is controlled" in said
    assert "/ MI:4/" in said


def seen(says: str, strength: float, minutes: int) -> Finding:
    end = NOW - timedelta(minutes=minutes)
    return Finding(
        detector=DetectorId("label_flip"),
        asset=FRAUD,
        window=Span(start=end - timedelta(minutes=1), end=end),
        says=says,
        measured={},
        because=(),
        strength=strength,
    )


def test_findings_that_differ_by_a_number_are_told_once_and_the_strongest_first() -> None:
    all_ = [
        seen("12 of 90 labels turned.", 2.0, 1),
        seen("1,300 of 2.5 labels turned.", 3.0, 2),
        seen("The version was signed by nobody.", 9.0, 3),
    ]
    told = alike(all_, {one.id: one.window.end for one in all_})
    assert [(t.finding.says, t.count) for t in told] == [(all_[2].says, 1), (all_[0].says, 2)]
    assert (told[1].first, told[1].last) == (all_[1].window.end, all_[0].window.end)


def test_a_crowd_that_grows_is_told_once_by_the_finding_that_names_most() -> None:
    def of(names: str, minutes: int) -> Finding:
        said = f"Far more was asked than ever by {', '.join(names[:2])}"
        said += f" and {len(names) - 2} more" if len(names) > 2 else ""
        people = tuple(Suspect(principal=PrincipalId(n), share=0.1, confidence=0.9) for n in names)
        return replace(seen(f"{said}: {90 * minutes} a minute.", 3.0, minutes), suspects=people)

    every = [of(names, n + 1) for n, names in enumerate(("BCDE", "BCDEF", "BCD", "BC", "XY"))]
    told = alike(every, {one.id: one.window.end for one in every})
    assert [(len(t.finding.suspects), t.count) for t in told] == [(5, 4), (2, 1)]


def test_who_has_several_parts_is_named_once() -> None:
    def call(duty: Duty, person: str) -> Call:
        return Call(duty=duty, person=person, named=person != "ada", why="x")

    duties = (Duty.RESPONDER, Duty.LEGAL, Duty.LEADERSHIP)
    found = people([call(d, "lea" if d is Duty.LEGAL else "ada") for d in duties])
    assert [(p.name, [c.duty for c in p.calls]) for p in found] == [
        ("ada", [Duty.RESPONDER, Duty.LEADERSHIP]),
        ("lea", [Duty.LEGAL]),
    ]
