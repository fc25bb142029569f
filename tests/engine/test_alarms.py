"""How often an alarm may be false: said by people, kept in the log, read by a watch that runs."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from stanch.detect.alarms.watch import Promise
from stanch.engine.alarms import ENVIRONMENT, Alarms
from stanch.engine.watch.mixing import promised
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import BadInput

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FRAUD = Asset(id=AssetId("fraud"), kind=AssetKind.MODEL, name="Fraud", owner="us")


def entered(store: Any) -> list[tuple[str, float, float]]:
    told = [p.entry for p in store.outbox() if p.entry.deed is Deed.ALARMS_SET]
    return [(e.actor, e.facts["before"], e.facts["false_alarms_per_year"]) for e in told]


@pytest.fixture
def alarms(sql_store: Any) -> Alarms:
    return Alarms(sql_store, lambda: NOW)


def test_it_is_one_a_year_until_somebody_says_otherwise(alarms: Alarms, sql_store: Any) -> None:
    alarms.stated(1.0)
    assert (alarms.holding().false_alarms_per_year, alarms.holding().by) == (1.0, "")
    assert entered(sql_store) == []


def test_what_a_person_says_holds_and_is_entered_with_what_held_before(
    alarms: Alarms, sql_store: Any
) -> None:
    alarms.stated(1.0)
    assert alarms.agree(12, by="ada").false_alarms_per_year == 12
    assert (alarms.holding().by, alarms.holding().at) == ("ada", NOW)
    assert entered(sql_store) == [("ada", 1.0, 12.0)]


def test_what_a_person_says_outlives_a_start_that_says_what_the_last_one_said(
    alarms: Alarms, sql_store: Any
) -> None:
    alarms.stated(1.0)
    alarms.agree(12, by="ada")
    alarms.stated(1.0)
    assert alarms.holding().false_alarms_per_year == 12
    alarms.stated(0.5)
    assert (alarms.holding().false_alarms_per_year, alarms.holding().by) == (0.5, ENVIRONMENT)
    assert entered(sql_store)[-1] == (ENVIRONMENT, 12.0, 0.5)


@pytest.mark.parametrize("number", [0.0, -1.0, 1e9, float("nan"), float("inf")])
def test_a_number_that_no_alarm_can_keep_is_refused_with_what_can_be_asked(
    alarms: Alarms, number: float
) -> None:
    with pytest.raises(BadInput, match=r"0\.001 to 1000 false alarms a year"):
        alarms.agree(number, by="ada")
    with pytest.raises(BadInput, match="1 is the usual"):
        alarms.stated(number)


def test_the_number_of_an_asset_goes_before_that_of_the_server(
    alarms: Alarms, sql_store: Any
) -> None:
    own = replace(FRAUD, false_alarms_per_year=50.0)
    with sql_store.begin() as tx:
        tx.assets.add(own)
    assert alarms.holding().assets == {"fraud": 50.0}
    assert promised(Promise(), own).false_alarms_per_year == 50.0
    assert promised(Promise(), FRAUD) == Promise()
