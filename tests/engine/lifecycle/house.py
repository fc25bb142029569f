"""What tests of the main path share: its parts on one folder, rows that come by the minute."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from stanch.detect.detector import Detector
from stanch.detect.registry import detectors
from stanch.engine.baselines import Baselines
from stanch.engine.evidence import EvidenceRoom
from stanch.engine.ingest.schema import conform
from stanch.engine.lifecycle import Lifecycle, Parts
from stanch.engine.triage import Triage
from stanch.engine.watch.feed import Solo
from stanch.engine.watch.watcher import Watcher
from stanch.store.sql.store import SqlStore, open_store
from stanch.store.vault import Vault
from stanch.testing.spool import MemorySpool
from stanch.vocabulary.ids import AssetId

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


def inferences(
    n: int, since: datetime, *, shift: float = 0.0, seed: int = 0, seconds: float = 60
) -> pa.Table:
    dice = np.random.default_rng(seed)
    x = dice.normal(size=(n, 4))
    x[:, 0] += shift
    x[:, 3] = x[:, 0] + 0.1 * x[:, 3]
    score = 1 / (1 + np.exp(-x @ np.array([1.0, -1.0, 0.5, 0.0])))
    times = [since + timedelta(seconds=seconds * i / n) for i in range(n)]
    return conform(
        pa.table(
            {
                "id": [f"e-{seed}-{i}" for i in range(n)],
                "ts": pa.array(times, pa.timestamp("us", "UTC")),
                "kind": ["inference"] * n,
                "asset": [FRAUD] * n,
                "version": ["v7"] * n,
                "principal": [f"tenant-{i % 20}" for i in range(n)],
                "features": pa.array(x.tolist(), pa.list_(pa.float64())),
                "prediction": ["yes" if s > 0.5 else "no" for s in score],
                "scores": pa.array([[1 - s, s] for s in score], pa.list_(pa.float64())),
            }
        )
    )


class House:
    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.store: SqlStore = open_store(f"sqlite:///{folder}/stanch.db", clock=self.clock)
        self.vault = Vault.open(folder / "vault")
        self.rows = MemorySpool()
        self.baselines = Baselines(self.store, lambda _: "signed", self.clock)
        self.start()

    def start(self, chosen: Callable[[], Mapping[str, Detector[object]]] = detectors) -> None:
        """As after a restart: nothing in memory."""
        self.watcher = Watcher(self.store, Solo(self.rows), self.rows, chosen, self.clock)
        self.path = Lifecycle(
            Parts(
                store=self.store,
                watcher=self.watcher,
                triage=Triage(self.store, self.clock),
                evidence=EvidenceRoom(self.store, self.vault, self.clock),
                events=self.rows,
            )
        )

    def close(self) -> None:
        self.vault.close()
        self.store.close()


def minute_by_minute(house: House, minutes: int, *, shift: float, seed: int) -> None:
    for minute in range(minutes):
        since = house.clock.at
        house.rows.add(inferences(1000, since, shift=shift, seed=seed + minute))
        house.clock.at = since + timedelta(minutes=1)
        house.path.turn()
