"""What a terminal shows fits its width; what a program gets stays as it is."""

import sys

import pytest

from stanch.cli.fitting import fitted
from stanch.cli.out import Out

ROWS = [
    {"id": "inc-1", "phase": "contained", "title": "Somebody copies the model"},
    {"id": "inc-22", "phase": "triaged", "title": "Scores moved"},
]
REASON = "   +3.10  Some sent labels that contradict the answers, where those of others do not."


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    Out(json=False).table({"items": ROWS}, ("id", "phase", "title"), ROWS)
    return capsys.readouterr().out.splitlines()


def test_a_row_that_does_not_fit_goes_on_below_under_its_own_heads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = shown(capsys)
    assert whole[1] == "inc-1   contained  Somebody copies the model"
    monkeypatch.setenv("COLUMNS", "30")
    assert shown(capsys) == whole
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert shown(capsys) == [
        "ID      PHASE",
        "  TITLE",
        "inc-1   contained",
        "  Somebody copies the model",
        "inc-22  triaged",
        "  Scores moved",
    ]
    monkeypatch.setenv("COLUMNS", "44")
    assert shown(capsys) == whole


def test_a_sentence_is_broken_between_words_and_a_command_is_left_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    command = "  stanch approve apr-000000000000040, or stanch deny apr-000000000000040"
    text = f"{REASON}\n{command}\nshort"
    assert fitted(text) == text
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    *broken, last, end = fitted(text).splitlines()
    assert max(map(len, broken)) <= 40
    assert broken[0].startswith("   +3.10  Some")
    assert broken[1].startswith("     ")
    assert " ".join(" ".join(broken).split()) == " ".join(REASON.split())
    assert (last, end) == (command, "short")


def test_letters_of_the_east_and_accents_keep_their_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [
        {"id": "審査", "is": "a"},
        {"id": "e\u0301te\u0301", "is": "b"},
        {"id": "long", "is": "c"},
    ]
    Out(json=False).table({}, ("id", "is"), rows)
    told = capsys.readouterr().out.splitlines()
    assert told == ["ID    IS", "審査  a", "e\u0301te\u0301   b", "long  c"]
