"""One act from a shell: what came of it is said, where it is done at once."""

from pathlib import Path
from typing import Any

import pytest

from stanch.cli.root import run

SHOWN = {"text": "Block principals on fraud?", "risk": "automatic", "digest": "sha256:1"}
RUN = {"id": "run-1", "state": "running", "says": ""}


class Client:
    """A server whose run goes on for a while and ends so."""

    def __init__(self, *states: tuple[str, str], risk: str = "automatic") -> None:
        self.states = list(states)
        self.risk = risk

    def send(self, method: str, path: str, body: Any) -> dict[str, Any]:
        assert (method, body["act"]) == ("POST", "block_principal")
        return {**SHOWN, "risk": self.risk} if path.endswith("preview") else RUN

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/api/v1/runs/run-1"
        state, says = self.states.pop(0)
        return {**RUN, "state": state, "says": says}


@pytest.mark.parametrize(
    ("client", "code", "told"),
    [
        (
            Client(("running", "asks"), ("done", "A guard has proved 1 of 1 act.")),
            0,
            "run-1 (done): A guard has proved 1 of 1 act.\n",
        ),
        (
            Client(("failed", "HAProxy cannot be reached.")),
            1,
            "HAProxy cannot be reached. See: stanch playbook where run-1\n",
        ),
        (
            Client(("waiting", "Not yet.")),
            0,
            "(waiting): Not yet. See: stanch playbook where run-1",
        ),
        (Client(risk="one"), 0, "run-1 asks for it. See: stanch question list"),
    ],
)
def test_what_came_of_an_act_is_said(
    client: Client,
    code: int,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def connected(data: Path | None) -> Client:
        assert data is None
        return client

    monkeypatch.setattr("stanch.cli.act.connect", connected)
    monkeypatch.setattr("stanch.cli.act._PAUSE", 0.0)
    words = ("act", "inc-1", "block_principal", "principals=key-91", "--why", "theirs")
    assert run(list(words)) == code
    assert told in capsys.readouterr().out
    assert client.states == []
