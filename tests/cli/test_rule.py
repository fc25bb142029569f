"""Rules on the command line, without a server."""

import json
from pathlib import Path

import pytest

from stanch.cli.root import run

SIGMA = """\
title: Many failed logins
correlation:
  type: event_count
  rules: [failed_login]
  group-by: [User]
  timespan: 5m
  condition: {gte: 10}
---
name: failed_login
detection:
  selection: {action: login}
  condition: selection
"""


def test_without_a_server_the_rules_that_came_with_stanch_are_listed_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rule", "list", "--data", str(tmp_path), "--json"]) == 0
    items = json.loads(capsys.readouterr().out)["items"]
    assert {i["of"] for i in items} == {"stanch"}
    assert run(["rule", "show", "guessed_login", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("id: guessed_login\n")


def test_a_sigma_rule_is_checked_and_what_was_read_otherwise_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "s.yml"
    file.write_text(SIGMA, "utf-8")
    assert run(["rule", "check", str(file), "--sigma"]) == 0
    told = capsys.readouterr()
    assert told.out == "sigma_many_failed_logins is good: Many failed logins\n"
    assert "read: The field 'User' is read as 'principal'." in told.err


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        (SIGMA.replace("gte", "lt"), [], "s.yml:1: It cannot be taken over. The condition 'lt'"),
        ("id: x1y\ntitel: T\n", [], "s.yml:2: 'titel' is not known"),
        ("id: x1y\n", ["--sigma"], "no correlation"),
        (
            SIGMA.replace("correlation:", "tags: [atlas.aml.t9999]\ncorrelation:", 1),
            [],
            "no technique",
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_exit_65(
    text: str, words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "s.yml"
    file.write_text(text, "utf-8")
    assert run(["rule", "check", str(file), *words]) == 65
    assert told in capsys.readouterr().err
    assert run(["rule", "add", str(file), *words]) == 65
