"""The freeze: the digest of every version is kept with the policy, the counts and the rows."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from stanch.engine.freeze import of_asset
from stanch.engine.watch.memory import keep_history
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import open_store
from stanch.vocabulary.asset import Asset, AssetKind, Lineage
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import AssetId, digest_of
from stanch.vocabulary.span import Span

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
ROWS = AssetId("rows")


class NoRows:
    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:
        return pa.table({"id": pa.array([], pa.string())})


def _deployed(version: str, digest: str, hours: int) -> Happening:
    at = NOON - timedelta(hours=hours)
    kind = EventKind.DEPLOYMENT
    return Happening(at=at, event=f"d-{hours}", kind=kind, version=version, what=digest)


def test_the_digest_of_every_version_is_kept_as_it_was_last_deployed(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path), clock=lambda: NOON)
    own = digest_of(b"v9")
    made = Asset(
        id=FRAUD,
        kind=AssetKind.MODEL,
        name="fraud",
        owner="ada",
        version="v9",
        digest=own,
        lineage=Lineage(trained_on=(ROWS,)),
    )
    past = (_deployed("v7", "sha256:a", 9), _deployed("v8", "sha256:b", 5))
    rows = Asset(id=ROWS, kind=AssetKind.DATASET, name="rows", owner="dan")
    with store.begin() as tx:
        tx.assets.add(made)
        tx.assets.add(rows)
        keep_history(tx, ROWS, (_deployed("", "sha256:rows", 7),))
        keep_history(tx, FRAUD, (*past, _deployed("v7", "sha256:c", 1)))
    with store.look() as tx:
        span = Span(start=NOON - timedelta(hours=1), end=NOON)
        found = {one.name: one.content for one in of_asset(tx, FRAUD, span, NoRows())}
    store.close()
    body = found["digests.json"]
    assert isinstance(body, bytes)
    assert json.loads(body) == {"v7": "sha256:c", "v8": "sha256:b", "v9": own}
    kept = {name: json.loads(bytes(found[name])) for name in ("lineage.json", "history.json")}  # type: ignore[arg-type]  # pyrefly: ignore[bad-argument-type]  small pieces are bytes
    assert [one["id"] for one in kept["lineage.json"]] == [ROWS]
    assert [one["what"] for one in kept["history.json"]] == [
        *("sha256:a", "sha256:rows", "sha256:b", "sha256:c"),
    ]
    assert kept["history.json"][1]["facts"] == {"asset": ROWS}
