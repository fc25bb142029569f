"""The query bar: what is typed is what is wanted, or it says what it knows."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.engine.query import KNOWN, parse
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Level, Phase
from stanch.vocabulary.listing import Sort, Wanted
from stanch.vocabulary.trouble import BadInput, Trouble
from stanch.web.query import chosen, toggled, valued, within, written

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def wanted(text: str) -> Wanted:
    return parse(text, "incidents", NOW).wanted


def test_an_empty_bar_wants_everything() -> None:
    assert wanted("") == Wanted()


def test_what_is_typed_on_a_page_narrows_what_the_page_is_about() -> None:
    page = Wanted(incident=(IncidentId("inc-1"),), asset=(AssetId("a"),))
    assert within(page, wanted("")) == page
    assert within(page, wanted("phase:triaged zoo sort:worst")) == replace(
        page, phase=(Phase.TRIAGED,), text="zoo", sort=Sort.WORST
    )
    # Who names another asset than the page is about wants both at once, which is nothing.
    other = wanted("asset:b zoo")
    assert within(page, other) == replace(page, any_of=(other,))
    either = wanted("zoo OR phase:triaged")
    assert within(page, either) == replace(page, any_of=either.any_of)


def test_several_values_of_a_field_are_any_of_them() -> None:
    assert wanted("severity:high,medium phase:triaged") == Wanted(
        severity=(Level.HIGH, Level.MEDIUM), phase=(Phase.TRIAGED,)
    )


def test_the_same_field_twice_adds_up() -> None:
    assert wanted("severity:high severity:low").severity == (Level.HIGH, Level.LOW)


def test_or_makes_alternatives_with_one_order() -> None:
    both = wanted('is:open severity:high OR "key 91" sort:worst')
    one, two = both.any_of
    assert one == Wanted(closed=False, severity=(Level.HIGH,))
    assert two == Wanted(text="key 91")
    assert both == Wanted(any_of=(one, two), sort=Sort.WORST)


def test_times_are_said_back_from_now_or_in_full() -> None:
    assert wanted("since:2h").since == NOW - timedelta(hours=2)
    assert wanted("until:2026-11-20").until == datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour:red", "not a field of incidents"),
        ("serverity:high", "Did you mean severity"),
        ("severity:awful", "not a severity. There is: low, medium, high"),
        ("phase:dancing", "not a phase. There is: detected"),
        ("verdict:atack", "Did you mean attack"),
        ("is:wrong", "There is: open, closed"),
        ("sort:up", "not an order. There is: usual, worst"),
        ("exercise:perhaps", "is true or false"),
        ("since:999999w", "longer ago than there are years"),
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
        assert isinstance(wanted(text), Wanted)


def test_what_stands_in_quotation_marks_is_searched_for_as_words() -> None:
    assert wanted('"http://x/a?b" "key 91"').text == "http://x/a?b key 91"
    assert wanted('commander:"Ada Lovelace",bo').owner == ("Ada Lovelace", "bo")
    assert wanted('"commander:Ada Lovelace"').owner == ("Ada Lovelace",)  # as it was once written
    assert wanted('principal:"a,b"').principal == ("a,b",)
    assert wanted("\u8a50\u6b3a\u3000\u653b\u6483").text == "\u8a50\u6b3a \u653b\u6483"
    for text in ('"http://x" is:open', 'commander:"Ada Lovelace" zoo', 'OR "OR" is:open'):
        said = written(wanted(text), KNOWN["incidents"])
        assert wanted(said) == wanted(text), said
    assert toggled('"a:b"', "commander", "Ada L") == '"a:b" commander:"Ada L"'
    assert toggled('commander:"Ada L"', "commander", "Ada L") == ""


def test_a_facet_goes_in_and_out_again() -> None:
    text = "is:open severity:high"
    assert toggled(text, "severity", "low") == "is:open severity:high,low"
    assert toggled(toggled(text, "severity", "low"), "severity", "low") == text
    assert toggled(text, "severity", "high") == "is:open"
    assert toggled('"two words"', "phase", "triaged") == '"two words" phase:triaged'


def test_a_facet_narrows_every_alternative_and_goes_out_again() -> None:
    text = "is:open severity:high OR verdict:attack severity:low,high OR severity:low"
    narrow = toggled(text, "severity", "high")
    assert narrow == "is:open severity:high OR verdict:attack severity:high"
    assert toggled(narrow, "severity", "high") == "is:open OR verdict:attack"
    assert chosen(parse(narrow, "incidents", NOW), "severity") == {"high"}
    assert not chosen(parse(text, "incidents", NOW), "severity")


@pytest.mark.parametrize(
    "name",
    [
        *("CN=client,OU=Payments,O=Bank", 'Jane "JD" Doe', 'key:"x"', "a,b", "a b", "José", "-x"),
        *("*", "=1+1", "OR", "|", "%2F", "..", "$suspects", "null", "key:91", '"', "is:open", "2h"),
    ],
)
def test_a_name_of_real_life_is_asked_for_as_that_name(name: str) -> None:
    query = parse(f"principal:{valued(name)}", "findings", NOW)
    assert query.wanted == Wanted(principal=(PrincipalId(name),))
    known = {"principal": "principal"}
    assert parse(written(query.wanted, known), "findings", NOW).wanted == query.wanted
    two = toggled(query.text, "principal", "key-91")
    assert parse(two, "findings", NOW).wanted.principal == (name, "key-91")
    assert toggled(two, "principal", name) == "principal:key-91"


def test_words_with_quotation_marks_are_searched_for_as_they_stand() -> None:
    wanted = parse('"said ""no"" twice"', "findings", NOW).wanted
    assert wanted == Wanted(text='said "no" twice')
    assert parse(written(wanted, {}), "findings", NOW).wanted == wanted
