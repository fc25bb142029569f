"""The spool in memory answers as the one on disk and the lake over it do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from stanch.engine.ingest.schema import SCHEMA, conform
from stanch.store.lazy_lake import LazyLake
from stanch.store.spool import Spool
from stanch.testing.spool import MemorySpool
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.span import Span

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINE = AssetId("mine")


def test_memory_and_disk_give_the_same_rows(tmp_path: Path) -> None:
    times = [NOON + timedelta(minutes=k) for k in (3, 0, 2, 1, 4, 5)]
    rows = conform(
        pa.table(
            {
                "id": [f"e{k}" for k in range(6)],
                "ts": pa.array(times, pa.timestamp("us", "UTC")),
                "asset": [MINE] * 5 + ["other"],
                "prediction": ["yes"] * 6,
            }
        )
    )
    memory = MemorySpool(rows.slice(0, 2), rows.slice(2))
    span = Span(start=NOON, end=NOON + timedelta(minutes=4))
    with Spool.open(tmp_path / "spool") as disk:
        disk.append(rows)
        lake = LazyLake(tmp_path / "lake", SCHEMA, disk)
        assert memory.end == disk.end
        assert memory.read(2, 9).to_pylist() == conform(disk.read(2, 9)).to_pylist()
        asked = (MINE, ["e1", "e5", "nobody"], ["source"])
        assert memory.recall(*asked).to_pylist() == lake.recall(*asked).to_pylist()
        assert memory.recall(*asked)["id"].to_pylist() == ["e1"]
        newest = memory.between(MINE, span, 3)
        assert newest["id"].to_pylist() == ["e0", "e2", "e3"]
        assert newest.to_pylist() == lake.between(MINE, span, 3).to_pylist()
        lake.close()
