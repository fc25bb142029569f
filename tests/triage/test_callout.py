"""Whom an incident asks for: who is named, who stands in, and that small things wake nobody."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from stanch.triage.callout import Call, roles_to_call
from stanch.triage.severity.factors import Factor, factors
from stanch.triage.severity.judge import severity_of
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Impact, Incident, Level, Severity, Verdict, VerdictKind
from stanch.vocabulary.people import Duty

AT = datetime(2026, 11, 21, tzinfo=UTC)
ROLES = {Duty.RESPONDER: "ada", Duty.LEGAL: "lea"}


def asset(domain: str = "") -> Asset:
    return Asset(
        id=AssetId("fraud"),
        kind=AssetKind.MODEL,
        name="fraud",
        owner="owner@ml",
        roles=ROLES,
        domain=domain,
    )


def called(
    kind: VerdictKind,
    attack: AttackKind | None = None,
    *,
    level: Level = Level.MEDIUM,
    severity: Severity | None = None,
    impact: Impact | None = None,
    of: Asset | None = None,
) -> dict[Duty, Call]:
    incident = Incident(
        id=IncidentId("inc-1"),
        title="t",
        asset=AssetId("fraud"),
        opened=AT,
        first_seen=AT,
        updated=AT,
        verdict=Verdict(kind=kind, attack=attack, confidence=0.9),
        severity=severity or Severity(level=level),
        impact=impact or Impact(),
    )
    return {one.duty: one for one in roles_to_call(incident, of or asset())}


def test_a_wrong_unit_calls_the_engineer_and_no_lawyer() -> None:
    found = called(VerdictKind.FAULT, level=Level.LOW)
    assert list(found) == [Duty.RESPONDER, Duty.ML_ENGINEER]
    assert found[Duty.RESPONDER].now
    assert not found[Duty.ML_ENGINEER].now


def test_who_answers_in_law_is_told_where_it_is_used() -> None:
    used = replace(asset(), jurisdictions=("EU", "US-CA"))
    copied = called(VerdictKind.ATTACK, AttackKind.EXTRACTION, of=used)
    assert copied[Duty.LEGAL].why.endswith("(used in: EU, US-CA)")
    unsaid = called(VerdictKind.ATTACK, AttackKind.EXTRACTION)
    assert "used in" not in unsaid[Duty.LEGAL].why


@pytest.mark.parametrize(
    ("attack", "duty"),
    [
        (AttackKind.DENIAL_OF_WALLET, Duty.FINANCE),
        (AttackKind.SUPPLY_CHAIN, Duty.SUPPLIERS),
        (AttackKind.EVASION, None),
    ],
)
def test_who_pays_and_who_speaks_with_suppliers_is_called_where_it_is_theirs(
    attack: AttackKind, duty: Duty | None
) -> None:
    found = called(VerdictKind.ATTACK, attack)
    assert {Duty.FINANCE, Duty.SUPPLIERS} & found.keys() == ({duty} if duty else set())


def test_a_theft_calls_a_lawyer_whatever_its_severity() -> None:
    found = called(VerdictKind.ATTACK, AttackKind.EXTRACTION, level=Level.LOW)
    assert found[Duty.LEGAL].person == "lea"
    assert Duty.COMMUNICATIONS not in found


def test_natural_change_wakes_only_who_knows_the_data() -> None:
    found = called(VerdictKind.NATURAL, level=Level.HIGH)
    assert {Duty.RESPONDER, Duty.DATA_SCIENTIST, Duty.LEADERSHIP} == set(found)


@pytest.mark.parametrize("data", ["personal", "health"])
def test_exposed_personal_data_calls_a_lawyer(data: str) -> None:
    seen = Impact(data_classes=(data,))
    found = called(VerdictKind.ATTACK, AttackKind.ACCESS, level=Level.LOW, impact=seen)
    assert "the clocks of the law" in found[Duty.LEGAL].why
    bare = called(VerdictKind.ATTACK, AttackKind.ACCESS, level=Level.LOW)
    assert Duty.LEGAL not in bare


def test_many_people_want_one_voice() -> None:
    many = Impact(people=1000)
    assert Duty.COMMUNICATIONS in called(VerdictKind.FAULT, impact=many)
    assert Duty.COMMUNICATIONS not in called(VerdictKind.FAULT, impact=Impact(people=999))


def test_grave_wrong_decisions_about_people_call_a_lawyer_without_an_attack() -> None:
    assert Duty.LEGAL in called(VerdictKind.FAULT, level=Level.HIGH, of=asset("Credit"))
    assert Duty.LEGAL not in called(VerdictKind.FAULT, level=Level.HIGH)


def test_containment_takes_nobody_off_the_list() -> None:
    wide = factors(DS=2, BR=3, AA=4)
    held, goes_on = severity_of(wide.with_(Factor.ADVERSARY, 3)), severity_of(wide)
    assert (goes_on.level, held.level) == (Level.HIGH, Level.MEDIUM)
    kind = VerdictKind.ATTACK, AttackKind.EVASION
    assert called(*kind, severity=held) == called(*kind, severity=goes_on)
    assert {Duty.LEGAL, Duty.LEADERSHIP} <= set(called(*kind, severity=held))
    said = replace(held, by="ada")
    assert Duty.LEADERSHIP not in called(*kind, severity=said), "a person's level is the level"


def test_a_role_that_nobody_holds_is_said_and_the_owner_stands_in() -> None:
    one = called(VerdictKind.ATTACK, AttackKind.BACKDOOR)[Duty.ML_ENGINEER]
    assert (one.person, one.named) == ("owner@ml", False)
    lost = roles_to_call(
        Incident(
            id=IncidentId("inc-2"),
            title="t",
            asset=AssetId("unknown"),
            opened=AT,
            first_seen=AT,
            updated=AT,
        ),
        None,
    )
    assert (lost[0].person, lost[0].named) == ("", False)


@pytest.mark.parametrize("attack", list(AttackKind))
def test_every_kind_of_severe_attack_calls_whoever_leads_and_speaks(attack: AttackKind) -> None:
    found = called(VerdictKind.ATTACK, attack, level=Level.HIGH)
    assert {Duty.RESPONDER, Duty.LEGAL, Duty.COMMUNICATIONS, Duty.LEADERSHIP} <= set(found)
    assert all(one.why and one.now for one in found.values())
