"""How often an alarm may be false, against a real server: said and shown."""

from collections.abc import Iterator
from typing import Any

import pytest

from stanch.cli.root import run

PATH = "/api/v1/alarms"


@pytest.fixture(autouse=True)
def as_usual(server: Any) -> Iterator[None]:
    yield
    server.ask("PUT", PATH, {"false_alarms_per_year": 1})


def test_what_is_said_holds_without_a_new_start_and_only_an_admin_says_it(server: Any) -> None:
    reader = server.new_key("read", "respond")
    assert server.ask("GET", PATH, key=reader).json["false_alarms_per_year"] == 1
    assert server.ask("PUT", PATH, {"false_alarms_per_year": 9}, key=reader).status == 403
    assert server.ask("PUT", PATH, {"false_alarms_per_year": 9}).status == 200
    holds = server.ask("GET", PATH, key=reader).json
    assert (holds["false_alarms_per_year"], holds["by"]) == (9, "key:first admin")


def test_a_number_that_no_alarm_can_keep_is_one_sentence(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    told = server.ask("PUT", PATH, {"false_alarms_per_year": 0})
    assert (told.status, told.json["type"]) == (422, "bad-input")
    assert run(["alarms", "set", "0", "--data", str(server.data)]) != 0
    assert "0.001 to 1000 false alarms a year, not 0." in capsys.readouterr().err


def test_a_shell_sets_it_and_shows_whose_number_an_asset_has(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {"id": "alarmed", "kind": "model", "name": "A", "owner": "us"}
    made = server.ask("POST", "/api/v1/assets", own | {"false_alarms_per_year": 50})
    assert made.json["false_alarms_per_year"] == 50
    here = ["--data", str(server.data)]
    assert run(["alarms", "set", "12", *here]) == 0
    assert "raises 12 false alarms a year at most" in capsys.readouterr().out
    assert run(["alarms", "show", *here]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["alarmed", "50"]
    assert lines[-1].split()[:3] == ["all", "others", "12"]


NAMES = f"{PATH}/names"


def test_how_many_innocent_may_be_named_is_said_live_by_an_admin_only(server: Any) -> None:
    reader, week = server.new_key("read", "respond"), {"one_in": 1000, "within_days": 7}
    assert server.ask("GET", NAMES, key=reader).json["asked"] is None
    assert server.ask("PUT", NAMES, week, key=reader).status == 403
    assert server.ask("PUT", NAMES, week).json["asked"] == week
    assert server.ask("GET", NAMES, key=reader).json["by"] == "key:first admin"
    assert server.ask("PUT", NAMES, {"one_in": 0}).json["type"] == "bad-input"
    assert server.ask("PUT", NAMES, {"one_in": None}).json["asked"] is None


def test_a_shell_says_how_many_innocent_may_be_named_and_shows_whose_word_an_asset_has(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {"id": "named", "kind": "model", "name": "N", "owner": "us"}
    server.ask("POST", "/api/v1/assets", own | {"wrong_names": {"one_in": 50}})
    here = ["--data", str(server.data)]
    assert run(["alarms", "names", "1000", "--within", "7", *here]) == 0
    said = capsys.readouterr().out
    assert "at most one in 1000 of the innocent principals in 7 days." in said
    assert "Those with their own keep it: named." in said
    assert run(["alarms", "names", *here]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("named")
    assert "one in 50 of the innocent principals in a day" in lines[1]
    assert run(["alarms", "names", "--usual", *here]) == 0
    assert "once in 1000 windows by each detector" in capsys.readouterr().out
