"""Tabletops over HTTP and by the command line: played to the end on a running server."""

import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE

from stanch.cli.root import run

YAML = {"content-type": "application/yaml"}
PLAYS = "/api/v1/tabletops/plays"
HOSTILE = "<img src=x onerror=alert(1)> \x1b[2J \u202e\u0000 [a](http://evil.example)"


@pytest.fixture
def play(server: Any) -> Iterator[Callable[..., dict[str, Any]]]:
    """Starts plays; each is over at the end of the test."""
    made: list[str] = []

    def start(scenario: str = "moved-scores") -> dict[str, Any]:
        answer = server.ask("POST", PLAYS, {"scenario": scenario})
        assert answer.status == 201, answer.body
        made.append(answer.json["id"])
        return answer.json

    yield start
    for key in made:
        assert server.ask("POST", f"{PLAYS}/{key}/stop").status == 201


def test_a_play_goes_from_its_start_to_its_report(server: Any, play: Any) -> None:
    one = play()
    at = f"{PLAYS}/{one['id']}"
    assert one["questions"][0]["options"][0]["worth"] is not None  # whoever leads it may look
    other = server.new_key("read", "respond")
    assert server.ask("POST", f"{at}/seats", {"duty": "responder"}, key=other).status == 201
    said = {"inject": "shift", "choice": "look", "text": HOSTILE}
    told = server.ask("POST", f"{at}/answers", said, key=other)
    assert told.status == 201, told.body
    assert told.json["questions"][0]["options"][0]["worth"] is None
    assert server.ask("GET", f"{at}/report").status == 409
    for what in ("next", "pause", "resume"):
        assert server.ask("POST", f"{at}/{what}", key=other).status == 201, what
    words = {"inject": "world", "text": "Everybody moved, and the airport closed."}
    move = server.ask("POST", f"{at}/answers", words, key=other).json["questions"][1]["answers"][0]
    assert server.ask("POST", f"{at}/remarks", {"text": "Quick."}).status == 201
    task = {"text": "Tell the shop whom to call", "owner": "cy", "due": "2026-12-01"}
    assert server.ask("POST", f"{at}/follow-ups", task).status == 201
    rating = {"answer": move["move"], "points": ["principals", "cause"]}
    assert server.ask("POST", f"{at}/ratings", rating).status == 201
    over = server.ask("POST", f"{at}/stop").json
    assert (over["standing"], over["score"]["put"], over["score"]["gaps"]) == ("over", 2, [])
    report = server.ask("GET", f"{at}/report", key=other).json
    assert report["table"]["score"]["percent"] == 75.0
    text = server.ask("GET", f"{at}/report.md", key=other)
    assert text.headers["content-type"] == "text/markdown; charset=utf-8"
    assert "Tell the shop whom to call" in text.body.decode()
    for bad in ("<img", "http://evil", "\x1b", "\u202e"):
        assert bad not in text.body.decode()


def test_its_incident_is_an_exercise_and_nothing_real_can_be_done_about_it(
    server: Any, play: Any
) -> None:
    one = play("forty-customers")
    key = one["incident"]
    assert server.ask("GET", f"/api/v1/incidents/{key}").json["exercise"] is True
    listed = server.ask("GET", "/api/v1/incidents?exercise=false&limit=500").json["items"]
    assert key not in {line["incident"]["id"] for line in listed}
    run_it = server.ask("POST", "/api/v1/playbooks/extraction/runs", {"incident": key})
    assert (run_it.status, run_it.json["type"]) == (409, "conflict")
    assert server.ask("GET", f"/api/v1/clocks?incident={key}").json["items"] == []


def test_what_becomes_known_is_told_to_open_pages_by_the_clock(server: Any, play: Any) -> None:
    one = play()
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.request(
            "GET", "/api/v1/stream?after=0", headers={"authorization": f"Bearer {server.key}"}
        )
        answer, told = connection.getresponse(), 0
        while told < 2:
            line = answer.readline()
            assert line
            told += one["id"].encode() in line
    finally:
        connection.close()


def test_a_scenario_is_checked_with_the_line_of_its_mistake(server: Any) -> None:
    text = server.ask("GET", "/api/v1/tabletops/scenarios/forty-customers").json["text"]
    good = server.ask("POST", "/api/v1/tabletops/check", text.encode(), headers=YAML)
    assert good.json["injects"] == 7
    bad = text.replace("channel: alert", "channel: pigeon", 1).encode()
    answer = server.ask("POST", "/api/v1/tabletops/check", bad, headers=YAML)
    assert (answer.status, answer.json["type"]) == (422, "bad-file")
    assert "tabletop.yaml:" in answer.json["detail"]
    assert server.ask("POST", "/api/v1/tabletops/check", b"\xff", headers=YAML).status == 422
    assert server.ask("GET", "/api/v1/tabletops/scenarios/none").status == 404
    assert server.ask("GET", f"{PLAYS}/ttx-none").status == 404


def test_who_may_only_read_sees_no_answer_and_changes_nothing(server: Any, play: Any) -> None:
    one, key = play(), server.new_key("read")
    cards = server.ask("GET", "/api/v1/tabletops", key=key)
    assert "Contain nothing" not in cards.body.decode()
    assert server.ask("GET", f"{PLAYS}/{one['id']}", key=key).status == 200
    assert server.ask("GET", "/api/v1/tabletops/scenarios/forty-customers", key=key).status == 403
    assert server.ask("POST", f"{PLAYS}/{one['id']}/next", key=key).status == 403
    assert server.ask("POST", PLAYS, {"scenario": "forty-customers"}, key=key).status == 403


def test_the_command_line_plays_a_scenario_of_ones_own_to_its_report(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "ours.yaml"
    assert run(["tabletop", "show", "moved-scores"]) == 0
    own.write_text(capsys.readouterr().out.replace("tabletop: moved-scores", "tabletop: ours"))
    assert run(["tabletop", "check", str(own), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["injects"] == 6
    here = ["--data", str(server.data)]
    assert run(["tabletop", "start", str(own), "--json", *here]) == 0
    one = json.loads(capsys.readouterr().out)
    mine = [*here, "--play", one["id"]]
    for words in (
        ["sit", "responder", "--who", "Ada"],
        ["answer", "shift", "look", "--who", "Ada", "--text", "What began \x1b[31mthen?"],
        ["next"],
        ["answer", "world", "--text", "everybody moved", "--as", "data_scientist"],
        ["pause"],
        ["resume"],
        ["remark", "The list of world events was missing."],
        ["follow-up", "Put it beside the charts", "--owner", "Eve", "--due", "2026-12-01"],
        ["status"],
    ):
        assert run(["tabletop", *words, *mine]) == 0, words
    told = capsys.readouterr().out
    assert "Ada: look What began" in told
    assert "\x1b" not in told
    assert run(["tabletop", "report", *mine]) == 4
    assert run(["tabletop", "rate", "999", "--worth", "2", *mine]) == 66
    assert run(["tabletop", "stop", *mine]) == 0
    assert "score:" in capsys.readouterr().out
    assert run(["tabletop", "report", *mine]) == 0
    report = capsys.readouterr().out
    assert report.startswith("# Exercise: The scores moved overnight")
    assert "Put it beside the charts" in report
    assert run(["tabletop", "list", "--plays", "--json", *here]) == 0
    assert one["id"] in {p["id"] for p in json.loads(capsys.readouterr().out)["items"]}


def test_without_a_server_the_scenarios_are_listed_and_nothing_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ["--data", str(tmp_path)]
    assert run(["tabletop", "list", *here, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["items"]) >= 5
    assert run(["tabletop", "start", "forty-customers", *here]) == 69
    assert run(["tabletop", "check", str(tmp_path / "none.yaml")]) == 65
    assert run(["tabletop", "show", "none"]) == 66
