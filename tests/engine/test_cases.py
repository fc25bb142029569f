"""Cases: what people do to an incident, who may, and that nobody's word is lost."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import pytest

from stanch.engine.cases import Cases, Judgement, Step
from stanch.engine.owed import ANSWERS, owed
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind, Finding, Lifecycle, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, FindingId, IncidentId, PrincipalId, UserId
from stanch.vocabulary.incident import Incident, Level, Phase, Verdict, VerdictKind
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Duty, Role, User
from stanch.vocabulary.record import Deed
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput, Conflict, NotAllowed, Stale, WrongPhase

FRAUD = AssetId("fraud")
ADA = Caller(name="ada", scopes=ROLE_SCOPES[Role.APPROVER], role=Role.APPROVER)
VIEWER = Caller(name="eve", scopes=ROLE_SCOPES[Role.VIEWER], role=Role.VIEWER)


class Moved(Protocol):
    at: datetime

    def __call__(self) -> datetime: ...


def finding(name: str, at: datetime) -> Finding:
    return Finding(
        detector=DetectorId("feature_drift"),
        asset=FRAUD,
        window=Span(start=at, end=at),
        says=name,
        measured={},
        because=(),
        features=(name,),
    )


def opened(store: SqlStore, at: datetime, name: str, *findings: str) -> Incident:
    made = [finding(one, at) for one in findings]
    incident = Incident(
        id=IncidentId(name),
        title=name,
        asset=FRAUD,
        opened=at,
        first_seen=at,
        updated=at,
        findings=tuple(f.id for f in made),
    )
    with store.begin() as tx:
        tx.findings.put(made, at=at)
        return tx.incidents.add(incident)


def findings_of(store: SqlStore, name: str) -> set[FindingId]:
    with store.look() as tx:
        return set(tx.incidents.get(IncidentId(name)).findings)


def test_a_persons_verdict_replaces_the_machines_and_stands_in_the_log(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases, incident = Cases(sql_store, hands), opened(sql_store, hands(), "inc-1", "a")
    word = Judgement(
        seen=incident.version,
        why="the bureau confirmed it",
        verdict=VerdictKind.ATTACK,
        attack=AttackKind.POISONING,
        severity=Level.HIGH,
    )
    said = len(sql_store.announced(0))
    judged = cases.judge(incident.id, word, ADA)
    assert (judged.verdict.by, judged.severity.by) == ("ada", "ada")
    assert judged.title == f"Poisoned data on {judged.asset}"
    assert [(a.kind, a.id) for a in sql_store.announced(0)[said:]] == [("incident", incident.id)]
    assert judged.verdict.attack is AttackKind.POISONING
    assert judged.severity.level is Level.HIGH
    last = sql_store.outbox()[-1].entry
    assert (last.deed, last.actor) == (Deed.INCIDENT_CHANGED, "ada")
    with sql_store.look() as tx:
        assert incident.id in owed(tx, ANSWERS)


def test_a_judgement_without_a_reason_is_refused(sql_store: SqlStore, hands: Moved) -> None:
    cases, incident = Cases(sql_store, hands), opened(sql_store, hands(), "inc-1")
    with pytest.raises(BadInput, match="Say why"):
        cases.judge(incident.id, Judgement(seen=1, why=" ", severity=Level.LOW), ADA)


def test_of_two_who_change_the_same_version_the_second_is_told(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases, incident = Cases(sql_store, hands), opened(sql_store, hands(), "inc-1")
    cases.assign(incident.id, "ada", incident.version, ADA)
    with pytest.raises(Stale):
        cases.assign(incident.id, "alan", incident.version, ADA)


def test_who_is_put_in_command_has_an_account_or_is_named_by_the_asset_and_hears_of_it(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases, incident = Cases(sql_store, hands), opened(sql_store, hands(), "inc-1")
    with sql_store.begin() as tx:
        for name in ("Grace", "gone", "grant"):
            key, role = UserId(name), Role.RESPONDER
            disabled = name == "gone"
            tx.users.add(User(id=key, name=name, role=role, created=hands(), disabled=disabled))
        duties = {Duty.LEGAL: "Lex"}
        tx.assets.add(Asset(id=FRAUD, kind=AssetKind.MODEL, name="f", owner="sales", roles=duties))

    def assigned(name: str) -> str:
        with sql_store.look() as tx:
            seen = tx.incidents.get(incident.id).version
        return cases.assign(incident.id, name, seen, ADA).commander

    assert [assigned(one) for one in ("GRACE", "lex", " sales", "ada", "")] == [
        "Grace", "Lex", "sales", "ada", "",
    ]  # fmt: skip
    with sql_store.look() as tx:
        told = sorted((one.to, one.says) for one in tx.notices.page().items)
    assert [to for to, _ in told] == ["Grace", "Lex", "sales"]
    assert told[0][1] == "ada put you in command of this incident: inc-1"
    with sql_store.begin() as tx:
        tx.incidents.save(replace(tx.incidents.get(incident.id), exercise=True))
    assert assigned("Grace") == "Grace"
    assert assigned("") == ""
    with sql_store.look() as tx:
        assert len(tx.notices.page().items) == len(told)
    for name, says in (
        ("grase", "called 'grase'. Did you mean 'Grace'"),
        ("gone", "gone is shut out"),
        ("key:ci", "Nobody here is called 'key:ci'. `stanch user list`"),
        ("gra\x00ce", "Did you mean 'Grace'"),
    ):
        with pytest.raises(BadInput, match=re.escape(says)):
            assigned(name)
    with sql_store.look() as tx:
        assert tx.incidents.get(incident.id).commander == ""


def test_an_incident_moves_only_as_its_table_says(sql_store: SqlStore, hands: Moved) -> None:
    cases, incident = Cases(sql_store, hands), opened(sql_store, hands(), "inc-1")
    with pytest.raises(WrongPhase):
        cases.move(incident.id, Step(to=Phase.RECOVERED, seen=1), ADA)
    with pytest.raises(Conflict, match="a reason"):
        cases.move(incident.id, Step(to=Phase.CLOSED, seen=1), ADA)
    with pytest.raises(NotAllowed):
        cases.move(incident.id, Step(to=Phase.CLOSED, seen=1, why="noise"), VIEWER)
    closed = cases.move(incident.id, Step(to=Phase.CLOSED, seen=1, why="noise"), ADA)
    assert closed.closed_at == hands()
    reopened = cases.move(
        incident.id, Step(to=Phase.TRIAGED, seen=closed.version, why="it came back"), ADA
    )
    assert reopened.closed_at is None


def test_merging_and_putting_back_loses_no_finding(sql_store: SqlStore, hands: Moved) -> None:
    cases = Cases(sql_store, hands)
    opened(sql_store, hands(), "inc-1", "a", "b")
    opened(sql_store, hands(), "inc-2", "c")
    before = findings_of(sql_store, "inc-1"), findings_of(sql_store, "inc-2")
    undo = cases.merge(IncidentId("inc-1"), IncidentId("inc-2"), ADA)
    assert findings_of(sql_store, "inc-2") == before[0] | before[1]
    cases.undo(undo.id, ADA)
    assert (findings_of(sql_store, "inc-1"), findings_of(sql_store, "inc-2")) == before
    with pytest.raises(Conflict):
        cases.merge(IncidentId("inc-1"), IncidentId("inc-1"), ADA)


def test_what_was_merged_away_and_an_exercise_are_merged_into_nothing(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases = Cases(sql_store, hands)
    one, two, three = (opened(sql_store, hands(), f"inc-{n}", f"f{n}") for n in (1, 2, 3))
    with sql_store.begin() as tx:
        drill = tx.incidents.add(replace(three, id=IncidentId("drill"), exercise=True, findings=()))
    with pytest.raises(Conflict, match="exercise"):
        cases.merge(three.id, drill.id, ADA)
    cases.merge(one.id, two.id, ADA)
    with pytest.raises(Conflict, match="Name two open incidents"):
        cases.merge(one.id, three.id, ADA)
    with pytest.raises(Conflict, match="All findings"):
        cases.split(three.id, three.findings, ADA)


def test_a_persons_words_are_enough_to_move_on_and_the_first_containment_is_remembered(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases, incident = Cases(sql_store, hands), opened(sql_store, hands(), "inc-1")
    key = Caller(name="bot", scopes=ROLE_SCOPES[Role.APPROVER])
    word = Judgement(seen=1, why="a drill", verdict=VerdictKind.FAULT, attack=AttackKind.EVASION)
    judged = cases.judge(incident.id, word, ADA)
    assert judged.verdict.attack is None, "a fault is no attack"
    assert judged.severity.vector, "with a verdict it is rated too"
    rated = cases.judge(
        incident.id, Judgement(seen=judged.version, why="small", severity=Level.LOW), ADA
    )
    now = cases.move(incident.id, Step(to=Phase.TRIAGED, seen=rated.version), key)
    at = hands()
    step = Step(to=Phase.CONTAINED, seen=now.version, nothing_to_contain=True, why="it ended")
    now = cases.move(incident.id, step, ADA)
    assert now.contained_at == at
    with sql_store.begin() as tx:
        came_loose = at + timedelta(minutes=9)
        loose = tx.incidents.save(replace(now, phase=Phase.TRIAGED, loose_at=came_loose))
    assert loose.held_at is None
    hands.at = at + timedelta(hours=1)
    again = cases.move(incident.id, replace(step, seen=loose.version), ADA)
    assert (again.contained_at, again.held_again, again.held_at) == (at, hands.at, hands.at)
    end = Step(to=Phase.CLOSED, seen=again.version, why="it is over")
    with pytest.raises(NotAllowed):
        cases.move(incident.id, end, replace(key, scopes=ROLE_SCOPES[Role.RESPONDER]))
    assert cases.move(incident.id, end, key).phase is Phase.CLOSED


def test_an_older_change_is_put_back_only_after_the_newer_one(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases = Cases(sql_store, hands)
    first, second = opened(sql_store, hands(), "inc-1", "a", "b").findings
    opened(sql_store, hands(), "inc-2", "c")
    merged = cases.merge(IncidentId("inc-1"), IncidentId("inc-2"), ADA)
    split = cases.split(IncidentId("inc-2"), [first], ADA)
    with pytest.raises(Conflict, match="stanch incident undos inc-2"):
        cases.undo(merged.id, ADA)
    cases.undo(split.id, ADA)
    cases.undo(merged.id, ADA)
    assert findings_of(sql_store, "inc-1") == {first, second}


def test_splitting_and_detaching_and_putting_back_loses_no_finding(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases, incident = Cases(sql_store, hands), opened(sql_store, hands(), "inc-1", "a", "b", "c")
    first, second, third = incident.findings
    split = cases.split(incident.id, [first], ADA)
    assert findings_of(sql_store, "inc-1") == {second, third}
    assert split.other is not None
    assert findings_of(sql_store, split.other) == {first}
    detached = cases.detach(incident.id, [second], ADA)
    assert findings_of(sql_store, "inc-1") == {third}
    cases.undo(detached.id, ADA)
    cases.undo(split.id, ADA)
    assert findings_of(sql_store, "inc-1") == {first, second, third}
    with pytest.raises(BadInput):
        cases.detach(incident.id, [FindingId("fnd-nobody")], ADA)
    with pytest.raises(Conflict, match="at least one"):
        cases.split(incident.id, [first, second, third], ADA)


def test_a_note_is_kept_as_it_was_written(sql_store: SqlStore, hands: Moved) -> None:
    cases, incident = Cases(sql_store, hands), opened(sql_store, hands(), "inc-1")
    hostile = "<script>alert(1)</script>\u202e\x1b[31m"
    note = cases.note(incident.id, hostile, ADA)
    with sql_store.look() as tx:
        assert tx.notes.of(incident.id) == (note,)
    with pytest.raises(BadInput, match="1 to"):
        cases.note(incident.id, "  ", ADA)


ROWS = AssetId("fraud-rows")


def mixed_up(store: SqlStore, at: datetime) -> tuple[Incident, FindingId, FindingId]:
    """One incident that holds two deeds: a theft by eve and rows poisoned by mallory."""
    theft = replace(
        finding("eve asks for everything", at),
        detector=DetectorId("extraction"),
        points_to={AttackKind.EXTRACTION: 0.95},
        suspects=(Suspect(principal=PrincipalId("eve"), share=0.9, confidence=0.95),),
        strength=6.0,
    )
    rows = replace(
        finding("mallory's rows changed the dataset", at),
        detector=DetectorId("dataset_changed"),
        asset=ROWS,
        points_to={AttackKind.POISONING: 0.9},
        suspects=(Suspect(principal=PrincipalId("mallory"), share=0.8, confidence=0.9),),
        strength=6.0,
        lifecycle=Lifecycle.TRAINING,
    )
    with store.begin() as tx:
        tx.findings.put([theft, rows], at=at)
        made = tx.incidents.add(
            Incident(
                id=IncidentId("inc-1"),
                title="two deeds",
                asset=FRAUD,
                opened=at,
                first_seen=at,
                updated=at,
                findings=(theft.id, rows.id),
                suspects=(*theft.suspects, *rows.suspects),
                verdict=Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION),
            )
        )
    return made, theft.id, rows.id


class Ears:
    """Who starts clocks and tells people."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def opened(self, incident: Incident) -> None:
        self.heard.append(("opened", incident.id))

    def changed(self, incident: Incident) -> None:
        self.heard.append(("changed", incident.id))


def test_two_deeds_that_are_split_have_two_verdicts_and_each_its_own_suspects(
    sql_store: SqlStore, hands: Moved
) -> None:
    ears = Ears()
    cases = Cases(sql_store, hands, [ears])
    whole, _, rows = mixed_up(sql_store, hands())
    undo = cases.split(whole.id, [rows], ADA)
    assert undo.other is not None
    with sql_store.look() as tx:
        rest, new = tx.incidents.get(whole.id), tx.incidents.get(undo.other)
        assert set(owed(tx, ANSWERS)) == {rest.id, new.id}
    assert (rest.verdict.attack, new.verdict.attack) == (
        AttackKind.EXTRACTION,
        AttackKind.POISONING,
    )
    assert [s.principal for s in rest.suspects] == ["eve"]
    assert [s.principal for s in new.suspects] == ["mallory"]
    assert (rest.asset, new.asset) == (FRAUD, ROWS)
    assert new.phase is Phase.TRIAGED
    assert new.severity.vector
    assert ears.heard == [("opened", new.id), ("changed", rest.id)]
    cases.undo(undo.id, ADA)
    with sql_store.look() as tx:
        assert {s.principal for s in tx.incidents.get(whole.id).suspects} >= {"eve"}
        assert tx.incidents.get(undo.other).phase is Phase.CLOSED


def test_what_a_person_said_of_it_outlives_a_split(sql_store: SqlStore, hands: Moved) -> None:
    cases = Cases(sql_store, hands)
    whole, theft, _ = mixed_up(sql_store, hands())
    word = Judgement(
        seen=whole.version, why="asked them", verdict=VerdictKind.NATURAL, severity=Level.LOW
    )
    cases.judge(whole.id, word, ADA)
    undo = cases.split(whole.id, [theft], ADA)
    assert undo.other is not None
    with sql_store.look() as tx:
        kept, new = tx.incidents.get(whole.id), tx.incidents.get(undo.other)
    assert (kept.verdict.by, kept.verdict.kind, kept.severity.by) == (
        "ada",
        VerdictKind.NATURAL,
        "ada",
    )
    assert (new.verdict.by, new.verdict.attack) == ("stanch", AttackKind.EXTRACTION)


def test_an_incident_that_lost_every_finding_accuses_nobody(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases = Cases(sql_store, hands)
    whole, theft, rows = mixed_up(sql_store, hands())
    undo = cases.detach(whole.id, [theft, rows], ADA)
    with sql_store.look() as tx:
        bare = tx.incidents.get(whole.id)
    assert (bare.verdict.kind, bare.suspects) == (VerdictKind.UNDECIDED, ())
    cases.undo(undo.id, ADA)
    with sql_store.look() as tx:
        assert tx.incidents.get(whole.id).verdict.kind is VerdictKind.ATTACK
