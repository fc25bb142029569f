"""An empty list says whether there is nothing, or nothing of that name."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from stanch.cli.root import run
from stanch.vocabulary.trouble import NotFound


class Client:
    """A server with one asset and one incident, of which nothing is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, path: str) -> Any:
        self.asked.append(path)
        noun, _, key = path.removeprefix("/api/v1/").partition("/")
        if key not in {"loans", "inc-1"}:
            raise NotFound(noun.removesuffix("s"), key, f"{noun.removesuffix('s')} list")
        return {"id": key}

    def every(self, path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        del path, query
        yield from ()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    made = Client()

    def connected(_: Path | None) -> Client:
        return made

    for name in ("clocks", "evidence", "finding", "incident", "playbook_runs"):
        monkeypatch.setattr(f"stanch.cli.{name}.connect", connected)
    return made


@pytest.mark.parametrize(
    ("arguments", "usual"),
    [
        ("incident list --asset", "No incident is open that matches."),
        ("finding list --asset", "Nothing was found."),
        ("finding blind --asset", "Every detector that was asked can tell."),
        ("finding list --incident", "Nothing was found."),
        ("clocks --incident", "No duty is owed."),
        ("evidence list --incident", "Nothing was taken into evidence yet."),
        ("playbook runs --incident", "No playbook has run."),
    ],
)
def test_nothing_and_nothing_of_that_name_are_told_apart(
    client: Client, arguments: str, usual: str, capsys: pytest.CaptureFixture[str]
) -> None:
    noun = "asset" if arguments.endswith("--asset") else "incident"
    there = {"asset": "loans", "incident": "inc-1"}[noun]
    assert run([*arguments.split(), there]) == 0
    assert capsys.readouterr().err.startswith(usual)
    assert run([*arguments.split(), "mistyped"]) == 0
    assert capsys.readouterr().err.startswith(f"There is no {noun} 'mistyped'. `stanch {noun} list")
    client.asked.clear()
    assert run(arguments.split()[:-1]) == 0
    assert client.asked == []
