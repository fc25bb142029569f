"""How long things are kept: set by people, kept to once a day, never touching what is proof."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stanch.engine.retention import LONGEST, Retention, Terms
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.kept import SummaryBlock
from stanch.vocabulary.record import Deed
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ASSET = AssetId("scorer")


class Lake:
    def __init__(self) -> None:
        self.keeps: list[timedelta | None] = []

    def compact(self, now: datetime, keep: timedelta | None = None) -> None:
        self.keeps.append(keep)


@pytest.fixture
def lake() -> Lake:
    return Lake()


@pytest.fixture
def retention(sql_store: Any, lake: Lake) -> Retention:
    old, new = NOW - timedelta(days=100), NOW - timedelta(days=1)
    blocks = [
        SummaryBlock(asset=ASSET, version="", minute=at, principal=who, body=b"x", n=1)
        for at in (old, new)
        for who in (None, PrincipalId("key-1"))
    ]
    with sql_store.begin() as tx:
        tx.summaries.put(blocks)
    return Retention(sql_store, lake, lambda: NOW)


def left(store: Any) -> tuple[int, int]:
    span = Span(start=NOW - timedelta(days=200), end=NOW)
    with store.look() as tx:
        return len(tx.summaries.between(ASSET, span)), len(tx.summaries.principals(ASSET, span))


def test_usually_only_counts_of_principals_are_let_go(
    retention: Retention, sql_store: Any, lake: Lake
) -> None:
    assert retention.turn() == 1
    assert left(sql_store) == (2, 1)
    assert lake.keeps == [None]


def test_what_people_set_is_kept_to_and_entered_in_the_log(
    retention: Retention, sql_store: Any, lake: Lake
) -> None:
    retention.agree(Terms(events=30, counts=60, principals=60), by="ada")
    assert retention.turn() == 2
    assert left(sql_store) == (1, 1)
    assert lake.keeps == [timedelta(days=30)]
    told = [p.entry.deed for p in sql_store.outbox()]
    assert told == [Deed.RETENTION_SET, Deed.COUNTS_LET_GO]


@pytest.mark.parametrize(
    "terms", [Terms(counts=7), Terms(events=-1), Terms(principals=LONGEST + 1)]
)
def test_terms_that_would_blind_the_detectors_are_refused(
    retention: Retention, terms: Terms
) -> None:
    with pytest.raises(BadInput, match="are kept"):
        retention.agree(terms, by="ada")
    assert retention.terms() == Terms()
