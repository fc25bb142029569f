"""Rules of people's own over HTTP: put, asked by the running watch, put aside."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE

from stanch.cli.root import run

OWN = """\
id: night_export
title: Somebody exports again and again
says: "{who} exported {count} times in {minutes} min."
events:
  out: {kind: access, action: [export_of_rows]}
by: [principal]
within: 10m
when:
  count: {of: out, at_least: 3}
"""
SIGMA = """\
title: Keys made in a burst
correlation:
  type: event_count
  rules: [made]
  group-by: [User]
  timespan: 5m
  condition: {gte: 4}
---
name: made
detection:
  selection: {action: KEY.Make}
  condition: selection
"""
YAML = {"content-type": "application/yaml"}


def send(server: Any, asset: str, action: str, n: int) -> None:
    at = datetime.now(UTC) - timedelta(seconds=30)
    rows = [
        {
            "id": f"{asset}-{action}-{k}",
            "ts": (at + timedelta(seconds=k)).isoformat(),
            "kind": "access",
            "asset": asset,
            "principal": "eve",
            "action": action,
            "outcome": "ok",
        }
        for k in range(n)
    ]
    assert server.ask("POST", "/api/v1/events", rows).status == 202


def findings(server: Any, asset: str, rule: str) -> list[dict[str, Any]]:
    page = server.ask("GET", f"/api/v1/findings?asset={asset}").json["items"]
    return [f for f in page if f["topic"].split(" ")[0] == rule]


def wait_for(server: Any, asset: str, rule: str) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE
    while not (found := findings(server, asset, rule)):
        assert time.monotonic() < until, f"no finding of {rule}"
        time.sleep(0.1)
    return found[0]


def test_a_rule_put_over_http_is_asked_by_the_running_watch_and_no_more_when_it_is_dropped(
    server: Any,
) -> None:
    made = server.ask("PUT", "/api/v1/rules/night_export", OWN.encode(), headers=YAML)
    assert made.status == 200, made.body
    send(server, "own-a", "export_of_rows", 3)
    found = wait_for(server, "own-a", "night_export")
    assert found["detector"] == "correlation_rules"
    assert "Somebody exports again and again: eve exported 3 times" in found["says"]
    assert server.ask("GET", f"/api/v1/findings/{found['id']}").json == found
    shown = {r["id"]: r for r in server.ask("GET", "/api/v1/rules").json}
    assert (shown["night_export"]["own"], shown["guessed_login"]["own"]) == (True, False)

    sigma = server.ask(
        "PUT", "/api/v1/rules/sigma_keys_made_in_a_burst", SIGMA.encode(), headers=YAML
    )
    assert sigma.json["sigma"], sigma.body
    dropped = server.ask("DELETE", "/api/v1/rules/night_export")
    assert (dropped.status, dropped.json["aside"]) == (200, True)
    send(server, "own-b", "export_of_rows", 3)
    send(server, "own-b", "key.make", 4)
    wait_for(server, "own-b", "sigma_keys_made_in_a_burst")
    assert not findings(server, "own-b", "night_export")
    assert server.ask("DELETE", "/api/v1/rules/night_export").status == 404


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (OWN.replace("10m", "soon"), "rule.yaml:7: Write a duration"),
        (SIGMA.replace("event_count", "value_sum"), "The type 'value_sum' has no counterpart"),
        ("a: &a [1]\nb: *a\n", "rule.yaml:1: No anchors"),
        ("[" * 5000, "nested deeper"),
    ],
)
def test_a_check_names_the_place_and_keeps_nothing(server: Any, text: str, told: str) -> None:
    answer = server.ask("POST", "/api/v1/rules/check", text.encode(), headers=YAML)
    assert (answer.status, answer.json["type"]) == (422, "bad-file")
    assert told in answer.json["detail"]


def test_what_is_checked_is_shown_as_it_was_read(server: Any) -> None:
    told = server.ask("POST", "/api/v1/rules/check", SIGMA.encode(), headers=YAML).json
    assert (told["id"], told["sigma"], told["seconds"]) == (
        "sigma_keys_made_in_a_burst",
        True,
        300.0,
    )
    assert "The field 'User' is read as 'principal'." in told["read_as"]


def test_the_address_and_the_rule_must_agree(server: Any) -> None:
    answer = server.ask("PUT", "/api/v1/rules/other", OWN.encode(), headers=YAML)
    assert (answer.status, "Make them agree" in answer.json["detail"]) == (422, True)
    assert server.ask("PUT", "/api/v1/rules/x", b"\xff", headers=YAML).status == 422


def test_only_an_admin_changes_rules(server: Any) -> None:
    key = server.new_key("read")
    assert server.ask("GET", "/api/v1/rules", key=key).status == 200
    put = server.ask("PUT", "/api/v1/rules/night_export", OWN.encode(), key=key, headers=YAML)
    assert put.status == 403
    assert server.ask("DELETE", "/api/v1/rules/night_export", key=key).status == 403


def test_a_rule_is_added_listed_shown_and_dropped_from_the_command_line(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(OWN.replace("night_export", "day_export"), "utf-8")
    data = ["--data", str(server.data)]
    assert run(["rule", "add", str(file), *data]) == 0
    assert "day_export is in use in version 1." in capsys.readouterr().out
    assert run(["rule", "list", *data]) == 0
    assert "day_export" in capsys.readouterr().out
    assert run(["rule", "show", "day_export", *data]) == 0
    assert capsys.readouterr().out == file.read_text("utf-8")
    assert run(["rule", "drop", "day_export", *data]) == 0
    assert "put aside" in capsys.readouterr().out
    assert run(["rule", "show", "day_export", *data]) == 66
