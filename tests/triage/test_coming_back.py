"""A finding beside closed incidents: what is closed already, what is harmless, what came back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stanch.triage.coming_back import CALM, Back, Calm, Echo, Past, met, past_of
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.span import Span

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def finding(who: str = "key-91", *, start: datetime = NOON, topic: str = "") -> Finding:
    return Finding(
        detector=DetectorId("extraction"),
        asset=AssetId("fraud"),
        window=Span(start=start, end=start + timedelta(minutes=20)),
        says="Somebody copies the model.",
        measured={},
        because=(),
        strength=5.0,
        suspects=(Suspect(principal=PrincipalId(who), share=1.0, confidence=0.9),),
        topic=topic,
        points_to={AttackKind.EXTRACTION: 0.9},
    )


def closed(kind: VerdictKind = VerdictKind.ATTACK, *, by: str = "stanch") -> Past:
    attack = AttackKind.EXTRACTION if kind is VerdictKind.ATTACK else None
    incident = Incident(
        id=IncidentId("inc-1"),
        title="Model extraction on fraud",
        asset=AssetId("fraud"),
        opened=NOON,
        first_seen=NOON,
        updated=NOON,
        phase=Phase.CLOSED,
        verdict=Verdict(kind=kind, attack=attack, by=by),
        closed_at=NOON + timedelta(minutes=15),
    )
    past = past_of(incident, [finding()])
    assert past is not None
    return past


def test_counts_that_still_hold_what_was_closed_open_nothing() -> None:
    moved_on = finding(start=NOON + timedelta(minutes=10))
    found = met(moved_on, moved_on.window.start, [closed()], at=LATER)
    assert found == Echo(of=IncidentId("inc-1"))


def test_the_same_on_new_events_came_back() -> None:
    anew = finding(start=LATER)
    assert met(anew, LATER, [closed()], at=LATER) == Back(of=IncidentId("inc-1"))


def test_what_a_person_said_is_harmless_is_left_alone_for_a_week() -> None:
    past, anew = closed(VerdictKind.NATURAL, by="ada"), finding(start=LATER)
    assert met(anew, LATER, [past], at=LATER) == Calm(of=IncidentId("inc-1"), by="ada")
    much_later = past.closed + CALM + timedelta(minutes=1)
    assert isinstance(met(anew, much_later, [past], at=much_later), Back)


def test_no_machine_says_of_what_points_to_an_attack_that_it_is_harmless_for_good() -> None:
    anew = finding(start=LATER)
    assert isinstance(met(anew, LATER, [closed(VerdictKind.NATURAL)], at=LATER), Back)


def test_new_evidence_about_who_was_cleared_is_not_left_alone() -> None:
    past = closed(VerdictKind.NATURAL, by="ada")
    other_way = replace(finding(start=LATER), topic="a grid")
    assert isinstance(met(other_way, LATER, [past], at=LATER), Back)
    more_people = replace(
        finding(start=LATER),
        suspects=(
            *finding().suspects,
            Suspect(principal=PrincipalId("key-7"), share=0.5, confidence=0.9),
        ),
    )
    assert isinstance(met(more_people, LATER, [past], at=LATER), Back)


def test_somebody_else_on_another_matter_is_no_return() -> None:
    stranger = finding("key-7", start=LATER, topic="a grid")
    assert met(stranger, LATER, [closed()], at=LATER) is None


def test_a_rule_is_the_same_rule_whenever_it_came_true() -> None:
    then, now = (f"burst {at.isoformat()}" for at in (NOON, LATER))
    past = past_of(closed().incident, [finding("key-91", topic=then)])
    assert past is not None
    assert isinstance(met(finding("key-7", start=LATER, topic=now), LATER, [past], at=LATER), Back)


def test_an_open_incident_is_no_past() -> None:
    assert past_of(replace(closed().incident, closed_at=None), [finding()]) is None
