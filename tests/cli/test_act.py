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
        self.args = body["args"]
        return {**SHOWN, "risk": self.risk} if path.endswith("preview") else RUN

    def get(self, path: str) -> Any:
        if path == "/api/v1/acts":
            return [{"id": "block_principal", "args": [{"name": "principals", "many": True}]}]
        assert path == "/api/v1/runs/run-1"
        state, says = self.states.pop(0)
        return {**RUN, "state": state, "says": says}


def _through(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands speak to this client."""

    def connected(data: Path | None) -> Client:
        assert data is None
        return client

    monkeypatch.setattr("stanch.cli.act.connect", connected)


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
    _through(client, monkeypatch)
    monkeypatch.setattr("stanch.cli.act._PAUSE", 0.0)
    words = ("act", "inc-1", "block_principal", "principals=key-91", "--why", "theirs")
    assert run(list(words)) == code
    assert told in capsys.readouterr().out
    assert client.states == []


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (("principals=key-91,key-92",), "key-91,key-92"),
        (("principals=a,b", "principals=Jane Doe"), ["a,b", "Jane Doe"]),
        (("principals=CN=client,OU=Payments,O=Bank",), ["CN=client,OU=Payments,O=Bank"]),
        (("principals==1+1",), "=1+1"),
        (("principals=-x",), "-x"),
    ],
)
def test_a_name_is_sent_as_it_stands_on_the_command_line(
    given: tuple[str, ...], sent: str | list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    _through(client, monkeypatch)
    assert run(["act", "inc-1", "block_principal", *given, "--why", "theirs", "--dry-run"]) == 0
    assert client.args == {"principals": sent}


def test_what_is_no_list_is_not_given_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _through(Client(), monkeypatch)
    assert run(["act", "inc-1", "block_principal", "rate=1/s", "rate=2/s"]) == 64
    assert "rate is given twice" in capsys.readouterr().err
