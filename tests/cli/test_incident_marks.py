"""A copy of a marked model is told from a model of its own, from the act to the sentence."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from stanch.cli.root import run
from stanch.contain.marks import told
from stanch.engine.automatic import Automatic
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.guards import Proof
from stanch.engine.marking import Marking
from stanch.engine.placed import placed
from stanch.engine.policies import Policies
from stanch.engine.runs.deeds import Order
from stanch.engine.runs.held import hold_of
from stanch.guard.extract import automatic
from stanch.guard.marks import marked
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import open_store
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import Suspect
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId, RunId
from stanch.vocabulary.incident import Incident, Level, Phase, Severity, Verdict, VerdictKind
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.span import Span

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ASSET = AssetId("digits")
INCIDENT = IncidentId("inc-1")
CLASSES = tuple(f"digit {n}" for n in range(10))
ORDER = Order(
    act="mark_answers", args={"callers": "$named"}, incident=INCIDENT, asset=ASSET,
    key="run-1/marks", lasts=3600, run=RunId("run-1"),
)  # fmt: skip


class Room:
    """A store with an incident, and rows as a guard told them."""

    def __init__(self, folder: Path) -> None:
        self.at = NOON
        self.told: list[dict[str, Any]] = []
        self.store = open_store(sqlite_url(folder), clock=lambda: self.at)
        self.policies = Policies(self.store, lambda: self.at)
        self.deeds = RealDeeds(
            Hands(store=self.store, policies=self.policies, keeper=self, clock=lambda: self.at,
                  prover=self, automatic=Automatic(), rows=self)
        )  # fmt: skip
        self.marking = Marking(self.store, self, lambda: self.at)
        suspect = Suspect(principal=PrincipalId("key-91"), share=1, confidence=0.6)
        with self.store.begin() as tx:
            tx.assets.add(
                Asset(id=ASSET, kind=AssetKind.MODEL, name="d", owner="ada", classes=CLASSES)
            )
            tx.incidents.add(
                Incident(
                    id=INCIDENT, title="t", asset=ASSET, opened=NOON, first_seen=NOON, updated=NOON,
                    phase=Phase.TRIAGED, suspects=(suspect,), severity=Severity(level=Level.MEDIUM),
                    verdict=Verdict(kind=VerdictKind.ATTACK),
                )
            )  # fmt: skip

    def freeze(self, incident: Incident) -> None:
        del incident

    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> Proof:
        del asset, version, probe
        return Proof(holds=True, says="A guard shows it.")

    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:
        assert (asset, limit) == (ASSET, 50_000)
        rows = [r for r in self.told if span.start <= r["ts"] < span.end]
        return pa.Table.from_pylist(rows) if rows else pa.table({})

    def connected(self, data: Path | None) -> "Room":
        assert data is None
        return self

    # What a command asks of the server.
    def get(self, path: str) -> Any:
        assert path == "/api/v1/incidents/inc-1/marks"
        return msgspec.to_builtins(self.marking.inputs(INCIDENT))

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        assert (method, path) == ("POST", "/api/v1/incidents/inc-1/marks")
        found = self.marking.judged(INCIDENT, body["answers"])
        return {"carries": found.carries, "says": found.says}


def _key(size: int) -> str:
    return "5e" * size


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    made = Room(tmp_path)
    monkeypatch.setattr("stanch.cli.incident_marks.connect", made.connected)
    monkeypatch.setattr("stanch.engine.marking.secrets.token_hex", _key)
    yield made
    made.store.close()


def _asked(room: Room, model: Any, queries: Any) -> list[str]:
    """What key-91 is answered by a guard under the policy in force, while events are told."""
    marks = room.policies.now(ASSET).shape.marks
    shown = []
    for features, scores in zip(
        queries.tolist(), model.predict_proba(queries).tolist(), strict=True
    ):
        said = {"prediction": CLASSES[int(np.argmax(scores))], "scores": scores}
        asked, answered = (msgspec.json.encode(v) for v in ({"features": features}, said))
        changed = marked(asked, answered, marks, automatic) if marks else None
        shown.append(msgspec.json.decode(changed or answered)["prediction"])
        room.told.append(
            {
                "kind": "inference",
                "principal": "key-91",
                "ts": room.at,
                "features": features,
                **said,
            }
        )
    return shown


def _verdict(model: Any, asked: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """What the command says of this model's answers to the inputs that it wrote."""
    with asked.open() as file:
        ids, *rows = list(csv.reader(file))
    assert ids[0] == "id"
    said = model.predict(np.array([row[1:] for row in rows], float))
    answers = asked.with_name("answers.csv")
    with answers.open("w") as file:
        csv.writer(file).writerows(
            [("id", "answer"), *zip([r[0] for r in rows], said, strict=True)]
        )
    code = run(["incident", "marks", "inc-1", "--answers", str(answers)])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_a_copy_of_a_marked_model_is_told_from_a_model_of_its_own(
    room: Room, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digits: Any = load_digits()
    x, y, dice = digits.data / 16, np.array(CLASSES)[digits.target], np.random.default_rng(1021)
    ours = LogisticRegression(C=0.05).fit(x[::4], y[::4])
    queries = x[dice.integers(0, len(x), 700)]
    queries = queries + dice.normal(0, 0.35, queries.shape)
    _asked(room, ours, queries[:50])
    room.at += timedelta(minutes=5)
    shown = room.deeds.show(ORDER)
    assert shown.risk is Risk.ONE
    assert "wrong on purpose" in shown.text
    assert room.deeds.perform(ORDER).ok
    (mark,) = room.policies.now(ASSET).shape.marks
    assert mark.principals == {"key-91"}
    with room.store.look() as tx:
        # It is proved to be in force, and nobody is held back by it.
        assert [one.proved for one in placed(tx, INCIDENT)] == [room.at]
        assert tx.incidents.get(INCIDENT).phase is Phase.TRIAGED
        assert not hold_of(tx, INCIDENT).lines
    room.at += timedelta(minutes=5)
    copied = _asked(room, ours, queries)
    room.at += timedelta(minutes=5)

    asked = tmp_path / "ask.csv"
    assert run(["incident", "marks", "inc-1", "-o", str(asked)]) == 0
    assert mark.key not in shown.text + capsys.readouterr().out + asked.read_text()
    copy = RandomForestClassifier(25, random_state=1).fit(queries, copied)
    code, says = _verdict(copy, asked, capsys)
    assert code == 0
    assert "carries the marks" in says, says
    own = LogisticRegression(C=0.1).fit(x[1::4], y[1::4])
    _, says = _verdict(own, asked, capsys)
    assert "does not show the marks" in says, says


def test_too_few_answers_say_nothing_and_a_stranger_is_no_mark(
    room: Room, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = str(tmp_path / "ask.csv")
    assert run(["incident", "marks", "inc-1", "-o", asked]) != 0
    assert "No answers were marked" in capsys.readouterr().err
    room.deeds.perform(ORDER)
    room.at += timedelta(minutes=1)
    scores = [0.3, 0.29, *[0.41 / 8] * 8]
    room.told = [
        {"kind": "inference", "principal": who, "ts": NOON, "features": [float(n)],
         "scores": scores, "prediction": CLASSES[0]}
        for n, who in enumerate(["key-91"] * 20 + ["key-2"] * 20)
    ]  # fmt: skip
    assert len(room.marking.inputs(INCIDENT)) == 20
    answers = tmp_path / "answers.csv"
    lines = "".join(f"{one.id},digit 1\n" for one in room.marking.inputs(INCIDENT))
    answers.write_text(f"id,answer\n{lines}")
    assert run(["incident", "marks", "inc-1", "--answers", str(answers)]) == 2
    assert "40 of each are needed" in capsys.readouterr().err
    answers.write_text("id,answer\nanother,digit 1\n")
    assert run(["incident", "marks", "inc-1", "--answers", str(answers)]) != 0
    assert "None of these inputs" in capsys.readouterr().err
    assert run(["incident", "marks", "inc-1"]) != 0


def test_the_share_that_is_shown_is_that_of_the_callers_own_answers(room: Room) -> None:
    near, sure = [0.5, 0.4, *[0.0125] * 8], [0.9, 0.02, *[0.01] * 8]
    room.told = [
        {"kind": "inference", "principal": "key-91", "ts": NOON - timedelta(hours=1),
         "features": [float(n)], "scores": near if n % 4 == 0 else sure, "prediction": CLASSES[0]}
        for n in range(200)
    ]  # fmt: skip
    shown = room.deeds.show(ORDER)
    room.told = []
    assert room.deeds.show(ORDER).digest == shown.digest
    assert room.deeds.show(replace(ORDER, args={"callers": ("key-2",)})).digest != shown.digest


def test_chance_is_the_exact_tail_of_a_blind_draw() -> None:
    """Of 4 marked and 4 plain inputs, the three seconds all marked: 4 of the 56 draws."""
    answers = [(True, True)] * 3 + [(True, False)] + [(False, False)] * 4
    assert told(answers).chance == pytest.approx(4 / 56)
    assert not told(answers).carries
    assert told([(True, True)] * 40 + [(False, False)] * 40).carries


def test_whoever_a_guard_takes_for_a_marked_caller_is_looked_for_too(room: Room) -> None:
    assert room.deeds.perform(ORDER).ok
    room.at = NOON + timedelta(minutes=1)
    scores = [0.5, 0.45, *[0.05 / 8] * 8]
    for number, who in enumerate(("KEY-91", "key-91", "key-9")):
        row = {"kind": "inference", "principal": who, "ts": room.at, "features": [float(number)]}
        room.told.append({**row, "prediction": CLASSES[0], "scores": scores})
    room.at = NOON + timedelta(minutes=2)
    assert {one.features for one in room.marking.inputs(INCIDENT)} == {(0.0,), (1.0,)}
