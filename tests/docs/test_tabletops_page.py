"""The page on tabletops says what the program does."""

import re
from pathlib import Path

from stanch.cli.tabletop import app
from stanch.engine.runs.library import shipped as playbooks
from stanch.engine.tabletop.shelf import shipped
from stanch.engine.tabletop.written import read
from stanch.learn.tabletop.scenario import Channel, Kind
from stanch.vocabulary.people import Duty
from stanch.vocabulary.record import Deed

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run-a-tabletop.md"
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def test_its_scenario_can_be_played() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    one = read(text, "page.yaml", playbooks()).scenario
    assert [i.kind for i in one.injects] == [Kind.CHOICE, Kind.POINTS, Kind.FREE]


def test_it_names_what_there_is() -> None:
    page = PAGE.read_text("utf-8")
    assert f"{NUMBERS[len(shipped())]} scenarios" in page
    assert all(word in page for word in (*Channel, *Duty, Deed.TABLETOP_MOVED))


def test_every_command_it_shows_exists() -> None:
    there = {one.name or one.callback.__name__ for one in app.registered_commands if one.callback}
    shown = set(re.findall(r"stanch tabletop ([a-z-]+)", PAGE.read_text("utf-8")))
    assert shown <= there
    assert {"list", "start", "next", "answer", "report", "stop", "check"} <= shown
