"""What cannot be told now: a baseline that came since ends what was said before it."""

from datetime import UTC, datetime, timedelta

from stanch.engine.blindness import blind_now
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import AssetId, BaselineId, DetectorId, digest_of
from stanch.vocabulary.kept import BaselineKept

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FRAUD = AssetId("fraud")


def test_a_baseline_ends_the_blindness_of_its_version_that_nobody_looks_at_again(
    sql_store: SqlStore,
) -> None:
    drift = DetectorId("feature_drift")
    with sql_store.begin() as tx:
        for version in ("v1", "v2"):
            blind = Blind(detector=drift, asset=FRAUD, why="no baseline", version=version)
            tx.blinds.say(blind, at=NOON)
        tx.baselines.add(
            BaselineKept(
                id=BaselineId("bl-1"),
                asset=FRAUD,
                version="v1",
                set=NOON + timedelta(seconds=3),
                by="ada",
                digest=digest_of(b"b"),
                body=b"b",
            )
        )
        late = Blind(detector=DetectorId("canaries"), asset=FRAUD, why="few rows", version="v1")
        tx.blinds.say(late, at=NOON + timedelta(minutes=1))
        told = blind_now(tx, FRAUD)
        assert blind_now(tx) == told
        assert len(tx.blinds.of(FRAUD)) == 3
    assert {(s.blind.detector, s.blind.version) for s in told} == {
        (drift, "v2"),
        ("canaries", "v1"),
    }
