"""Faults of a pipeline: where the line runs between everybody's and somebody's, on both sides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stanch.triage.verdict.faults import NEAR, explains_inputs, fault_reasons, feed_broke
from stanch.triage.verdict.observations import Broken, Happening, Observations, ScaleFit, Step
from stanch.vocabulary.finding import Suspect
from stanch.vocabulary.ids import PrincipalId

AT = datetime(2026, 11, 21, tzinfo=UTC)
LOST_FEED = Broken(feature="amount", absent=True, share=0.25, before=0.0, alike=0.95, others=0.1)
UNIT = ScaleFit(feature="amount", factor=100.0, misfit=0.01)
SUDDEN = Step(at=AT, step_fit=0.9, ramp_fit=0.5)


def names(seen: Observations) -> list[str]:
    return [reason.name for reason in fault_reasons(seen)]


def suspect(share: float) -> Suspect:
    return Suspect(principal=PrincipalId("p1"), share=share, confidence=0.9)


@pytest.mark.parametrize(
    ("lost", "broke"),
    [
        (LOST_FEED, True),
        (replace(LOST_FEED, share=0.2), True),
        (replace(LOST_FEED, share=0.25, before=0.06), False),
        (replace(LOST_FEED, others=0.3), True),
        (replace(LOST_FEED, others=0.31), False),
        (replace(LOST_FEED, alike=0.9), True),
        (replace(LOST_FEED, alike=0.89), False),
        (replace(LOST_FEED, alike=None), True),
    ],
)
def test_a_feed_broke_when_one_input_alone_is_lost_in_a_fifth_of_everybodys_rows(
    lost: Broken, broke: bool
) -> None:
    seen = Observations(broken=lost)
    assert feed_broke(seen) is broke
    assert ("broken_feed" in names(seen)) is broke
    assert explains_inputs(seen) is (broke and lost.alike is not None)


def test_a_broken_feed_says_more_where_it_is_known_to_be_everybodys() -> None:
    told, alone = (
        fault_reasons(Observations(broken=replace(LOST_FEED, alike=alike)))[0]
        for alike in (0.95, None)
    )
    assert (told.weight, alone.weight) == (3.0, 1.0)
    assert "absent" in told.says
    assert "95% of the principals alike" in told.says
    assert "principals" not in alone.says


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Observations(), True),
        (Observations(alike=0.5), True),
        (Observations(alike=0.49), False),
        (Observations(alike=0.89, largest=0.5), True),
        (Observations(alike=0.89, largest=0.51), False),
        (Observations(alike=0.9, largest=0.51), True),
        (Observations(largest=0.51), False),
        (Observations(largest=0.5), True),
        (Observations(newcomers=0.51), False),
        (Observations(newcomers=0.5), True),
        (Observations(suspects=(suspect(0.8),)), False),
        (Observations(suspects=(suspect(0.79),)), True),
        (Observations(suspects=(suspect(0.4), suspect(0.4))), False),
        (Observations(alike=0.5, newcomers=0.9, suspects=(suspect(0.9),)), True),
    ],
)
def test_what_looks_like_a_unit_is_one_unless_it_is_of_a_few(
    seen: Observations, said: bool
) -> None:
    assert ("constant_factor" in names(replace(seen, scale=UNIT))) is said
    assert explains_inputs(replace(seen, scale=UNIT)) is said


@pytest.mark.parametrize(("misfit", "said"), [(0.05, True), (0.051, False)])
def test_a_constant_has_to_fit(misfit: float, said: bool) -> None:
    seen = Observations(scale=replace(UNIT, misfit=misfit))
    assert (names(seen) == ["constant_factor"]) is said
    assert explains_inputs(seen) is said


@pytest.mark.parametrize(
    ("step", "ramp", "said"),
    [(0.7, 0.6, True), (0.69, 0.1, False), (0.9, 0.8, True), (0.9, 0.81, False)],
)
def test_a_step_explains_most_of_the_movement_and_more_than_a_line(
    step: float, ramp: float, said: bool
) -> None:
    seen = Observations(step=Step(at=None, step_fit=step, ramp_fit=ramp))
    assert (names(seen) == ["sudden"]) is said


def test_a_step_within_half_an_hour_of_what_was_done_may_be_its_doing() -> None:
    def at(*minutes: float) -> list[str]:
        done = tuple(
            Happening(what=f"release {m:g}", at=AT + timedelta(minutes=m)) for m in minutes
        )
        return [r.says for r in fault_reasons(Observations(step=SUDDEN, happenings=done))]

    assert timedelta(minutes=30) == NEAR
    assert len(at(30)) == len(at(-30)) == 2
    assert len(at(31)) == len(at(-31)) == 1
    assert "release -4 " in at(20, -4, 5)[1]
    assert "release -4 " in at(4, -4)[1]


@pytest.mark.parametrize(
    ("drift", "alike", "said"),
    [(0.1, 0.9, True), (0.09, 0.9, False), (0.1, 0.89, False), (None, 0.95, False)],
)
def test_everybody_moves_alike_when_nine_of_ten_do_and_it_is_no_noise(
    drift: float | None, alike: float, said: bool
) -> None:
    assert (names(Observations(drift=drift, alike=alike)) == ["everybody_alike"]) is said


def test_a_broken_feed_is_everybodys_whoever_else_stands_out() -> None:
    seen = Observations(broken=LOST_FEED, alike=0.1, scale=UNIT, suspects=(suspect(0.9),))
    assert names(seen) == ["constant_factor", "broken_feed"]
