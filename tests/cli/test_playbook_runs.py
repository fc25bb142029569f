"""Runs and questions on the command line: where a run stands, and what people say of it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from stanch.cli.root import run
from stanch.contain.playbook.cacao_check import faults
from stanch.contain.playbook.cacao_out import Origin, exported
from stanch.engine.clock import utc_now
from stanch.engine.runs.library import shipped

RUN: dict[str, Any] = {
    "id": "run-1",
    "playbook": "extraction",
    "asset": "fraud",
    "incident": "inc-1",
    "by": "stanch",
    "state": "waiting",
    "step": "rest-ok",
    "wish": "pause",
    "says": "waits for approver: May each ask less?",
    "done": 7,
    "started": "2026-11-21T12:00:00Z",
    "waits_for": ["an answer to apr-1"],
    "wake": "2026-11-21T12:15:00Z",
}
ASKED: dict[str, Any] = {
    "id": "apr-1",
    "shown": "May each ask less?\n- Limit queries on fraud.",
    "role": "approver",
    "risk": "two",
    "if_silent": False,
    "answer": "open",
    "action": "query_limit",
    "asset": "fraud",
    "incident": "inc-1",
    "requester": "key:desk",
    "asked": "2026-11-21T12:00:00Z",
    "expires": "2026-11-21T12:15:00Z",
    "delegated_to": "linus",
    "review": False,
    "votes": [],
}


class Client:
    """A server that knows one run and one question."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def every(self, path: str, query: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        del query
        yield RUN if path.endswith("runs") else ASKED

    def get(self, path: str) -> dict[str, Any]:
        return ASKED if "approvals" in path else RUN

    def send(self, method: str, path: str, body: Any) -> dict[str, Any]:
        assert method == "POST"
        self.sent.append((path, body))
        return ASKED if "approvals" in path else RUN


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    made = Client()

    def connected(data: Path | None) -> Client:
        assert data is None
        return made

    for name in ("playbook_runs", "question"):
        monkeypatch.setattr(f"stanch.cli.{name}.connect", connected)
    return made


@pytest.mark.usefixtures("client")
def test_a_run_says_where_it_stands_what_it_waits_for_and_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["playbook", "runs"]) == 0
    assert "rest-ok" in capsys.readouterr().out
    assert run(["playbook", "where", "run-1"]) == 0
    said = capsys.readouterr().out
    for words in ("waiting at rest-ok", "May each ask less?", "silence means no", "12:15:00"):
        assert words in said
    assert "A person holds it: it stops before its next step." in said


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        (["pause"], "pause"),
        (["step"], "step"),
        (["go"], "go"),
        (["cancel"], "cancel"),
        (["cancel", "--undo"], "cancel and undo"),
    ],
)
def test_a_persons_word_is_carried_to_the_run(
    client: Client, words: list[str], wish: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["playbook", words[0], "run-1", *words[1:], "--json"]) == 0
    assert client.sent == [("/api/v1/runs/run-1/wish", {"wish": wish})]
    assert json.loads(capsys.readouterr().out)["id"] == "run-1"


def test_a_question_is_shown_handed_on_overridden_and_reviewed(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["question", "list"]) == 0
    assert run(["question", "show", "apr-1"]) == 0
    said = capsys.readouterr().out
    assert "it wants two people with the role approver" in said
    assert "stanch approve apr-1, or stanch deny apr-1" in said
    assert "linus may answer, too." in said
    assert "Asked by the key desk." in said
    assert run(["question", "delegate", "apr-1", "linus"]) == 0
    capsys.readouterr()
    assert run(["question", "override", "apr-1", "--why", "it burns"]) == 0
    told = capsys.readouterr()
    assert "May each ask less?" in told.out + told.err
    assert run(["question", "review", "apr-1", "--why", "it was right"]) == 0
    assert client.sent == [
        ("/api/v1/approvals/apr-1/delegate", {"to": "linus"}),
        ("/api/v1/approvals/apr-1/override", {"why": "it burns"}),
        ("/api/v1/approvals/apr-1/review", {"why": "it was right"}),
    ]


def test_an_override_says_that_it_waits_for_a_review_and_then_what_was_found(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(ASKED, "review", True)
    assert run(["question", "show", "apr-1"]) == 0
    assert "somebody else must review it" in capsys.readouterr().out
    monkeypatch.setitem(ASKED, "review", False)
    found = {"by": "ben", "at": "2026-11-21T13:00:00Z", "finding": "it was right"}
    monkeypatch.setitem(ASKED, "reviewed", found)
    assert run(["question", "show", "apr-1"]) == 0
    assert "Reviewed by ben: it was right" in capsys.readouterr().out
    assert client.sent == []


def test_an_override_without_a_reason_is_not_even_sent(client: Client) -> None:
    assert run(["question", "override", "apr-1"]) != 0
    assert client.sent == []


def test_a_document_from_elsewhere_is_read_with_its_repairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = utc_now()
    origin = Origin(created=at, modified=at)
    document = dict(exported(shipped()["natural_drift"].playbook, origin))
    del document["spec_version"]
    (tmp_path / "in.json").write_bytes(msgspec.json.encode(document))
    out = tmp_path / "out.yaml"
    assert run(["playbook", "import", str(tmp_path / "in.json"), "-o", str(out)]) == 0
    assert "repaired:" in capsys.readouterr().err
    assert out.read_text().startswith("playbook: natural_drift")
    assert run(["playbook", "import", str(out)]) == 65
    gone = str(tmp_path / "gone.json")
    capsys.readouterr()
    assert run(["playbook", "import", gone]) == 65
    assert capsys.readouterr().err.count(gone) == 1, "the file is named once"


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, str]:
    """The files of a private key and of its public one."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"
    private.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return str(private), str(public)


def test_who_signed_a_playbook_is_said_and_a_changed_one_is_refused(
    tmp_path: Path, keys: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    private, public = keys
    file, out = tmp_path / "out.json", str(tmp_path / "out.yaml")
    told = ["playbook", "export", "extraction", "--sign", private, "--as", "Ada", "--data"]
    assert run([*told, str(tmp_path)]) == 0
    file.write_text(capsys.readouterr().out)
    assert not faults(json.loads(file.read_text()))
    assert run(["playbook", "import", str(file), "--signer", public, "-o", out]) == 0
    assert "The signature that names Ada holds, by the key MCowBQ" in capsys.readouterr().err
    other = tmp_path / "other.pub"
    strange = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    other.write_bytes(strange.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert run(["playbook", "import", str(file), "--signer", str(other)]) == 65
    capsys.readouterr()
    file.write_text(file.read_text().replace("extraction", "abstraction"))
    assert run(["playbook", "import", str(file), "-o", out]) == 0
    assert "does not hold: the document is not what was signed" in capsys.readouterr().err
    assert run(["playbook", "import", str(file), "--signer", public]) == 65


def test_a_file_that_is_no_key_says_how_to_make_one(
    tmp_path: Path, keys: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    export = ["playbook", "export", "extraction", "--data", str(tmp_path), "--sign"]
    for wrong in (keys[1], __file__):
        assert run([*export, wrong]) == 65
        assert "openssl genpkey -algorithm ed25519" in capsys.readouterr().err
    file = tmp_path / "in.json"
    file.write_text("{}")
    assert run(["playbook", "import", str(file), "--signer", keys[0]]) == 65
    assert "openssl pkey -in key.pem -pubout" in capsys.readouterr().err
