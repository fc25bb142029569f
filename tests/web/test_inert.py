"""Text from others: what hides, turns or commands is shown as what it is."""

from hypothesis import given
from hypothesis import strategies as st

from stanch.web.inert import cell, clipped, inert, meant
from stanch.web.markdown import html, plain, ticked


def test_a_turning_letter_is_shown_as_its_number() -> None:
    assert inert("gpj.\u202eexe") == "gpj.‹U+202E›exe"


def test_a_terminal_sequence_is_shown_and_commands_nothing() -> None:
    assert inert("\x1b[31mred") == "‹U+001B›[31mred"


def test_letters_of_the_world_and_line_ends_are_left_alone() -> None:
    for text in ("Straße 北京 مرحبا 👍", "one\ntwo\tthree"):
        assert inert(text) == text


_MARKED = st.text("\u2039\u203aU+0123456789ABCDEF\u200b\u202ex") | st.text()


@given(_MARKED)
def test_nothing_hidden_is_left_and_what_was_meant_comes_back(text: str) -> None:
    shown = inert(text)
    assert not any(c in shown for c in "\u202e\u200b\u2066\ufeff\x1b\x00\r")
    assert meant(shown) == text


def test_a_number_is_not_forged_and_none_of_a_plain_letter_is_read() -> None:
    assert inert("\u2039U+200B\u203ax") == "\u2039U+2039\u203aU+200B\u203ax"
    for text in ("\u2039U+0041\u203a", "\u2039U+FFFFFF\u203a", "\u2039U+200b\u203a"):
        assert meant(text) == text


@given(st.text(min_size=1))
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert cell(text)[:1] not in {"=", "+", "-", "@", "\t", "\r"}


def test_a_clipped_text_says_that_there_is_more() -> None:
    assert clipped("a" * 10, 5) == "aaaa…"
    assert clipped("a" * 5, 5) == "aaaaa"


@given(st.text())
def test_a_note_never_becomes_markup_of_its_own(text: str) -> None:
    made = str(html(text))
    for tag in ("<script", "<img", "<iframe", "<svg", "<style", "<form"):
        assert tag not in made.lower()


def test_a_note_knows_a_little_markdown_and_its_own_ids() -> None:
    made = str(
        html("**bold** *slant* `<b>` @ada inc-0123456789abcde\n\n- one\n- two\n\n```\n<x>\n```")
    )
    assert "<strong>bold</strong>" in made
    assert "<em>slant</em>" in made
    assert "<code>&lt;b&gt;</code>" in made
    assert '<span class="mention">@ada</span>' in made
    assert '<a href="/incidents/inc-0123456789abcde">' in made
    assert "<ul><li>one</li><li>two</li></ul>" in made
    assert "<pre>&lt;x&gt;</pre>" in made


def test_a_note_on_one_line_has_its_words_and_no_marks() -> None:
    text = (
        "Saw the **first** of `key-91`.\r\n\n- *all* on a grid\n- not ours, @ben\n```\nx * y\n```"
    )
    told = "Saw the first of key-91. all on a grid not ours, @ben x * y"
    assert plain(text) == told


def test_what_stands_between_backticks_is_code_and_nothing_else_is_markup() -> None:
    assert ticked("State a `fallback <b>`, now.") == "State a <code>fallback &lt;b&gt;</code>, now."


def test_an_address_in_a_note_is_text_and_no_link() -> None:
    made = str(html("[click](https://evil.example) https://evil.example javascript:alert(1)"))
    assert "<a " not in made
