"""One incident with evidence, and the console that shows it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from tests.web.pages.case import CASE, finding

from stanch.app.parts import Parts, opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.engine.evidence import Piece
from stanch.engine.ingest.schema import conform
from stanch.settings import Settings
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import (
    AssetId,
)
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.web.visit import Console

ODD = ("run/7", "..", "a b", "%2F", "a?b#c")
"""Ids of events as systems write them too."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Parts, Console]]:
    """One incident with evidence, and some events, in a folder that every test here works on."""
    now = datetime.now(UTC)
    with opened(Settings(data=tmp_path_factory.mktemp("pages"))) as parts:
        with parts.store.begin() as tx:
            tx.assets.add(
                Asset(id=AssetId("fraud"), kind=AssetKind.MODEL, name="Fraud", owner="ada")
            )
            kept = tx.findings.put([finding(n, now) for n in range(6)], at=now)
            tx.incidents.add(
                Incident(
                    id=CASE,
                    title="Somebody copies the model",
                    asset=AssetId("fraud"),
                    opened=now,
                    first_seen=now,
                    updated=now,
                    phase=Phase.TRIAGED,
                    findings=tuple(f.id for f in kept),
                    suspects=kept[0].suspects,
                    verdict=Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION),
                )
            )
        parts.room.take(CASE, [Piece(name="a", kind="note", content=b"what was")], by="stanch")
        rows = [
            {
                "id": ODD[n] if n < len(ODD) else f"e-{n:03d}",
                "ts": now - timedelta(seconds=n // 2),
                "kind": "inference" if n % 5 else "label",
                "asset": "fraud",
                "principal": f"key-{90 + n % 2}",
                "received": now,
            }
            for n in range(120)
        ]
        parts.spool.append(conform(pa.Table.from_pylist(rows)))
        yield parts, console_of(parts, work_of(parts))


@pytest.fixture
def console(world: tuple[Parts, Console]) -> Console:
    return world[1]
