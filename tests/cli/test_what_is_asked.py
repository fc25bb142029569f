"""What each command asks of the server: the method, the path and every word that is sent."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stanch.cli.root import run
from stanch.engine.runs.library import shipped_text
from stanch.sdk.client import Client

INCIDENT: dict[str, Any] = {
    "id": "inc-1",
    "title": "Extraction",
    "version": 4,
    "phase": "triaged",
    "severity": {"level": 2},
    "commander": "ada",
}
QUESTION: dict[str, Any] = {
    "id": "apr-1",
    "shown": "Safe mode on fraud?",
    "digest": "sha256:9",
    "answer": "yes",
    "votes": [{}],
}
UNDO: dict[str, Any] = {
    "id": "undo-1",
    "incident": "inc-1",
    "other": None,
    "findings": ["fnd-1", "fnd-2"],
}
BOOK: dict[str, Any] = {"id": "extraction", "title": "t", "text": "id: extraction", "version": 3}
RUN: dict[str, Any] = {"id": "run-1", "state": "running", "says": "begins", "scenes": []}
ANSWERS: dict[str, Any] = {
    "/inc-1": INCIDENT,
    "/judgement": INCIDENT,
    "/phase": INCIDENT,
    "/command": INCIDENT,
    "/notes": {"id": "note-1"},
    "/split": UNDO,
    "/detach": UNDO,
    "/apr-1": QUESTION,
    "/extraction": BOOK,
    "/playbooks": [BOOK],
    "/runs": RUN,
    "/rehearsals": RUN,
    "/baselines": [],
    "/training": [],
}
Asked = tuple[str, str, Any]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """What was asked, in order; each question has an answer of its own."""
    found: list[Asked] = []

    def answer(path: str) -> Any:
        return next(said for end, said in ANSWERS.items() if path.endswith(end))

    def get(_: Client, path: str, query: Mapping[str, Any] | None = None) -> Any:
        found.append(("GET", path, query))
        return answer(path)

    def send(
        _: Client,
        method: str,
        path: str,
        body: bytes | dict[str, Any] | None = None,
        *,
        kind: str = "application/json",
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        found.append((method, path, body if query is None else (body, kind, dict(query))))
        return answer(path)

    monkeypatch.setenv("STANCH_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("STANCH_KEY", "stk_a_key")
    monkeypatch.setattr(Client, "get", get)
    monkeypatch.setattr(Client, "send", send)
    return found


_MOVE = {"why": "", "nothing_to_contain": False, "cause_removed": False, "reviewed": False}
_SEEN = ("GET", "/api/v1/incidents/inc-1", None)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("approve", "apr-1", "--why", "theirs"),
            [
                ("GET", "approvals/apr-1", None),
                ("POST", "approvals/apr-1", {"yes": True, "digest": "sha256:9", "why": "theirs"}),
            ],
        ),
        (
            ("deny", "apr-1"),
            [
                ("GET", "approvals/apr-1", None),
                ("POST", "approvals/apr-1", {"yes": False, "digest": "sha256:9", "why": ""}),
            ],
        ),
        (
            ("incident", "note", "inc-1", "odd"),
            [("POST", "incidents/inc-1/notes", {"text": "odd"})],
        ),
        (
            ("incident", "assign", "inc-1", "ada"),
            [_SEEN, ("POST", "incidents/inc-1/command", {"commander": "ada", "seen": 4})],
        ),
        (
            ("incident", "judge", "inc-1", "--why", "w", "--severity", "high"),
            [_SEEN, ("POST", "incidents/inc-1/judgement", {"seen": 4, "why": "w", "severity": 3})],
        ),
        (
            ("incident", "judge", "inc-1", "--why", "w", "--verdict", "attack", "--attack", "x"),
            [
                _SEEN,
                (
                    *("POST", "incidents/inc-1/judgement"),
                    {"seen": 4, "why": "w", "verdict": "attack", "attack": "x"},
                ),
            ],
        ),
        (
            ("incident", "move", "inc-1", "contained", "--nothing-to-contain"),
            [
                _SEEN,
                (
                    *("POST", "incidents/inc-1/phase"),
                    {**_MOVE, "to": "contained", "seen": 4, "nothing_to_contain": True},
                ),
            ],
        ),
        (
            ("incident", "move", "inc-1", "eradicated", "--cause-removed", "--why", "w"),
            [
                _SEEN,
                (
                    *("POST", "incidents/inc-1/phase"),
                    {**_MOVE, "to": "eradicated", "seen": 4, "cause_removed": True, "why": "w"},
                ),
            ],
        ),
        (
            ("incident", "close", "inc-1", "--why", "w"),
            [
                _SEEN,
                (
                    *("POST", "incidents/inc-1/phase"),
                    {"to": "closed", "seen": 4, "why": "w", "reviewed": False},
                ),
            ],
        ),
        (
            ("incident", "close", "inc-1", "--why", "w", "--reviewed"),
            [
                _SEEN,
                (
                    *("POST", "incidents/inc-1/phase"),
                    {"to": "closed", "seen": 4, "why": "w", "reviewed": True},
                ),
            ],
        ),
        (
            ("incident", "split", "inc-1", "fnd-1", "fnd-2"),
            [("POST", "incidents/inc-1/split", {"findings": ["fnd-1", "fnd-2"]})],
        ),
        (
            ("incident", "detach", "inc-1", "fnd-1"),
            [("POST", "incidents/inc-1/detach", {"findings": ["fnd-1"]})],
        ),
        (("playbook", "list"), [("GET", "playbooks", None)]),
        (("playbook", "show", "extraction"), [("GET", "playbooks", None)]),
        (("playbook", "drop", "extraction"), [("DELETE", "playbooks/extraction", None)]),
        (
            ("playbook", "run", "extraction", "inc-1"),
            [("POST", "playbooks/extraction/runs", {"incident": "inc-1"})],
        ),
        (
            ("playbook", "rehearse", "extraction", "inc-1", "--answers", "no"),
            [
                (
                    *("POST", "playbooks/extraction/rehearsals"),
                    {"incident": "inc-1", "answers": "no"},
                )
            ],
        ),
        (("baseline", "show", "fraud"), [("GET", "assets/fraud/baselines", None)]),
        (
            ("baseline", "forget", "fraud", "training"),
            [("DELETE", "assets/fraud/fingerprints/training", None)],
        ),
    ],
    ids=lambda one: " ".join(one[:2]) if isinstance(one, tuple) else "",
)
def test_a_command_asks_for_what_was_typed(
    asked: list[Asked], words: tuple[str, ...], expected: list[Asked]
) -> None:
    assert run(list(words)) == 0
    whole = [
        (how, "/api/v1/" + path.removeprefix("/api/v1/"), said) for how, path, said in expected
    ]
    assert asked == whole


def test_what_is_answered_is_shown_first(
    asked: list[Asked], capsys: pytest.CaptureFixture[str]
) -> None:
    for word in ("approve", "deny"):
        assert run([word, "apr-1"]) == 0
        told = capsys.readouterr()
        assert "Safe mode on fraud?" in told.out + told.err
    assert len(asked) == 4


def test_a_playbook_is_put_into_use_under_the_name_it_states(
    asked: list[Asked], tmp_path: Path
) -> None:
    text = shipped_text("extraction")
    (tmp_path / "mine.yaml").write_text(text)
    assert run(["playbook", "add", str(tmp_path / "mine.yaml")]) == 0
    assert asked == [("PUT", "/api/v1/playbooks/extraction", text.encode())]
