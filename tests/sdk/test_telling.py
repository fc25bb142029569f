"""What a program tells of an asset, as the lines that go out."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stanch.sdk import Stanch, digest_of_file
from stanch.sdk import telling as room
from stanch.sdk.client import Client
from stanch.sdk.telling import Choices
from stanch.vocabulary.trouble import BadInput, BadName, Unreachable

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Desk:
    """What a server was sent, and the policy that it answers."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.policy: dict[str, Any] | None = {}
        self.receipt: Any = None

    def send(self, method: str, path: str, body: bytes, kind: str) -> Any:
        assert (method, path, kind) == ("POST", room.EVENTS, "application/x-ndjson")
        told = [json.loads(line) for line in body.split(b"\n")]
        self.events += told
        return self.receipt or {"accepted": len(told), "duplicate": 0, "rejected": []}

    def get(self, path: str) -> Any:
        assert path == "/api/v1/assets/fraud-scorer/policy"
        if self.policy is None:
            raise Unreachable("it", "down")
        return self.policy


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk()

    def send(_: Client, method: str, path: str, body: bytes, *, kind: str) -> Any:
        return made.send(method, path, body, kind)

    def get(_: Client, path: str) -> Any:
        return made.get(path)

    monkeypatch.setattr(Client, "send", send)
    monkeypatch.setattr(Client, "get", get)
    return made


@pytest.fixture
def stanch(desk: Desk) -> Iterator[Stanch]:
    numbers = count(1)
    fixed = Choices(now=lambda: NOON, new_id=lambda: f"e{next(numbers)}", every=0.001)
    with Stanch("http://127.0.0.1:9", "k", fixed) as one:
        yield one


def test_a_question_its_answer_and_the_truth_later(desk: Desk, stanch: Stanch) -> None:
    model = stanch.asset("fraud-scorer", version="v7")
    row = np.array([0.5, np.nan], dtype=np.float32)
    asked = model.inference(principal="key-91", features=row, prediction="yes", cost=None)
    model.label(of=asked, label=np.int64(0))
    assert stanch.flush(10).whole
    same = {"ts": "2026-11-22T12:00:00Z", "asset": "fraud-scorer", "version": "v7"}
    assert desk.events == [
        {
            **same,
            "id": "e1",
            "kind": "inference",
            "principal": "key-91",
            "features": [0.5, None],
            "prediction": "yes",
        },
        {**same, "id": "e2", "kind": "label", "of": "e1", "label": "0"},
    ]


def test_inputs_by_name_go_by_name(desk: Desk, stanch: Stanch) -> None:
    stanch.asset("fraud-scorer").inference(features={"age": 41, "channel": "web"})
    stanch.flush(10)
    assert desk.events[0]["named"] == {"age": 41, "channel": "web"}
    assert "features" not in desk.events[0]


def test_each_step_of_a_pipeline_has_its_call(desk: Desk, stanch: Stanch, tmp_path: Path) -> None:
    (tmp_path / "v8.onnx").write_bytes(b"weights")
    digest = digest_of_file(tmp_path / "v8.onnx")
    assert digest == "sha256:" + hashlib.sha256(b"weights").hexdigest()
    model = stanch.asset("fraud-scorer")
    model.dataset(digest=digest, rows=10, origin="branch")
    model.row(of="rows/1", label=1, features={"age": 3}, prediction="0", principal="ana")
    model.training(run="r-1", metrics={"accuracy": np.float64(0.9)})
    model.deployment(digest=digest, version="v8", by="ana", signature="c2ln")
    model.access(action="pull", principal="ben", outcome="ok")
    model.exchange(messages=[{"role": "user", "content": "hello"}])
    model.tool_call(tool="sql", arguments={"q": "select 1"})
    stanch.flush(10)
    assert [one["kind"] for one in desk.events] == [
        *("dataset", "label", "training", "deployment", "access", "exchange", "tool_call")
    ]
    assert (desk.events[1]["label"], desk.events[1]["named"]) == ("1", {"age": 3})
    assert desk.events[2]["metrics"] == {"accuracy": 0.9}
    assert (desk.events[3]["version"], desk.events[3]["signature"]) == ("v8", "c2ln")


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"kind": "party", "asset": "a"}, "'party' is no kind of event"),
        ({"kind": "label", "asset": "a", "of": "e1"}, "must say: label"),
        ({"kind": "inference", "asset": "a", "features": {1, 2j}}, "cannot be sent as JSON"),
    ],
)
def test_what_cannot_be_taken_is_said_where_it_is_told(
    stanch: Stanch, event: dict[str, object], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        stanch.tell(event)


def test_a_name_that_cannot_be_one_is_refused(stanch: Stanch) -> None:
    with pytest.raises(BadName):
        stanch.asset("../etc")


def test_a_step_on_hold_may_not_be_done(desk: Desk, stanch: Stanch) -> None:
    model = stanch.asset("fraud-scorer")
    desk.policy = {"hold": {"training": True}}
    assert not model.may("training")
    assert model.may("deployment")
    desk.policy = None
    assert model.may("training")
    assert not model.may("training", unknown=False)
    with pytest.raises(BadInput, match="ingestion, training, deployment"):
        model.may("tranning")


def test_something_else_that_answers_there_is_no_stanch(desk: Desk, stanch: Stanch) -> None:
    desk.receipt = {"ok": True}
    stanch.asset("fraud-scorer").inference(prediction="x")
    with pytest.raises(Unreachable, match="no stanch"):
        stanch.flush(0.2)
    desk.receipt = None
    assert stanch.flush(10).accepted == 1


def test_without_an_address_it_says_how_to_give_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STANCH_URL", raising=False)
    with pytest.raises(BadInput, match="STANCH_URL and STANCH_KEY"):
        Stanch()
    with pytest.raises(BadInput, match="is like https://"):
        Stanch("nonsense")


def test_the_key_is_never_printed() -> None:
    assert "hunter2" not in repr(Stanch("http://127.0.0.1:9", "hunter2").client)
