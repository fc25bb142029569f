"""A name stands in a sentence as one name, whoever chose it."""

import pytest

from stanch.vocabulary.spoken import listed, shown, spoken


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("key-91", "key-91"),
        ("Jane Doe", "Jane Doe"),
        ('Jane "JD" Doe', 'Jane "JD" Doe'),
        ("用户-1", "用户-1"),
        ("*", "*"),
        ("CN=client,OU=Payments", '"CN=client,OU=Payments"'),
        ("a and b", '"a and b"'),
        ("Jane; Doe", '"Jane; Doe"'),
        ("", '""'),
        ("tail ", '"tail "'),
        ('"a"', '"""a"""'),
    ],
)
def test_a_name_that_would_run_into_its_neighbours_is_in_quotation_marks(
    name: str, said: str
) -> None:
    assert spoken(name) == said


def test_a_name_begins_no_line_hides_nothing_and_turns_nothing_round() -> None:
    assert spoken("a\nWho is hit: nobody") == "a\N{REPLACEMENT CHARACTER}Who is hit: nobody"
    assert spoken("key\u200b-91") == "key\N{REPLACEMENT CHARACTER}-91"
    assert spoken("\u202eevil") == "\N{REPLACEMENT CHARACTER}evil"


def test_long_names_that_differ_at_their_end_are_told_apart() -> None:
    one, other = (f"arn:aws:sts::123456789012:assumed-role/{'x' * 80}/{n}" for n in (1, 2))
    assert spoken(one) != spoken(other)
    assert len(spoken(one)) < 70
    assert shown(one) == shown(other)


def test_two_names_in_a_list_are_never_three() -> None:
    assert listed(["a,b", "c"]) == '"a,b", c'
    assert listed(["a", "b", "c", "d"]) == "a, b, c and 1 more"
