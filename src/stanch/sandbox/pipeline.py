"""A training pipeline: rows come in, a model is trained, pushed and deployed; each step is told.

In    an ingest key; a registry; rows with where they come from.
Out   dataset, training, deployment and access events; new versions in the registry.
Why   attacks on training need training. It is an honest pipeline: before each step it asks the
      policy whether that is on hold, as the docs tell pipelines to do.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stanch.engine.clock import utc_now
from stanch.sandbox.tenants import groups_of
from stanch.sandbox.victims.net import Net, trained
from stanch.sandbox.victims.registry import Registry
from stanch.sandbox.victims.table import Table, joined
from stanch.sandbox.wire import Api
from stanch.vocabulary.trouble import Trouble

DATASET = "training-rows"
ORIGINS = ("branch-north", "branch-south", "partner-one")
PEOPLE = ("ana", "ben", "chen")
RUNS = 10
"""Training runs of the past: enough to have a pattern."""
SETTINGS = {"hidden": 32, "rounds": 60}


def rows_digest(rows: Table) -> str:
    """The digest of a batch of rows."""
    return "sha256:" + hashlib.sha256(rows.x.tobytes() + rows.y.tobytes()).hexdigest()


@dataclass(kw_only=True, slots=True, eq=False)
class Pipeline:
    """One model's pipeline."""

    api: Api
    asset: str
    registry: Registry
    rows: Table
    """All it has collected."""
    seed: int
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    held: list[str] = field(default_factory=list)
    """Steps that were not done because the policy put them on hold."""
    boot: str = field(default_factory=lambda: f"{utc_now():%Y%m%d%H%M%S%f}")
    """Tells what this pipeline said from what one before it said, in the same folder."""
    _told: int = 0

    def may(self, step: str) -> bool:
        """Whether this step is not on hold; a server that is down stops nothing."""
        try:
            policy = self.api.get(f"/api/v1/assets/{self.asset}/policy") or {}
        except Trouble:
            return True
        if policy.get("hold", {}).get(step):
            self.held.append(step)
            return False
        return True

    def collect(self, batch: Table, origin: str, by: str = "pipeline") -> bool:
        """Whether these rows were taken in."""
        if not self.may("ingestion"):
            return False
        start, self.rows = len(self.rows), joined(self.rows, batch)
        told: dict[str, object] = {
            "kind": "dataset",
            "asset": DATASET,
            "principal": by,
            "digest": rows_digest(batch),
            "rows": len(batch),
            "origin": origin,
        }
        self._tell(told, *self._rows(batch, by, start))
        return True

    def train(self, version: str, by: str = "pipeline") -> Net | None:
        """A net that learnt all rows, told as a run; None when training is on hold."""
        if not self.may("training"):
            return None
        net = trained(self.rows, self.seed)
        self.tell(**run_event(self.asset, version, self.rows, net), principal=by)
        return net

    def deploy(self, version: str, net: Net, by: str = "pipeline") -> bool:
        """Whether the version was signed, pushed and made the current one."""
        if not self.may("deployment"):
            return False
        card = self.registry.push(version, net, by=by, key=self.key)
        self.touched("push", version, by)
        self.registry.promote(version)
        self.tell(
            kind="deployment",
            asset=self.asset,
            principal=by,
            by=by,
            version=version,
            digest=card.digest,
        )
        return True

    def touched(self, action: str, version: str, by: str, source: str = "10.9.0.5") -> None:
        """Tells what the registry's own log tells: who touched which version."""
        self.tell(
            kind="access",
            asset=self.asset,
            principal=by,
            source=source,
            action=action,
            resource=f"registry/{self.asset}/{version}",
            outcome="ok",
        )

    def tell(self, **event: object) -> None:
        """One event, now."""
        self._tell(event)

    def _rows(self, batch: Table, by: str, start: int) -> Iterator[Mapping[str, object]]:
        """The rows that came in, each with its label and what the model in service says of it."""
        version = self.registry.current
        if not version:
            return
        said = self.registry.net(version).says(batch.x)
        for place, row in enumerate(batch.x):
            yield {
                "kind": "label",
                "asset": self.asset,
                "version": version,
                "principal": by,
                "of": f"{DATASET}/{start + place}",
                "dataset": DATASET,
                "features": row.tolist(),
                "label": batch.classes[int(batch.y[place])],
                "prediction": batch.classes[int(said[place])],
                **({"groups": groups_of(batch.groups[place])} if batch.groups else {}),
            }

    def _tell(self, *events: Mapping[str, object]) -> None:
        """These events, now, in one piece."""
        now = utc_now().isoformat()
        whole: list[dict[str, object]] = []
        for event in events:
            self._told += 1
            whole.append({"id": f"pipe-{self.boot}-{self._told}", "ts": now, **event})
        try:
            self.api.send("POST", "/api/v1/events", whole)
        except Trouble:
            return


def run_event(asset: str, version: str, rows: Table, net: Net) -> dict[str, Any]:
    """The event of a training run."""
    return {
        "kind": "training",
        "asset": asset,
        "version": version,
        "run": f"run-{version}",
        "dataset": DATASET,
        "digest": net.digest,
        "rows": len(rows),
        "params": SETTINGS,
        "metrics": {"accuracy": round(net.right(rows), 4)},
    }


def past_runs(
    asset: str, learnt: Table, nets: Mapping[str, Net], until: datetime
) -> Iterator[dict[str, Any]]:
    """The pipeline's ordinary past: data from the usual places, runs, deployments, accesses."""
    gap = timedelta(minutes=21)
    dice = np.random.default_rng(5)
    for n in range(RUNS):
        at = until - gap * (RUNS - n)
        last = n == RUNS - 1
        version = "v1" if last else f"v0.{n + 1}"
        net = nets.get(version)
        digest = net.digest if net else f"sha256:{hashlib.sha256(version.encode()).hexdigest()}"
        rows = int(len(learnt) * (0.97 + 0.06 * dice.random()))
        event = run_event(asset, version, learnt, nets["v1"])
        score = round(event["metrics"]["accuracy"] - 0.004 * dice.random(), 4)
        steps: list[dict[str, Any]] = [
            {
                "kind": "dataset",
                "asset": DATASET,
                "principal": "pipeline",
                "digest": f"sha256:{hashlib.sha256(f'd{n}'.encode()).hexdigest()}",
                "rows": rows // 10,
                "origin": ORIGINS[n % len(ORIGINS)],
            },
            {**event, "digest": digest, "rows": rows, "metrics": {"accuracy": score}},
            {"kind": "deployment", "asset": asset, "version": version, "digest": digest},
            *_accesses(asset, version),
        ]
        for m, step in enumerate(steps):
            same = {"id": f"past-{n}-{m}", "ts": (at + timedelta(seconds=20 * m)).isoformat()}
            by = {"principal": "pipeline", "by": "pipeline"}
            yield {**by, **step, **same}


def _accesses(asset: str, version: str) -> Iterator[dict[str, Any]]:
    resource = f"registry/{asset}/{version}"
    deeds = [("push", "pipeline", resource), ("pull", "serving", resource)]
    deeds += [("login", name, "registry") for name in PEOPLE]
    deeds += [("read", name, resource) for name in PEOPLE]
    for action, principal, what in deeds:
        yield {
            "kind": "access",
            "asset": asset,
            "principal": principal,
            "source": "10.9.0.5",
            "action": action,
            "resource": what,
            "outcome": "ok",
        }
