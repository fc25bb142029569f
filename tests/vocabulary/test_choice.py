"""Choices: a word is one of several, or a sentence says which there are."""

import pytest

from stanch.vocabulary.choice import no_such, one_of, words_of
from stanch.vocabulary.incident import Level, VerdictKind
from stanch.vocabulary.trouble import BadInput


def test_a_number_is_named_by_its_word_or_by_itself() -> None:
    assert {one_of(Level, text, "severity") for text in ("high", "HIGH", "High", "3")} == {
        Level.HIGH
    }
    assert words_of(Level) == ["low", "medium", "high"]


def test_what_is_not_there_is_told_with_what_is_and_what_was_perhaps_meant() -> None:
    with pytest.raises(BadInput, match=r"'atack' is not a verdict\. Did you mean attack\?"):
        one_of(VerdictKind, "atack", "verdict")
    assert no_such("zzz", "order", ["usual"]) == "'zzz' is not an order. There is: usual."


def test_a_word_of_any_length_is_told_in_one_short_sentence() -> None:
    assert len(no_such("x" * 100_000, "verdict", ["attack"])) < 200
