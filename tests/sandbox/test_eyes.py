"""Eyes: when an outsider sees that an incident is open, and when it is called an attack."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from stanch.sandbox.eyes import Bar, Eyes, Sight
from stanch.sandbox.wire import Api


class Lists:
    """What the server's lists hold, as a test sets it."""

    def __init__(self) -> None:
        self.incidents: list[Mapping[str, Any]] = []

    def every(self, path: str) -> list[Mapping[str, Any]]:
        return self.incidents if path == "/api/v1/incidents" else []


def incident(kind: str, closed: str = "") -> Mapping[str, Any]:
    said = {"id": "inc-1", "title": "Logins fail.", "verdict": {"kind": kind}, "closed_at": closed}
    return {"incident": said}


def test_open_is_one_moment_and_called_an_attack_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lists = Lists()
    eyes = Eyes(lambda: cast("Api", lists), Bar(asset="a", enough=bool, clean=lambda: True))
    eyes.attack_begins()
    lists.incidents = [incident("undecided")]
    eyes.look()
    assert eyes.sight.seconds.incident is not None
    assert eyes.sight.seconds.called is None
    lists.incidents = [incident("attack")]
    eyes.look()
    first = eyes.sight.seconds.called
    assert first is not None
    monkeypatch.setattr(eyes, "seconds", lambda: first + 60)
    eyes.look()
    assert eyes.sight.seconds.called == first


def test_what_was_called_an_attack_and_is_closed_is_not_this_one() -> None:
    lists = Lists()
    eyes = Eyes(lambda: cast("Api", lists), Bar(asset="a", enough=bool, clean=lambda: True))
    eyes.attack_begins()
    lists.incidents = [incident("attack", closed="2026-11-23T03:00:00Z")]
    eyes.look()
    assert eyes.sight.seconds.called is None


def test_what_is_taken_back_after_a_live_drill_are_no_incidents_of_others() -> None:
    known = {name: {"id": name, "asset": asset} for name, asset in (("a", "victim"), ("b", "data"))}
    theirs = {name: {"id": name, "asset": "fraud"} for name in ("c", "d")}
    policies: list[Mapping[str, Any]] = [
        {"version": 3, "incident": "d"},
        {"version": 4, "incident": "b"},
    ]
    sight = Sight(incidents={**known, **theirs}, policies=policies)
    assert set(sight.about("victim", 3).incidents) == {"a", "b"}
