"""Words of a playbook: filled alone, within a sentence, and in a list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.engine.filling import filled, plainly
from stanch.vocabulary.trouble import BadInput

WORDS = {"suspects": ("key-7", "key-8"), "owner": "ada"}


def test_a_word_in_a_list_is_whom_it_stands_for_and_never_a_name_itself() -> None:
    made = filled({"principals": ("$suspects", "key-91"), "to": "$owner", "times": 3}, WORDS)
    assert made == {"principals": ("key-7", "key-8", "key-91"), "to": "ada", "times": 3}
    assert filled({"text": "Tell $owner of $dataset."}, WORDS) == {
        "text": "Tell ada of (not known)."
    }
    for args in ({"networks": ("10.0.0.0/8", "$networks")}, {"networks": "$networks"}):
        with pytest.raises(BadInput, match="which networks needs"):
            filled(args, WORDS)


def test_a_name_that_holds_a_dollar_is_a_name_and_one_that_is_a_word_can_be_written() -> None:
    names = ("pay$suspects", "a$b", "svc$", "$", "$nobody", "$$suspects", "$$$suspects")
    made = filled({"principals": names}, WORDS)["principals"]
    assert made == ("pay$suspects", "a$b", "svc$", "$", "$nobody", "$suspects", "$$suspects")
    with pytest.raises(BadInput, match=r"written \$\$networks in a list"):
        filled({"networks": ("$networks",)}, WORDS)


@given(st.text("$a") | st.sampled_from(["$suspects", "$$suspects", "$networks"]))
def test_a_name_that_is_written_plainly_is_that_name(name: str) -> None:
    assert filled({"principals": (plainly(name),)}, WORDS)["principals"] == (name,)
