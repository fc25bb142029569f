"""A benchmark that is asked for its usage says it, and measures nothing."""

import runpy
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
words = runpy.run_path(str(BENCH / "words.py"))["words"]
MAINS = sorted(p for p in BENCH.glob("*.py") if "\ndef main(" in p.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", MAINS, ids=lambda path: path.stem)
def test_every_benchmark_refuses_options_that_it_does_not_know(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "ArgumentParser(" in source or "    words(__doc__" in source


@pytest.mark.parametrize(
    ("given", "code"),
    [(["--help"], 0), (["here", "--rounds=3"], 64), ([], 64), (["here", "4", "5", "6"], 64)],
)
def test_its_usage_is_told_where_it_is_asked_for_or_needed(
    given: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *given])
    with pytest.raises(SystemExit) as ended:
        words("Run: python -m bench.it FOLDER [rounds]", most=2, least=1)
    assert ended.value.code == code
    told = capsys.readouterr()
    assert "bench.it FOLDER [rounds]" in (told.err if code else told.out)


def test_words_that_it_takes_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "here", "4"])
    assert words("", most=2, least=1) == ["here", "4"]
