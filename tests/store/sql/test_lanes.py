"""Conditions of operation in the store: beside the whole, which stays as it is."""

from datetime import datetime, timedelta

from stanch.store.sql.store import SqlStore
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import AssetId, BaselineId, DetectorId, Digest
from stanch.vocabulary.kept import BaselineKept, SummaryBlock
from stanch.vocabulary.span import Span

ASSET = AssetId("fraud")


def block(at: datetime, condition: str, body: bytes = b"x") -> SummaryBlock:
    return SummaryBlock(
        asset=ASSET, version="v1", condition=condition, minute=at, body=body, n=len(body)
    )


def baseline(name: str, version: str, condition: str, at: datetime) -> BaselineKept:
    return BaselineKept(
        id=BaselineId(name),
        asset=ASSET,
        version=version,
        condition=condition,
        set=at,
        by="ada",
        digest=Digest("sha256:" + "0" * 64),
        body=b"",
    )


def test_minutes_of_a_condition_are_kept_beside_those_of_the_whole_and_pruned_with_them(
    sql_store: SqlStore, at: datetime
) -> None:
    minute = at.replace(second=0, microsecond=0)
    span = Span(start=minute, end=minute + timedelta(minutes=1))
    with sql_store.begin() as tx:
        tx.summaries.put([block(minute, ""), block(minute, "eu"), block(minute, "us")])
        tx.summaries.put([block(minute, "eu", b"later")])
    with sql_store.begin() as tx:
        assert [b.condition for b in tx.summaries.between(ASSET, span)] == [""]
        assert tx.summaries.between(ASSET, span, version="v1", condition="eu") == (
            block(minute, "eu", b"later"),
        )
        assert tx.summaries.between(ASSET, span, version="v2", condition="eu") == ()
        assert tx.summaries.minute(ASSET, "v1", minute, "us") == (block(minute, "us"),)
        later = Span(start=span.end, end=span.end + timedelta(minutes=1))
        for one in ("", "us"):
            assert tx.summaries.minutes(ASSET, "v1", span, one) == {minute}
            assert not tx.summaries.minutes(ASSET, "v1", later, one)
            assert not tx.summaries.minutes(ASSET, "v2", span, one)
        assert not tx.summaries.minutes(ASSET, "v1", span, "asia")
        assert tx.summaries.decided(ASSET, span) == 1
        assert tx.summaries.prune(span.end) == 3
        assert tx.summaries.between(ASSET, span, condition="eu") == ()


def test_a_condition_has_its_own_baseline_or_that_of_all(sql_store: SqlStore, at: datetime) -> None:
    with sql_store.begin() as tx:
        tx.baselines.add(baseline("whole", "", "", at))
        tx.baselines.add(baseline("eu", "", "eu", at))
        tx.baselines.add(baseline("eu-v2", "v2", "eu", at))

        def current(version: str, condition: str) -> str:
            found = tx.baselines.current(ASSET, version, condition)
            return found.id if found is not None else ""

        assert current("", "") == current("v2", "") == current("v1", "us") == "whole"
        assert (current("", "eu"), current("v2", "eu")) == ("eu", "eu-v2")
        assert current("v1", "eu") == "eu-v2"
        assert [b.condition for b in tx.baselines.history(ASSET)] == ["eu", "eu", ""]


def test_blind_spots_of_conditions_stand_beside_each_other(
    sql_store: SqlStore, at: datetime
) -> None:
    detector = DetectorId("score_shift")
    with sql_store.begin() as tx:
        for condition in ("", "eu"):
            tx.blinds.say(
                Blind(detector=detector, asset=ASSET, condition=condition, why="few"), at=at
            )
        assert [s.blind.condition for s in tx.blinds.of(ASSET)] == ["", "eu"]
        assert tx.blinds.clear(detector, ASSET, "", "eu")
        assert [s.blind.condition for s in tx.blinds.of(ASSET)] == [""]
