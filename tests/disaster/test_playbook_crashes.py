"""kill -9 at every boundary of every step: nothing is lost, nothing doubled, the end is the same.

What is compared with a run that nobody killed: the policy's demands and every version it had, the
notes, the steps in the evidence log, and how the run ended.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.processes import PATIENCE

from stanch.engine.clock import utc_now
from stanch.engine.policies import Policies
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import open_store
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind, Suspect
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.record import Deed

CHILD = Path(__file__).parent / "playbook_crash_child.py"
FRAUD = AssetId("fraud")
INCIDENT = IncidentId("inc-1")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RECORDS = 10
"""Looks, steps and parks of the six-step playbook: two hops."""
WHERE = ("before", "effect", "inside", "after")
ACTS = (2, 3, 5, 9)
"""The records in which something has an effect outside of the run's own memory."""
EVERY = [
    (n, where) for n in range(1, RECORDS + 1) for where in WHERE if where != "effect" or n in ACTS
]
FEW = [(3, "effect"), (5, "inside"), (7, "after")]


class Child:
    """The process that forks workers; a new one after a test that broke off in mid-sentence."""

    def __init__(self) -> None:
        self.process = self._begun()

    @staticmethod
    def _begun() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def tell(self, **command: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        heard = False
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
            answer: dict[str, Any] = json.loads(self.process.stdout.readline())
            heard = True
        finally:
            if not heard:
                self.process.kill()
                self.process.wait()
                self.process.stdin.close()
                self.process.stdout.close()
                self.process = self._begun()
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0
        self.process.stdout.close()


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    made = Child()
    yield made
    made.close()


def prepare(url: str) -> None:
    store = open_store(url, clock=utc_now)
    with store.begin() as tx:
        tx.assets.add(Asset(id=FRAUD, kind=AssetKind.MODEL, name="fraud", owner="ada"))
        tx.incidents.add(
            Incident(
                id=INCIDENT,
                title="Model extraction on fraud",
                asset=FRAUD,
                opened=NOON,
                first_seen=NOON,
                updated=NOON,
                phase=Phase.TRIAGED,
                suspects=(Suspect(principal=PrincipalId("key-91"), share=1, confidence=0.97),),
                verdict=Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION),
            )
        )
    store.close()


def told(url: str) -> dict[str, Any]:
    """Everything that must be the same however often the worker was killed."""
    store = open_store(url, clock=utc_now)
    with store.look() as tx:
        runs = tx.runs.page(Wanted(incident=(INCIDENT,))).items
        versions = tx.policies.history(FRAUD)
        notes = [n.text for n in tx.notes.of(INCIDENT)]
    standing = Policies(store, utc_now).standing(FRAUD)
    steps = [
        (e.entry.facts["step"], e.entry.facts.get("came"))
        for e in store.outbox(limit=500)
        if e.entry.deed is Deed.STEP_DONE
    ]
    changes = sum(e.entry.deed is Deed.POLICY_CHANGED for e in store.outbox(limit=500))
    store.close()
    wants = [
        msgspec.json.encode(replace(d.policy, until=None), order="deterministic").decode()
        for d in standing.demands
    ]
    return {
        "runs": [(r.playbook, r.state) for r in runs],
        "demands": sorted(wants),
        "versions": len(versions),
        "changes": changes,
        "notes": notes,
        "steps": steps,
    }


def one(url: str, runs: str, worker: str = "local", **more: Any) -> dict[str, Any]:
    plain = {"at": 0, "where": "", "start": True, "seconds": PATIENCE}
    return {"store": url, "runs": runs, "worker": worker, **plain, **more}


@pytest.fixture(scope="module")
def whole(child: Child, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run comes to that nobody kills."""
    folder = tmp_path_factory.mktemp("whole")
    url = sqlite_url(folder)
    prepare(url)
    child.tell(**one(url, f"sqlite:///{folder}/runs.db"))
    assert child.tell(wait=True) == {"local": 0}
    found = told(url)
    assert found["runs"] == [("six", "done")]
    assert [s for s, _ in found["steps"]] == [
        "", "freeze", "block", "ask-nobody", "slow", "a-moment", "say", "",
    ]  # fmt: skip
    assert len(found["demands"]) == found["changes"] == 2
    assert found["notes"] == ["done by the book"]
    return found


def killed_and_taken_up(child: Child, folder: Path, at: int, where: str) -> dict[str, Any]:
    url, runs = sqlite_url(folder), f"sqlite:///{folder}/runs.db"
    prepare(url)
    child.tell(**one(url, runs, at=at, where=where))
    assert child.tell(wait=True) == {"local": signal.SIGKILL}
    child.tell(**one(url, runs))
    assert child.tell(wait=True) == {"local": 0}
    return told(url)


@pytest.mark.parametrize(("at", "where"), FEW)
def test_a_worker_killed_here_loses_and_doubles_nothing(
    child: Child, whole: dict[str, Any], tmp_path: Path, at: int, where: str
) -> None:
    assert killed_and_taken_up(child, tmp_path, at, where) == whole


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_worker_killed_anywhere_loses_and_doubles_nothing(
    child: Child, whole: dict[str, Any], tmp_path: Path
) -> None:
    for at, where in EVERY:
        folder = tmp_path / f"{at}-{where}"
        folder.mkdir()
        assert killed_and_taken_up(child, folder, at, where) == whole, (at, where)


@pytest.mark.needs_postgres
@pytest.mark.parametrize(
    ("at", "where"),
    [
        (3, "effect"),
        *(pytest.param(*one_, marks=pytest.mark.slow) for one_ in EVERY if one_ != (3, "effect")),
    ],
)
def test_another_worker_takes_over_from_one_that_was_killed(
    child: Child, whole: dict[str, Any], postgres_url: str, at: int, where: str
) -> None:
    prepare(postgres_url)
    child.tell(**one(postgres_url, postgres_url, worker="w1", at=at, where=where))
    assert child.tell(wait=True) == {"w1": signal.SIGKILL}
    child.tell(**one(postgres_url, postgres_url, worker="w2", start=False))
    child.tell(**one(postgres_url, postgres_url, worker="w3", start=False))
    assert child.tell(wait=True) == {"w2": 0, "w3": 0}
    assert told(postgres_url) == whole
