"""What a table shows: values as people read them, and of an empty one what it means."""

from typing import Any

import pytest

from stanch.cli.out import Out, cell, in_line
from stanch.vocabulary.trouble import BadInput


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("opened", "2026-11-22T10:22:36.009697Z", "2026-11-22 10:22:36 UTC"),
        ("disabled", False, "no"),
        ("shared", True, "yes"),
        ("size", 2048, "2.0 kB"),
        ("rows", 2048, "2048"),
        ("expires", None, "-"),
        ("owner", "", "-"),
        ("scopes", ["read", "respond"], "read, respond"),
        ("prediction", 0, "0"),
        ("says", "red\x1b[31m", "red\N{REPLACEMENT CHARACTER}[31m"),
    ],
)
def test_a_cell_is_said_as_people_say_it(name: str, value: Any, said: str) -> None:
    assert cell(name, value) == said


def test_no_text_orders_the_terminal_about_or_begins_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hostile = "eve\x1b[31m\x1b]0;t\x07 \u202egnp \u200b \ud800"
    gone = "\N{REPLACEMENT CHARACTER}"
    seen = f"eve{gone}[31m{gone}]0;t{gone} {gone}gnp {gone} {gone}"
    out = Out(json=False)
    out.show({}, f"a\tb\n{hostile}")
    out.say(hostile)
    out.trouble(BadInput(hostile))
    told = capsys.readouterr()
    assert (told.out, told.err) == (f"a b\n{seen}\n", f"{seen}\nstanch: {seen}\n")
    assert in_line("eve\ninc-1: closed") == f"eve{gone}inc-1: closed"


def test_an_empty_table_says_what_that_means_and_a_program_gets_an_empty_list(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Out(json=False).table({"items": []}, ("id",), [], empty="No duty is running.")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "No duty is running.\n")
    Out(json=True).table({"items": []}, ("id",), [], empty="No duty is running.")
    assert capsys.readouterr().out == '{\n  "items": []\n}\n'


def test_long_names_that_differ_at_their_end_are_told_apart_in_a_table() -> None:
    one, other = (cell("principal", "n" * 200 + end) for end in "12")
    assert one != other
    assert len(one) == len(other) == 80


def test_a_name_that_looks_like_a_time_stays_a_name() -> None:
    assert cell("principal", "2026-11-22T10:22:36Z") == "2026-11-22T10:22:36Z"
