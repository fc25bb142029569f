"""A name is kept in one form, and names that differ stay apart."""

from hypothesis import given
from hypothesis import strategies as st

from stanch.vocabulary.naming import LONGEST, named


def test_one_name_in_two_spellings_of_unicode_is_one() -> None:
    assert named("Jose\u0301") == named("José") == "José"


def test_outer_blanks_are_no_part_of_a_name_and_blanks_alone_name_nobody() -> None:
    assert named(" key-91\t") == "key-91"
    assert named("a b") == "a b"
    assert [named(blank) for blank in ("", " ", "\u3000\n")] == ["", "", ""]


def test_capitals_widths_and_hidden_letters_keep_names_apart() -> None:
    apart = ("key-91", "KEY-91", "ｋey-91", "key\u200b-91", "a,b", "a b", "%2F", "/")
    assert len(set(map(named, apart))) == len(apart)


def test_long_names_stay_apart_and_fit() -> None:
    one, other = named("n" * 10_000 + "1"), named("n" * 10_000 + "2")
    assert one != other
    assert len(one) == len(other) == LONGEST
    assert named("n" * LONGEST) == "n" * LONGEST


@given(st.text(max_size=400))
def test_the_form_of_a_form_is_itself(text: str) -> None:
    assert named(named(text)) == named(text)
    assert len(named(text)) <= LONGEST
