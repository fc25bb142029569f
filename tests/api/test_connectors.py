"""The connectors file over HTTP and from the command line: changed, tested, taken back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stanch.cli.root import run

YAML = {"content-type": "application/yaml"}
MAIL = b'systems: {mail: {connector: mail, address: "smtp://127.0.0.1:9", seconds: 1}}\n'
HERE = "/api/v1/connectors"


@pytest.fixture(autouse=True)
def nothing_outside(server: Any) -> Iterator[None]:
    """Leaves the server that all tests share as it was: with nobody to call."""
    yield
    assert server.ask("PUT", HERE, b"systems: {}\n", headers=YAML).status == 200


def test_a_file_is_put_tested_and_taken_back_and_a_late_one_is_refused(server: Any) -> None:
    shown = server.ask("GET", HERE).json
    made = server.ask("PUT", f"{HERE}?seen={shown['digest']}", MAIL, headers=YAML)
    assert made.status == 200, made.body
    late = server.ask("PUT", f"{HERE}?seen={shown['digest']}", MAIL, headers=YAML)
    assert (late.status, late.json["type"]) == (409, "stale")
    (mail,) = server.ask("GET", HERE).json["systems"]
    assert (mail["name"], mail["address"]) == ("mail", "smtp://127.0.0.1:9")
    assert server.ask("POST", f"{HERE}/mail/test").json["good"] is False
    assert server.ask("POST", f"{HERE}/nobody/test").status == 404
    assert server.ask("POST", f"{HERE}/people/ada").status == 422
    assert server.ask("PUT", HERE, b"{}\n", headers=YAML).status == 200
    first = made.json["version"]
    assert server.ask("POST", f"{HERE}/versions/{first}").status == 200
    assert [s["name"] for s in server.ask("GET", HERE).json["systems"]] == ["mail"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"systems: {x: {connector: post, address: a}}", "connectors.yaml:1: 'post'"),
        (b"systems:\n  x: {connector: mail, address: unix:/x}", "connectors.yaml:2: x names a"),
        (b"a: &a [1]\nb: *a\n", "connectors.yaml:1:"),
        (b"[" * 5000, "nested deeper"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_check_names_the_place_and_keeps_nothing(server: Any, text: bytes, told: str) -> None:
    before = server.ask("GET", HERE).json["digest"]
    answer = server.ask("POST", f"{HERE}/check", text, headers=YAML)
    assert answer.status == 422
    assert told in answer.json["detail"]
    assert server.ask("PUT", HERE, text, headers=YAML).status == 422
    assert server.ask("GET", HERE).json["digest"] == before


def test_from_the_command_line(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, data = tmp_path / "c.yaml", ["--data", str(server.data)]
    file.write_bytes(MAIL + b'people: {ada: [mail a@example.org], "*": [mail]}\n')
    assert run(["connector", "check", str(file)]) == 0
    assert "is good: mail." in capsys.readouterr().out
    assert run(["connector", "set", str(file), *data]) == 0
    assert run(["connector", "show", *data, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out.partition("in force.\n")[2])
    assert shown["text"] == file.read_text()
    assert run(["connector", "list", *data]) == 0
    assert "mail a@example.org" in capsys.readouterr().out
    assert run(["connector", "test", "mail", *data]) == 1
    assert run(["connector", "try", "ada", *data]) == 1
    assert "cannot be reached" in capsys.readouterr().out
    file.write_bytes(b"systems: {}  # nobody\n")
    assert run(["connector", "set", str(file), *data, "--seen", shown["digest"]]) == 0
    assert run(["connector", "set", str(file), *data, "--seen", shown["digest"]]) == 4
    assert run(["connector", "versions", *data, "--json"]) == 0
    versions = json.loads(capsys.readouterr().out.partition("in force.\n")[2])["items"]
    assert run(["connector", "restore", str(versions[1]["version"]), *data]) == 0
    assert "is in force again" in capsys.readouterr().out
    file.write_bytes(b"sistems: {}\n")
    assert run(["connector", "check", str(file)]) == 65
    assert "c.yaml:1: 'sistems' is not known here" in capsys.readouterr().err
    assert run(["connector", "check", str(tmp_path / "none")]) == 65
