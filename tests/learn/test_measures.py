"""What the measures count, and what they leave out."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stanch.learn.measures import Case, Times, measured, periods, times
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
ATTACK = Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION)


def case(*, deadline: int = 60, answers: int = 0, findings: int = 3, **facts: Any) -> Case:
    whole: dict[str, Any] = {
        "id": IncidentId("inc-1"),
        "title": "t",
        "asset": AssetId("a"),
        "opened": NOW - timedelta(hours=5),
        "first_seen": NOW - timedelta(hours=5, seconds=4),
        "updated": NOW,
        "verdict": ATTACK,
        **facts,
    }
    incident = Incident(**whole)
    return Case(incident=incident, deadline_minutes=deadline, findings=findings, answers=answers)


def contained(seconds: float, **facts: Any) -> Case:
    at = NOW - timedelta(hours=5) + timedelta(seconds=seconds)
    return case(contained_at=at, phase=Phase.CONTAINED, **facts)


def this_week(*cases: Case) -> Any:
    return measured(cases, periods(NOW, WEEK, 1), now=NOW)[0]


def test_periods_follow_each_other_without_a_gap_and_end_now() -> None:
    spans = periods(NOW, WEEK, 4)
    assert spans[-1].end == NOW
    assert all(a.end == b.start for a, b in pairwise(spans))


def test_an_incident_counts_in_the_period_in_which_it_was_opened() -> None:
    old = case(opened=NOW - timedelta(days=10), first_seen=NOW - timedelta(days=10))
    weeks = measured([old, case()], periods(NOW, WEEK, 2), now=NOW)
    assert [w.incidents for w in weeks] == [1, 1]


def test_times_are_told_by_median_by_nineteen_of_twenty_and_by_the_worst() -> None:
    week = this_week(*(contained(s) for s in (*range(1, 20), 500)))
    assert week.to_contain == Times(count=20, median=10.5, most=19.0, worst=500.0)
    assert week.to_open.median == 4.0


def test_what_was_never_contained_has_no_time() -> None:
    week = this_week(case())
    assert week.to_contain == Times()
    assert week.contained == 0


def test_an_attack_past_its_deadline_is_late_whether_contained_since_or_not() -> None:
    week = this_week(contained(3601), contained(3600), case(), case(deadline=600))
    assert week.late == 2
    assert week.in_time == 1


def test_a_natural_change_is_never_late() -> None:
    assert this_week(case(verdict=Verdict(kind=VerdictKind.NATURAL))).late == 0


def test_what_was_closed_with_nothing_to_contain_is_not_late() -> None:
    assert this_week(case(phase=Phase.CLOSED, closed_at=NOW)).late == 0


def test_contained_without_an_answer_is_unaided() -> None:
    assert this_week(contained(2), contained(2, answers=1)).unaided == 1


def test_an_alarm_that_a_person_called_natural_is_counted_apart() -> None:
    own = Verdict(kind=VerdictKind.NATURAL)
    told = Verdict(kind=VerdictKind.NATURAL, by="ada")
    week = this_week(case(verdict=own), case(verdict=told))
    assert (week.natural, week.cleared) == (2, 1)


def test_what_was_done_again_is_counted_with_how_soon_it_came_back() -> None:
    back = case(came_back=IncidentId("inc-0"), came_back_after=720.0)
    week = this_week(case(), back, case(loose_at=NOW))
    assert week.again == 2
    assert week.came_back == Times(count=1, median=720.0, most=720.0, worst=720.0)


def test_what_was_merged_away_is_counted_once() -> None:
    assert this_week(case(), case(merged_into=IncidentId("inc-2"))).incidents == 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_the_median_is_at_most_what_nineteen_of_twenty_took_and_that_at_most_the_worst(
    seconds: list[float],
) -> None:
    told = times((NOW, NOW + timedelta(seconds=s)) for s in seconds)
    assert told.median <= told.most <= told.worst
    assert told.count == len(seconds)
