"""Questions on the command line: one question put to several assets is told apart at a glance."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stanch.cli.root import run


def question(n: int, **more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": f"apr-{n}",
        "incident": f"inc-{n}",
        "asset": f"scorer-{n}",
        "risk": "one",
        "role": "approver",
        "delegated_to": "",
        "shown": f"May it be stopped?\n- Stop the endpoint on scorer-{n}?\nWhat changes: All.",
        "asked": (now - timedelta(minutes=10 * n, seconds=5)).isoformat(),
        "expires": (now + timedelta(minutes=10 * n, seconds=30)).isoformat(),
        "answer": "open",
        "review": False,
        **more,
    }


class Client:
    """A server where one question waits on three assets; the last was handed on."""

    def every(self, path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        assert path == "/api/v1/approvals"
        yield question(1)
        yield question(2, risk="two")
        yield question(3, delegated_to="linus")
        if not query:
            yield question(4, answer="yes", review=True)


@pytest.fixture(autouse=True)
def _server(monkeypatch: pytest.MonkeyPatch) -> None:
    def connected(_: Path | None) -> Client:
        return Client()

    monkeypatch.setattr("stanch.cli.question.connect", connected)


def test_each_line_says_of_what_since_when_how_long_and_of_whom(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["question", "list"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "ID"
    assert len({line.partition("  ")[2] for line in lines}) == 3
    first, second, third = lines
    for part in ("apr-1", "scorer-1", "10 min ago", "10 min", "left", "approver"):
        assert part in first, part
    assert "inc-1: Stop the endpoint on scorer-1: May it be stopped?" in first
    assert "two of approver" in second
    assert "approver or linus" in third


def test_what_was_answered_has_its_answer_and_no_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["question", "list", "--all"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "yes, to be reviewed" in last
    assert "left" not in last
