"""What is searched for has one form, and that form is its own."""

import unicodedata

import pytest

from stanch.vocabulary.searching import folded


def test_the_form_is_its_own_for_every_letter_there_is() -> None:
    letters = "\n".join(chr(n) for n in range(0x110000) if not 0xD800 <= n < 0xE000)
    once = folded(letters)
    assert folded(once) == once


def test_plain_letters_stay_and_only_their_case_goes() -> None:
    plain = "".join(map(chr, range(128)))
    assert folded(plain) == plain.lower()


@pytest.mark.parametrize("text", ["한국어", "が", "กำ", "हिन्दी", "日本"])
def test_marks_that_make_another_word_stay(text: str) -> None:
    assert folded(text) == unicodedata.normalize("NFC", unicodedata.normalize("NFKD", text))
