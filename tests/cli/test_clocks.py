"""Clocks on the command line: what is owed, in time or late."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from stanch.cli.root import run


def clock(incident: str, state: str, met: str | None = None) -> dict[str, Any]:
    due = {"due": "2020-01-01T00:00:00Z", "duty": f"contain {incident}", "law": "containment"}
    return {"incident": incident, "state": state, "met": met, **due}


class Client:
    """A server with clocks, of which each asks for one state, and with incidents that are open."""

    clocks = (
        clock("inc-late", "missed"),
        clock("inc-done-late", "missed", "2020-01-02T00:00:00Z"),
        clock("inc-closed", "missed"),
        clock("inc-met", "met", "2019-12-31T00:00:00Z"),
    )

    def every(self, path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        if path.endswith("incidents"):
            assert query == {"closed": "false"}
            yield from ({"incident": {"id": name}} for name in ("inc-late", "inc-done-late"))
        yield from (one for one in self.clocks if one["state"] == query.get("state"))


def test_a_containment_past_its_time_is_owed_until_it_is_done_or_the_incident_is_closed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def connected(_: Path | None) -> Client:
        return Client()

    monkeypatch.setattr("stanch.cli.clocks.connect", connected)
    assert run(["clocks"]) == 1
    said = capsys.readouterr().out
    assert "inc-late" in said
    assert "late  missed" in said
    assert not [name for name in ("inc-done-late", "inc-closed", "inc-met") if name in said]
    assert run(["clocks", "--state", "met"]) == 0
    assert "inc-met" in capsys.readouterr().out
