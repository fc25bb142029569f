"""What the command line says of how well incidents were answered."""

from functools import partial
from typing import Any

import pytest

from stanch.cli.measures import measures

NONE: dict[str, Any] = {"count": 0, "median": 0.0, "worst": 0.0}
CONNECT = "stanch.cli.measures.connect"
KINDS = ("attacks", "natural", "faults", "undecided", "contained", "unaided", "late")


def period(day: int, incidents: int = 0) -> dict[str, Any]:
    start = f"2026-11-{day:02}T00:00:00Z"
    times = {"to_open": NONE, "to_contain": NONE}
    return {"span": {"start": start}, "incidents": incidents, **dict.fromkeys(KINDS, 0), **times}


class Told:
    """A server that has these periods."""

    def __init__(self, periods: list[dict[str, Any]]) -> None:
        self.periods = periods

    def get(self, _path: str, _query: dict[str, Any]) -> list[dict[str, Any]]:
        return self.periods


def connected(periods: list[dict[str, Any]], _: object) -> Told:
    return Told(periods)


def test_it_begins_with_the_first_period_in_which_something_happened(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = [period(1), period(2), period(3, incidents=1), period(4), period(5, incidents=2)]
    monkeypatch.setattr(CONNECT, partial(connected, known))
    measures()
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()[1:]] == [
        "2026-11-03",
        "2026-11-04",
        "2026-11-05",
    ]
    assert err == "No incident in the 2 periods before.\n"
    monkeypatch.setattr(CONNECT, partial(connected, known[:2]))
    measures(exercises=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "No exercise in 12 periods of 7 days. Look further back with --count.\n"
