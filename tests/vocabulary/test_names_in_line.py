"""Several names in one line: what is written is read again, whatever the names hold."""

from hypothesis import given
from hypothesis import strategies as st

from stanch.vocabulary.names import in_line, names_in


@given(st.lists(st.text("a \"',\t\n") | st.text()))
def test_every_name_comes_back_as_it_is(names: list[str]) -> None:
    assert names_in(in_line(names)) == tuple(names)


def test_a_line_is_read_as_people_type_it() -> None:
    assert names_in(" key-7, key-8\tkey-9,,") == ("key-7", "key-8", "key-9")
    assert names_in('"CN=scorer, O=Bank" "Jane ""JD"" Doe"') == (
        "CN=scorer, O=Bank",
        'Jane "JD" Doe',
    )


def test_a_quotation_mark_that_nobody_closes_is_part_of_the_name() -> None:
    assert names_in('"half a name') == ('"half', "a", "name")
    assert names_in('o"brien') == ('o"brien',)
