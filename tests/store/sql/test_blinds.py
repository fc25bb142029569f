"""Blind spots: said again they keep the moment they began, cleared they are gone."""

from datetime import datetime, timedelta

from stanch.store.sql.store import SqlStore
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import AssetId, DetectorId

DETECTOR, ASSET = DetectorId("score_shift"), AssetId("fraud")


def blind(why: str, version: str = "v1") -> Blind:
    return Blind(detector=DETECTOR, asset=ASSET, version=version, why=why)


def test_a_blind_spot_keeps_its_begin_and_its_newest_reason_until_it_is_cleared(
    sql_store: SqlStore, at: datetime
) -> None:
    later = at + timedelta(minutes=1)
    with sql_store.begin() as tx:
        assert tx.blinds.say(blind("3 predictions"), at=at).since == at
        tx.blinds.say(blind("no baseline", "v2"), at=at)
    with sql_store.begin() as tx:
        again = tx.blinds.say(blind("4 predictions"), at=later)
        assert (again.since, again.seen) == (at, later)
        first, second = tx.blinds.of(ASSET)
        assert (first.blind.why, first.since, first.seen) == ("4 predictions", at, later)
        assert (second.blind.why, second.since, second.seen) == ("no baseline", at, at)
    with sql_store.begin() as tx:
        assert tx.blinds.clear(DETECTOR, ASSET, "v1")
        assert not tx.blinds.clear(DETECTOR, ASSET, "v1")
        assert [spot.blind.version for spot in tx.blinds.of(ASSET)] == ["v2"]
        assert tx.blinds.say(blind("5 predictions"), at=later).since == later
