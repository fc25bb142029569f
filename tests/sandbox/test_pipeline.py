"""The training pipeline is honest: it tells each step, signs what it pushes, and heeds a hold."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stanch.sandbox.attackers.poison import flipped
from stanch.sandbox.pipeline import (
    DATASET,
    ORIGINS,
    RUNS,
    Pipeline,
    past_runs,
    rows_digest,
)
from stanch.sandbox.victims.data import table
from stanch.sandbox.victims.net import Net, trained
from stanch.sandbox.victims.registry import Registry
from stanch.sandbox.victims.table import Table, joined
from stanch.sandbox.wire import Api
from stanch.vocabulary.trouble import Unreachable

pytest.importorskip("sklearn")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hearing(Api):
    """A server that keeps what it is told, and has a policy with these holds."""

    url: str = ""
    key: str = ""
    hold: tuple[str, ...] = ()
    down: bool = False
    heard: list[dict[str, Any]] = field(default_factory=list)

    def get(self, path: str, **query: object) -> Any:
        if self.down:
            raise Unreachable(path, "it is down")
        assert path == "/api/v1/assets/victim/policy"
        return {"hold": dict.fromkeys(self.hold, True)}

    def send(self, method: str, path: str, document: object = None) -> tuple[int, Any]:
        if self.down:
            raise Unreachable(path, "it is down")
        assert (method, path) == ("POST", "/api/v1/events")
        assert isinstance(document, list)
        self.heard.extend(document)
        return 202, None


@pytest.fixture(scope="module")
def rows() -> Table:
    return table("cancer")


@pytest.fixture(scope="module")
def net(rows: Table) -> Net:
    return trained(rows, 1)


def pipeline(folder: Path, rows: Table, server: Hearing) -> Pipeline:
    return Pipeline(api=server, asset="victim", registry=Registry(folder), rows=rows, seed=1)


def test_each_step_is_told_with_what_it_was_about(tmp_path: Path, rows: Table) -> None:
    server = Hearing()
    own = pipeline(tmp_path, rows.take(np.arange(400)), server)
    batch = rows.take(np.arange(400, 450))
    assert own.collect(batch, "partner-one", by="supplier")
    net = own.train("v2")
    assert net is not None
    assert own.deploy("v2", net)
    dataset, training, push, deployment = server.heard
    assert [e["kind"] for e in server.heard] == ["dataset", "training", "access", "deployment"]
    assert (dataset["asset"], dataset["principal"]) == (DATASET, "supplier")
    assert (dataset["origin"], dataset["rows"]) == ("partner-one", 50)
    assert dataset["digest"] == rows_digest(batch)
    assert (training["asset"], training["dataset"], training["rows"]) == ("victim", DATASET, 450)
    assert (training["version"], training["digest"]) == ("v2", net.digest)
    assert training["metrics"]["accuracy"] == round(net.right(own.rows), 4)
    assert (push["action"], push["resource"]) == ("push", "registry/victim/v2")
    assert (deployment["version"], deployment["digest"]) == ("v2", net.digest)
    assert len({e["id"] for e in server.heard}) == 4


def test_what_was_handed_in_is_learnt_and_what_was_learnt_is_signed_and_served(
    tmp_path: Path, rows: Table
) -> None:
    own = pipeline(tmp_path, rows.take(np.arange(400)), Hearing())
    own.collect(flipped(rows.take(np.arange(400, 569)), 0, 1), "feedback", by="contributor")
    assert len(own.rows) > 400
    net = own.train("v2")
    assert net is not None
    assert net.digest == trained(own.rows, 1).digest
    assert own.deploy("v2", net)
    assert own.registry.current == "v2"
    assert own.registry.holds("v2", own.key.public_key())
    assert own.registry.net("v2").digest == net.digest


def test_each_row_is_told_with_whose_it_is_and_what_the_model_in_service_says(
    tmp_path: Path, rows: Table, net: Net
) -> None:
    server = Hearing()
    own = pipeline(tmp_path, rows.take(np.arange(400)), server)
    assert own.deploy("v1", net)
    server.heard.clear()
    batch = flipped(rows.take(np.arange(400, 430)), 0, 1)
    assert own.collect(batch, "feedback", by="contributor")
    dataset, *told = server.heard
    assert (dataset["kind"], len(told)) == ("dataset", len(batch))
    assert {(e["kind"], e["asset"], e["version"], e["principal"]) for e in told} == {
        ("label", "victim", "v1", "contributor")
    }
    assert [e["of"] for e in told] == [f"{DATASET}/{400 + n}" for n in range(len(batch))]
    assert [e["features"] for e in told] == batch.x.tolist()
    assert {e["label"] for e in told} == {rows.classes[1]}
    assert [e["prediction"] for e in told] == [rows.classes[k] for k in net.says(batch.x)]


@pytest.mark.parametrize("step", ["ingestion", "training", "deployment"])
def test_a_step_on_hold_is_not_done_and_not_told(
    step: str, tmp_path: Path, rows: Table, net: Net
) -> None:
    server = Hearing(hold=(step,))
    own = pipeline(tmp_path, rows, server)
    done = {
        "ingestion": lambda: own.collect(rows, "feedback"),
        "training": lambda: own.train("v2") is not None,
        "deployment": lambda: own.deploy("v2", net),
    }
    assert not done.pop(step)()
    assert (own.held, server.heard, len(own.rows)) == ([step], [], len(rows))
    assert not own.registry.current
    assert all(other() for other in done.values())
    assert own.held == [step]


def test_a_server_that_is_down_stops_no_pipeline(tmp_path: Path, rows: Table, net: Net) -> None:
    own = pipeline(tmp_path, rows, Hearing(down=True))
    assert own.collect(rows.take(np.arange(10)), "branch-north")
    assert own.deploy("v2", net)
    assert own.held == []
    assert own.registry.current == "v2"


def past(rows: Table, net: Net) -> list[dict[str, Any]]:
    return list(
        past_runs("victim", rows, {"v0.9": net, "v1": net}, datetime(2026, 1, 1, tzinfo=UTC))
    )


def test_the_past_has_a_pattern_and_is_the_same_each_time(rows: Table, net: Net) -> None:
    found = past(rows, net)
    assert found == past(rows, net)
    kinds = Counter(e["kind"] for e in found)
    assert (kinds["dataset"], kinds["training"], kinds["deployment"]) == (RUNS, RUNS, RUNS)
    assert {e["origin"] for e in found if e["kind"] == "dataset"} == set(ORIGINS)
    assert len({e["id"] for e in found}) == len(found)
    runs = [e for e in found if e["kind"] == "training"]
    assert [e["version"] for e in runs][-2:] == ["v0.9", "v1"]
    assert [e["digest"] for e in runs][-2:] == [net.digest, net.digest]
    assert len({e["digest"] for e in runs[:-2]}) == RUNS - 2
    assert all(e["ts"] < "2026-01-01" for e in found)


def test_rows_keep_their_group_where_both_have_one(rows: Table) -> None:
    people = table("diabetes")
    both = joined(people.take(np.arange(3)), people.take(np.arange(3, 5)))
    assert both.groups == people.groups[:5]
    assert joined(rows, rows).groups == ()
