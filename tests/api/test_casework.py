"""Filters, links, facets, freezes and the checkup over a real server; a folder that moves house."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.processes import PATIENCE, until

from stanch.cli.root import run
from stanch.vocabulary.trouble import BadInput, InUse, NotFound

Start = Callable[[Path, dict[str, str]], AbstractContextManager[Any]]
ASSET = {"id": "frozen", "kind": "model", "name": "F", "owner": "ada"}


def an_incident(server: Any) -> str:
    server.ask("POST", "/api/v1/assets", ASSET)
    body = {"asset": "frozen", "text": "it answers oddly"}
    told = server.ask("POST", "/api/v1/incidents", body)
    assert told.status == 201, told.body
    return str(told.json["id"])


def commanded(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = run([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_filters_are_kept_shared_and_dropped_by_their_owner(server: Any) -> None:
    body = {"name": "mine", "noun": "incidents", "wanted": {"asset": ["frozen"]}}
    kept = server.ask("POST", "/api/v1/filters", body).json
    assert kept["wanted"]["asset"] == ["frozen"]
    other = server.new_key("read")
    path = f"/api/v1/filters/{kept['id']}"
    assert kept["id"] not in [
        one["id"] for one in server.ask("GET", "/api/v1/filters", key=other).json
    ]
    shared = server.ask("POST", "/api/v1/filters", {**body, "name": "ours", "shared": True}).json
    assert shared["id"] in [
        one["id"] for one in server.ask("GET", "/api/v1/filters", key=other).json
    ]
    assert server.ask("DELETE", path, key=other).status == 403
    assert server.ask("DELETE", path).json["id"] == kept["id"]
    assert server.ask("DELETE", path).status == 404
    assert server.ask("POST", "/api/v1/filters", {**body, "noun": "secrets"}).status == 422


def test_a_filter_of_the_last_day_means_the_day_before_whoever_uses_it(server: Any) -> None:
    body = {"name": "day", "noun": "incidents", "moving": {"since": "24h"}}
    kept = server.ask("POST", "/api/v1/filters", body).json

    def since() -> str:
        found = server.ask("GET", "/api/v1/filters").json
        return next(str(one["wanted"]["since"]) for one in found if one["id"] == kept["id"])

    assert kept["moving"] == {"since": "24h"}
    assert since() > kept["wanted"]["since"]
    server.ask("DELETE", f"/api/v1/filters/{kept['id']}")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"wanted": {"colour": ["red"]}}, "wanted: 'colour' is not a field here"),
        ({"wanted": {"verdict": ["atack"]}}, "'atack' is not a verdict. Did you mean attack?"),
        ({"wanted": {"detector": ["x"]}}, "'detector' is not a filter of incidents"),
        ({"wanted": {"since": "2026-11-21T08:00:00"}}, "since needs a zone"),
        ({"noun": "clocks", "wanted": {"state": ["mised"]}}, "Did you mean missed?"),
        ({"noun": "incident"}, "Did you mean incidents?"),
        ({"moving": {"since": "a day"}}, "Write 30m, 24h, 7d or 2w"),
        ({"moving": {"sinse": "24h"}}, "Did you mean since?"),
        ({"shard": True}, "'shard' is not a field here. Did you mean shared?"),
    ],
)
def test_a_filter_that_could_find_nothing_is_not_kept(
    server: Any, change: dict[str, Any], says: str
) -> None:
    told = server.ask("POST", "/api/v1/filters", {"name": "n", "noun": "incidents", **change})
    assert (told.status, says in told.json["detail"]) == (422, True), told.json


def test_an_incident_points_at_a_ticket_and_lets_go(server: Any) -> None:
    base = f"/api/v1/incidents/{an_incident(server)}/links"
    link = server.ask("POST", base, {"kind": "ticket", "to": "OPS-1"}).json
    assert [one["to"] for one in server.ask("GET", base).json] == ["OPS-1"]
    gone = {"kind": "related", "to": "inc-000000000000000"}
    assert server.ask("POST", base, gone).status == 404
    for kind, to in (("url", "javascript:alert(1)"), ("pinned", "now findings //elsewhere")):
        assert server.ask("POST", base, {"kind": kind, "to": to}).status == 422
    told = {"asset": "thawed", "text": "it answers oddly"}
    another = f"/api/v1/incidents/{server.ask('POST', '/api/v1/incidents', told).json['id']}"
    assert server.ask("DELETE", f"{another}/links/{link['id']}").status == 404
    assert server.ask("DELETE", f"{base}/{link['id']}").json == {"removed": True}
    assert server.ask("DELETE", f"{base}/{link['id']}").status == 404


def test_an_item_for_an_incident_that_does_not_exist_is_not_kept(server: Any) -> None:
    kept = server.ask("GET", "/api/v1/evidence?limit=500").json["items"]
    path = "/api/v1/vault?name=model&incident=inc-000000000000000"
    refused = server.ask("POST", path, b"weights")
    assert (refused.status, "inc-000000000000000" in refused.json["detail"]) == (404, True)
    assert server.ask("GET", "/api/v1/evidence?limit=500").json["items"] == kept


def test_facets_count_what_is_wanted(server: Any) -> None:
    an_incident(server)
    told = server.ask("GET", "/api/v1/facets/incidents?asset=frozen").json
    assert told["asset"] == {"frozen": sum(told["phase"].values())}
    assert server.ask("GET", "/api/v1/facets/findings?asset=none").json["asset"] == {}
    assert server.ask("GET", "/api/v1/facets/findings?phase=closed").status == 422


def test_a_freeze_keeps_the_asset_and_its_rows(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from stanch.engine.clock import utc_now  # noqa: PLC0415  rows of this very minute

    incident = an_incident(server)
    row = {"id": "fr-1", "ts": utc_now().isoformat(), "kind": "inference", "asset": "frozen"}
    assert server.ask("POST", "/api/v1/events", [row]).json["accepted"] == 1
    data = str(server.data)
    code, told = commanded(capsys, "freeze", "frozen", "--incident", incident, "--data", data)
    assert code == 0
    kinds = {one["kind"] for one in told["items"]}
    assert {"asset", "policy", "events"} <= kinds
    code, listed = commanded(capsys, "evidence", "list", "--incident", incident, "--data", data)
    assert {one["id"] for one in told["items"]} <= {one["id"] for one in listed["items"]}
    code, some = commanded(
        capsys, "evidence", "list", "--incident", incident, "--kind", "policy", "--data", data
    )
    assert {one["kind"] for one in some["items"]} == {"policy"}
    for words in (["evidence", "list", "--incident", incident], ["vault", "list"]):
        assert run([*words, "--limit", "1", "--data", data]) == 0
        shown = capsys.readouterr()
        assert len(shown.out.splitlines()) == 2, "the names of the columns and one row"
        assert "These are the newest 1. More of them: --limit N." in shown.err
    count = str(len(listed["items"]))
    words = ["evidence", "list", "--incident", incident, "--limit", count, "--data", data]
    assert run(words) == 0
    assert "These are" not in capsys.readouterr().err
    assert server.ask("POST", "/api/v1/assets/nothing/freeze", {}).status == 404
    for minutes in (0, 7 * 24 * 60 + 1):
        asked = server.ask("POST", "/api/v1/assets/frozen/freeze", {"minutes": minutes})
        assert asked.status == 422, minutes


def test_the_checkup_names_what_an_asset_lacks(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    an_incident(server)

    def checkup() -> dict[str, Any]:
        return {one["name"]: one for one in server.ask("GET", "/api/v1/checkup").json}

    until(lambda: checkup()["chores"]["good"])  # one that failed a moment ago is done again
    told = checkup()
    assert "has no baseline" in told["asset frozen"]["says"]
    assert "stanch baseline set frozen" in told["asset frozen"]["remedy"]
    code, doctor = commanded(capsys, "doctor", "--data", str(server.data))
    assert code == 0, doctor
    assert "witnesses" in {one["name"] for one in doctor["checks"]}
    assert commanded(capsys, "clocks", "--data", str(server.data))[0] in (0, 1)


def test_the_checkup_tells_a_baseline_that_is_not_what_was_signed(server: Any) -> None:
    server.ask("POST", "/api/v1/assets", {**ASSET, "id": "swapped"})
    row = {"kind": "inference", "asset": "swapped", "features": [1.0], "prediction": "a"}
    rows = [{**row, "id": f"s{n}", "ts": f"{datetime.now(UTC):%FT%TZ}"} for n in range(30)]
    path = "/api/v1/assets/swapped/baselines?override=few"
    made = server.ask("POST", path, rows)

    def said() -> Any:
        found = server.ask("GET", "/api/v1/checkup").json
        return next(one for one in found if one["name"] == "asset swapped")

    assert "signed" not in said()["says"]
    with closing(sqlite3.connect(server.data / "stanch.sqlite")) as store, store:
        changed = "UPDATE baselines SET body = CAST(body || x'00' AS BLOB) WHERE asset = ?"
        assert store.execute(changed, ("swapped",)).rowcount == 1
    assert said()["good"] is False
    assert f"not what was signed: {made.json['id']}" in said()["says"]
    server.ask("POST", path, rows)
    assert "signed" not in said()["says"]


def test_a_second_stanch_says_who_has_the_folder(server: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stanch", "up", "--data", str(server.data), "--port", "0", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == InUse.exit_code
    assert str(server.pid) in json.loads(done.stdout)["detail"]


def test_a_folder_is_backed_up_while_in_use_rotated_and_goes_on_elsewhere(
    tmp_path: Path, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, copy = tmp_path / "old", tmp_path / "new", str(tmp_path / "copy.backup")
    octets = {"content-type": "application/octet-stream"}
    with start(old, {}) as server:
        incident = an_incident(server)
        rows = [{"id": f"b{n}", "ts": "2026-11-21T12:00:00Z", "asset": "frozen"} for n in range(9)]
        events = [{**row, "kind": "inference"} for row in rows]
        assert server.ask("POST", "/api/v1/events", events).json["accepted"] == 9
        item = server.ask("POST", "/api/v1/vault?name=x", b"kept", headers=octets).json
        assert commanded(capsys, "backup", "-o", copy, "--data", str(old))[0] == 0
        os.kill(server.pid, signal.SIGINT)
    assert commanded(capsys, "restore", copy, "--data", str(new))[0] == 0
    code, rotated = commanded(capsys, "key", "rotate", "--data", str(new))
    assert (code, rotated["before"] != rotated["after"]) == (0, True)
    with start(new, {}) as server:
        assert server.ask("GET", f"/api/v1/incidents/{incident}").status == 200
        assert server.ask("GET", f"/api/v1/evidence/{item['id']}/content").body == b"kept"
        again = server.ask("POST", "/api/v1/events", events).json
        assert (again["accepted"], again["duplicate"]) == (0, 9)
        assert server.ask("GET", "/api/v1/hunt/count?asset=frozen").json["count"] == 9
        told = server.ask("GET", "/api/v1/evidence-check").json
        assert told["holds"] is True, told
        bundle = tmp_path / "b.zip"
        code, _ = commanded(
            capsys, "evidence", "export", "all", "-o", str(bundle), "--data", str(new)
        )
        assert code == 0
    for pin in (rotated["before"], rotated["after"]):
        code, told = commanded(capsys, "evidence", "verify", str(bundle), "--pin", pin)
        assert (code, told["holds"]) == (0, True), told


def test_filters_and_links_are_worked_from_the_command_line(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--data", str(server.data))
    one = an_incident(server)
    where = ("--where", "asset=frozen", "--where", "closed=false")
    code, kept = commanded(capsys, "filter", "keep", "frozen-ones", *where, *at)
    assert (code, kept["wanted"]["closed"]) == (0, False)
    _, listed = commanded(capsys, "filter", "list", *at)
    assert "frozen-ones" in [each["name"] for each in listed["items"]]
    for command in (
        ("filter", "show", "frozen-ones"),
        ("incident", "list", "--filter", "frozen-ones"),
    ):
        code, found = commanded(capsys, *command, *at)
        assert code == 0
        assert one in [each["incident"]["id"] for each in found["items"]]
    assert commanded(capsys, "incident", "list", "--filter", "nobody's", *at)[0] == 66
    assert commanded(capsys, "filter", "keep", "odd", "--where", "asset", *at)[0] == 64
    for wrong in ("severty=high", "severity=huge", "any_of=x", "since=soon"):
        assert commanded(capsys, "filter", "keep", "odd", "--where", wrong, *at)[0] == 64
    high = ("--where", "severity=High", "--where", "since=1h")
    code, worst = commanded(capsys, "filter", "keep", "worst", *high, *at)
    assert (code, worst["wanted"]["severity"], worst["moving"]) == (0, [3], {"since": "1h"})
    assert commanded(capsys, "filter", "show", "worst", *at)[0] == 0
    narrow = ("--severity", "low", "--verdict", "undecided", "--since", "1h", "--asset", "frozen")
    code, found = commanded(capsys, "incident", "list", *narrow, *at)
    assert (code, one in [each["incident"]["id"] for each in found["items"]]) == (0, True)
    assert commanded(capsys, "incident", "list", "--principal", "x-9", *at)[1] == {"items": []}
    assert commanded(capsys, "finding", "list", "--since", "24h", *at)[0] == 0
    assert commanded(capsys, "filter", "drop", kept["id"], *at)[0] == 0
    assert commanded(capsys, "filter", "drop", kept["id"], *at)[0] == 66
    _, link = commanded(capsys, "incident", "link", one, "OPS-7", "--kind", "ticket", *at)
    _, links = commanded(capsys, "incident", "links", one, *at)
    assert [(each["kind"], each["to"]) for each in links["items"]] == [("ticket", "OPS-7")]
    assert commanded(capsys, "incident", "unlink", one, link["id"], *at)[1] == {"removed": True}
    assert commanded(capsys, "incident", "links", one, *at)[1] == {"items": []}


def test_incidents_are_put_together_parted_and_put_back_from_the_command_line(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data", str(server.data))
    for name in ("twin-a", "twin-b"):
        asset = {**ASSET, "id": name, "roles": {"legal": "lea"}}
        server.ask("POST", "/api/v1/assets", asset)
    one, other = (
        str(server.ask("POST", "/api/v1/incidents", {"asset": a, "text": "odd"}).json["id"])
        for a in ("twin-a", "twin-b")
    )
    code, undo = commanded(capsys, "incident", "merge", one, other, *data)
    assert (code, undo["other"]) == (0, other)
    assert server.ask("GET", f"/api/v1/incidents/{one}").json["merged_into"] == other
    assert run(["incident", "show", other, *data]) == 0
    assert f"With {one}, put together with it." in capsys.readouterr().out
    assert run(["incident", "show", one, *data]) == 0
    assert f"It went into {other};" in capsys.readouterr().out
    code, listed = commanded(capsys, "incident", "undos", other, *data)
    assert [u["id"] for u in listed["items"]] == [undo["id"]]
    code, back = commanded(capsys, "incident", "undo", undo["id"], *data)
    assert (code, back["undone_by"] != "") == (0, True)
    assert server.ask("GET", f"/api/v1/incidents/{one}").json["merged_into"] is None
    for way in ("split", "detach"):
        code, problem = commanded(capsys, "incident", way, one, "fnd-nobody", *data)
        assert (code, problem["type"]) == (BadInput.exit_code, "bad-input")
    code, shown = commanded(capsys, "incident", "show", one, *data)
    assert [c["person"] for c in shown["ahead"]["call"]] == ["ada", "ada"]
    assert run(["incident", "show", one, *data]) == 0
    assert "responder (ada, the owner" in capsys.readouterr().out


def test_a_report_is_put_in_command_and_its_words_are_read_against_the_techniques(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data", str(server.data))
    server.ask("POST", "/api/v1/assets", {**ASSET, "id": "worded", "owner": "grace"})
    assert run(["incident", "open", "wordy", "odd answers", *data]) == 0
    assert "Nobody wrote down what wordy is" in capsys.readouterr().out
    text = (
        "someone poisoned the training data with mislabelled rows before the last training, "
        "with key-12 from 192.0.2.7"
    )
    told = server.ask("POST", "/api/v1/incidents", {"asset": "worded", "text": text}).json
    code, found = commanded(capsys, "incident", "assign", told["id"], "grace", *data)
    assert (code, found["commander"]) == (0, "grace")
    ahead = server.ask("GET", f"/api/v1/incidents/{told['id']}/ahead").json
    assert "AML.T0020" in [g["technique"] for g in ahead["techniques"]]
    assert ahead["playbook"] == ""
    word = {"seen": found["version"], "why": "sure", "verdict": "attack", "attack": "poisoning"}
    server.ask("POST", f"/api/v1/incidents/{told['id']}/judgement", word)
    ahead = server.ask("GET", f"/api/v1/incidents/{told['id']}/ahead").json
    assert ahead["playbook"]
    assert run(["incident", "show", told["id"], *data]) == 0
    said = capsys.readouterr().out
    assert "What people wrote is like:\n  AML." in said
    assert "What people wrote names: 192.0.2.7, key-12" in said


def test_findings_are_listed_and_an_unknown_one_is_said(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("--data", str(server.data))
    code, listed = commanded(capsys, "finding", "list", "--asset", "nobody", *data)
    assert (code, listed) == (0, {"items": []})
    code, problem = commanded(capsys, "finding", "show", "fnd-nobody", *data)
    assert (code, problem["type"]) == (NotFound.exit_code, "not-found")


def test_what_no_detector_can_tell_is_listed_in_pages_with_its_reason(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server.ask("POST", "/api/v1/assets", {**ASSET, "id": "unseen"})
    answer = {
        "id": "u1",
        "ts": f"{datetime.now(UTC):%FT%TZ}",
        "kind": "inference",
        "asset": "unseen",
        "features": [1.0],
    }
    path = "/api/v1/blind-spots?asset=unseen&limit=2"

    def page() -> Any:
        return server.ask("GET", path).json

    def whys() -> list[str]:
        spots = server.ask("GET", "/api/v1/blind-spots?asset=unseen").json["items"]
        return [one["blind"]["why"] for one in spots]

    assert any("no answer was ever told" in why for why in whys())
    assert server.ask("POST", "/api/v1/events", [answer]).json["accepted"] == 1
    until(lambda: any("baseline" in why for why in whys()))
    assert not any("no answer" in why for why in whys())
    first = page()
    second = server.ask("GET", f"{path}&after={quote(first['next'])}").json
    code, listed = commanded(
        capsys, "finding", "blind", "--asset", "unseen", "--data", str(server.data)
    )
    assert code == 0
    paged = [one["blind"]["detector"] for one in first["items"] + second["items"]]
    assert [one["blind"]["detector"] for one in listed["items"][:4]] == paged
    assert {one["blind"]["asset"] for one in listed["items"]} == {"unseen"}
    assert server.ask("GET", "/api/v1/blind-spots?asset=nobody").json["items"] == []
