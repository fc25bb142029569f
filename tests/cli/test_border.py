"""What nobody expected of a command is one sentence, and never a traceback."""

import pytest

from stanch.cli import root


def test_what_nobody_expected_is_one_sentence_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("nothing to divide by")

    monkeypatch.setattr(root, "get_command", broken)
    assert root.run(["doctor"]) == 1
    said = capsys.readouterr()
    assert "ZeroDivisionError: nothing to divide by" in said.err
    assert "Run `stanch doctor` and report what it says." in said.err
    assert "Traceback" not in said.err + said.out
