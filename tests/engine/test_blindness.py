"""What cannot be told now: what a baseline ends, and what nobody was ever asked about."""

from datetime import UTC, datetime, timedelta

import pytest

from stanch.engine.blindness import blind_now, blind_spots, end_blindness
from stanch.engine.watch.heard import heard_of, keep_heard, remember_heard
from stanch.engine.watch.memory import keep_history
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.asset import Asset, AssetKind, Lineage
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import AssetId, BaselineId, DetectorId, digest_of
from stanch.vocabulary.kept import BaselineKept, SummaryBlock

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FRAUD = AssetId("fraud")
DRIFT = DetectorId("feature_drift")


def baseline(version: str, at: datetime, number: int = 1) -> BaselineKept:
    return BaselineKept(
        id=BaselineId(f"bl-{version}-{number}"),
        asset=FRAUD,
        version=version,
        set=at,
        by="ada",
        digest=digest_of(b"b"),
        body=b"b",
    )


def asset(kind: AssetKind, lineage: Lineage | None = None, key: str = "fraud") -> Asset:
    return Asset(id=AssetId(key), kind=kind, name=key, owner="ann", lineage=lineage or Lineage())


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(days=400)])
def test_a_baseline_ends_what_was_said_before_it_and_hides_nothing_said_since_whatever_the_clock(
    sql_store: SqlStore, ahead: timedelta
) -> None:
    with sql_store.begin() as tx:
        for version in ("v1", "v2", "~deeds"):
            tx.blinds.say(
                Blind(detector=DRIFT, asset=FRAUD, why="no baseline", version=version), at=NOON
            )
        tx.baselines.add(baseline("v2", NOON - timedelta(days=1)))
        tx.baselines.add(own := baseline("v1", NOON + ahead))
        end_blindness(tx, own)
        told = {spot.blind.version for spot in blind_now(tx, FRAUD)}
        assert told == {"v2", "~deeds"}
        late = Blind(detector=DetectorId("canaries"), asset=FRAUD, why="few rows", version="v1")
        tx.blinds.say(late, at=NOON + timedelta(minutes=1))
        assert ("canaries", "v1") in {
            (spot.blind.detector, spot.blind.version) for spot in blind_now(tx)
        }
        tx.baselines.add(again := baseline("v2", NOON + ahead, number=2))
        end_blindness(tx, again)
        assert {s.blind.version for s in blind_now(tx)} == {"v1", "~deeds"}


def unheard_of(store: SqlStore, one: Asset, *kinds: EventKind) -> dict[str, str]:
    with store.begin() as tx:
        if tx.assets.find(one.id) is None:
            tx.assets.add(one)
        tx.assets.save(one)
        keep_heard(tx, one.id, frozenset(kinds))
        return {str(s.blind.detector): s.blind.why for s in blind_spots(tx, one.id)}


def test_what_was_never_told_is_said_with_how_to_send_it_and_only_what_such_an_asset_has(
    sql_store: SqlStore,
) -> None:
    told = unheard_of(sql_store, asset(AssetKind.MODEL), EventKind.INFERENCE)
    assert told["access_anomaly"] == (
        "no access was ever told: send events of the kind access (docs/how-to/send-events)"
    )
    assert {"training_pattern", "model_provenance", "dataset_integrity"} <= told.keys()
    assert not {"feature_drift", "accuracy_drop", "resource_abuse"} & told.keys()
    whole = unheard_of(sql_store, asset(AssetKind.MODEL), *EventKind)
    assert whole == {}
    never = unheard_of(sql_store, asset(AssetKind.MODEL))
    assert never["feature_drift"].startswith("no answer was ever told: send events of the kind inf")
    dataset = unheard_of(sql_store, asset(AssetKind.DATASET))
    assert dataset.keys() == {
        "access_anomaly",
        "correlation_rules",
        "dataset_integrity",
        "resource_abuse",
    }
    chat = unheard_of(sql_store, asset(AssetKind.AGENT), EventKind.EXCHANGE, EventKind.ACCESS)
    assert chat == {}
    assert unheard_of(sql_store, asset(AssetKind.PROMPT)) == {}


def test_what_is_told_of_its_kin_need_not_be_told_of_it_again(sql_store: SqlStore) -> None:
    line = Lineage(trained_on=(AssetId("rows"),), served_by=(AssetId("door"),))
    model = asset(AssetKind.MODEL, line)
    with sql_store.begin() as tx:
        tx.assets.add(asset(AssetKind.DATASET, key="rows"))
        tx.assets.add(door := asset(AssetKind.ENDPOINT, key="door"))
        tx.assets.add(model)
        keep_heard(tx, door.id, frozenset({EventKind.ACCESS}))
    told = unheard_of(sql_store, model, EventKind.INFERENCE)
    assert not {"access_anomaly", "dataset_integrity"} & told.keys()
    assert "training_pattern" in told
    with sql_store.begin() as tx:
        keep_heard(tx, door.id, frozenset())
        names = {(s.blind.asset, s.blind.detector) for s in blind_spots(tx)}
    assert ("rows", "dataset_integrity") in names
    of_door = {name for key, name in names if key == "door"}
    assert of_door == {"access_anomaly", "correlation_rules"}


def test_what_came_before_kinds_were_written_down_is_remembered_once(sql_store: SqlStore) -> None:
    run = Happening(at=NOON, event="e", kind=EventKind.TRAINING, what="run-1")
    with sql_store.begin() as tx:
        tx.assets.add(asset(AssetKind.MODEL))
        keep_history(tx, FRAUD, (run,))
        tx.summaries.put([SummaryBlock(asset=FRAUD, version="v", minute=NOON, body=b"b", n=3)])
        remember_heard(tx)
        assert heard_of(tx, FRAUD) == {EventKind.TRAINING, EventKind.INFERENCE}
        keep_heard(tx, FRAUD, frozenset())
        remember_heard(tx)
        assert heard_of(tx, FRAUD) == frozenset()
