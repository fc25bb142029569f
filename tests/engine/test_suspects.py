"""Whom an incident accuses, what it is called, and what it takes from what was measured."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stanch.engine.judging import Around, judged, suspects_of, title_of
from stanch.triage.verdict.observations import Observations
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Reason, Verdict, VerdictKind
from stanch.vocabulary.span import Span

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
COPIED = Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION)
SIGN = Reason(name="off_who", says="s", weight=2.0)
ONE = Incident(
    id=IncidentId("inc-1"),
    title="as it was",
    asset=AssetId("fraud"),
    opened=NOON,
    first_seen=NOON,
    updated=NOON,
)


def suspect(who: str, share: float = 0.5, confidence: float = 0.9) -> Suspect:
    return Suspect(principal=PrincipalId(who), share=share, confidence=confidence)


def finding(who: str, kind: AttackKind | None, **measured: float) -> Finding:
    return Finding(
        detector=DetectorId(f"about_{kind}"),
        asset=AssetId("fraud"),
        window=Span(start=NOON, end=NOON + timedelta(minutes=5)),
        says=f"{who} does it.",
        measured=measured,
        because=(),
        strength=9.0,
        suspects=(suspect(who),),
        points_to={kind: 0.9} if kind else {},
    )


COPY, POISON = finding("ben", AttackKind.EXTRACTION), finding("cleo", AttackKind.POISONING)
PLAIN = finding("dan", None)
COUNTED = Observations(suspects=(suspect("eve"),))


def named(verdict: Verdict, seen: Observations | None = COUNTED) -> set[str]:
    return {s.principal for s in suspects_of(verdict, (COPY, POISON, PLAIN), seen, ())}


def test_while_it_is_undecided_everybody_is_named_and_then_who_did_this() -> None:
    assert named(Verdict()) == {"ben", "cleo", "dan", "eve"}
    assert named(COPIED) == {"ben"}
    assert named(replace(COPIED, attack=None)) == {"ben", "cleo", "dan"}


def test_who_was_counted_odd_is_accused_where_a_sign_among_people_spoke_for_it() -> None:
    assert named(replace(COPIED, reasons=(SIGN,))) == {"ben", "eve"}
    for weight in (0.0, -1.0):
        silent = replace(SIGN, weight=weight)
        assert named(replace(COPIED, reasons=(silent,))) == {"ben"}
    everybody = replace(SIGN, name="drift")
    assert named(replace(COPIED, reasons=(everybody,))) == {"ben"}


def test_who_stands_in_a_reason_that_spoke_for_it_is_named_though_plain() -> None:
    spoke = Reason(name="odd", says="s", weight=1.0, findings=(PLAIN.id, POISON.id))
    assert named(replace(COPIED, reasons=(spoke,)), None) == {"ben", "dan"}
    assert named(replace(COPIED, reasons=(replace(spoke, weight=0.0),)), None) == {"ben"}


def test_the_likeliest_comes_first_each_once_as_they_were_surest_known() -> None:
    before = (suspect("ben", 0.9, 0.1), suspect("zoe", 0.2, 0.8), suspect("amy", 0.4, 0.4))
    found = suspects_of(COPIED, (COPY,), None, before)
    assert [(s.principal, s.share, s.confidence) for s in found] == [
        ("ben", 0.5, 0.9),
        ("amy", 0.4, 0.4),
        ("zoe", 0.2, 0.8),
    ]
    many = [suspect(f"p{n}", share=n / 1000) for n in range(150)]
    assert [s.principal for s in suspects_of(COPIED, (), None, many)] == [
        f"p{n}" for n in range(149, 49, -1)
    ]


@pytest.mark.parametrize(
    ("name", "values", "step"),
    [
        ("accuracy_lost", (0.001, 0.3), "MI:4"),
        ("gap_grown", (0.2, 0.01), "RF:4"),
        ("gap_grown", (0.0, -0.1), "RF:0"),
        ("unheard_of", (9.0, 9.0), "MI:0"),
    ],
)
def test_the_worst_that_any_finding_measured_counts_whichever_came_last(
    name: str, values: tuple[float, float], step: str
) -> None:
    found = tuple(finding(f"p{n}", None, **{name: v}) for n, v in enumerate(values))
    for some in (found, found[::-1]):
        now = judged(ONE, some, None, Around())
        assert step in now.severity.vector.split("/")


def test_a_title_says_what_it_is_on_what() -> None:
    def called(verdict: Verdict, *findings: Finding) -> str:
        return title_of(replace(ONE, verdict=verdict), findings)

    assert called(COPIED) == "Model extraction on fraud"
    assert called(replace(COPIED, attack=None)) == "An attack on fraud"
    assert called(Verdict(kind=VerdictKind.FAULT)) == "A pipeline fault at fraud"
    assert called(Verdict(kind=VerdictKind.NATURAL)) == "Natural change at fraud"
    assert called(Verdict(), PLAIN, COPY) == "dan does it."
    assert called(Verdict()) == "as it was"
