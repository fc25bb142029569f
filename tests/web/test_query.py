"""The query bar: what is typed is what is wanted, or it says what it knows."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.vocabulary.incident import Level, Phase
from stanch.vocabulary.listing import Sort, Wanted
from stanch.vocabulary.trouble import BadInput, Trouble
from stanch.web.lists import INCIDENTS
from stanch.web.query import both, parse, toggled

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KNOWN = INCIDENTS.known


def wanted(text: str) -> tuple[Wanted, ...]:
    return parse(text, KNOWN, NOW).wanted


def test_an_empty_bar_wants_everything() -> None:
    assert wanted("") == (Wanted(),)


def test_several_values_of_a_field_are_any_of_them() -> None:
    assert wanted("severity:high,medium phase:triaged") == (
        Wanted(severity=(Level.HIGH, Level.MEDIUM), phase=(Phase.TRIAGED,)),
    )


def test_the_same_field_twice_adds_up() -> None:
    assert wanted("severity:high severity:low")[0].severity == (Level.HIGH, Level.LOW)


def test_or_makes_alternatives_with_one_order() -> None:
    one, two = wanted('is:open severity:high OR "key 91" sort:worst')
    assert one == Wanted(closed=False, severity=(Level.HIGH,), sort=Sort.WORST)
    assert two == Wanted(text="key 91", sort=Sort.WORST)


def test_times_are_said_back_from_now_or_in_full() -> None:
    assert wanted("since:2h")[0].since == NOW - timedelta(hours=2)
    assert wanted("until:2026-11-20")[0].until == datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour:red", "is no field of this list"),
        ("severity:awful", "is no severity"),
        ("phase:dancing", "cannot be read"),
        ("since:yesterday", "is no time"),
        ('"open', "is not closed"),
        (" OR ".join(["a"] * 9), "at most 8 alternatives"),
        ("a" * 2001, "at most 2000 characters"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        wanted(text)


@given(st.text(max_size=200))
def test_no_text_breaks_the_bar(text: str) -> None:
    with suppress(Trouble):
        assert wanted(text)


def test_a_facet_goes_in_and_out_again() -> None:
    text = "is:open severity:high"
    assert toggled(text, "severity", "low") == "is:open severity:high,low"
    assert toggled(toggled(text, "severity", "low"), "severity", "low") == text
    assert toggled(text, "severity", "high") == "is:open"
    assert toggled('"two words"', "phase", "triaged") == '"two words" phase:triaged'


def test_both_is_what_fits_both_or_cannot_be_asked() -> None:
    open_ = Wanted(closed=False)
    assert both(open_, Wanted(severity=(Level.HIGH,))) == Wanted(
        closed=False, severity=(Level.HIGH,)
    )
    assert both(Wanted(text="a"), Wanted(text="b")) is None
