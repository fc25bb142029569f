"""Measures read from a store: of real life or of exercises, in every page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stanch.engine.measuring import Asked, measures
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.trouble import BadInput

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MODEL = Asset(
    id=AssetId("scorer"), kind=AssetKind.MODEL, name="Scorer", owner="o", deadline_minutes=5
)


def attack(number: int, **facts: Any) -> Incident:
    opened = NOW - timedelta(minutes=number + 1)
    whole: dict[str, Any] = {
        "id": IncidentId(f"inc-{number:06d}"),
        "title": "t",
        "asset": MODEL.id,
        "opened": opened,
        "first_seen": opened - timedelta(seconds=2),
        "updated": NOW,
        "phase": Phase.CONTAINED,
        "contained_at": opened + timedelta(seconds=3),
        "verdict": Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION),
        **facts,
    }
    return Incident(**whole)


def test_more_incidents_than_a_page_holds_are_all_counted(sql_store: Any) -> None:
    with sql_store.begin() as tx:
        tx.assets.add(MODEL)
        for number in range(510):
            tx.incidents.add(attack(number))
    week = measures(sql_store, lambda: NOW, Asked(count=1))[0]
    assert (week.incidents, week.contained, week.unaided) == (510, 510, 510)
    assert (week.to_open.median, week.to_contain.worst) == (2.0, 3.0)


def test_exercises_are_measured_apart(sql_store: Any) -> None:
    with sql_store.begin() as tx:
        tx.incidents.add(attack(1))
        tx.incidents.add(attack(2, exercise=True))
    real, drilled = (
        measures(sql_store, lambda: NOW, Asked(count=1, exercise=e))[0] for e in (False, True)
    )
    assert (real.incidents, drilled.incidents) == (1, 1)


def test_the_deadline_is_that_of_the_asset(sql_store: Any) -> None:
    with sql_store.begin() as tx:
        tx.assets.add(MODEL)
        open_ = {"phase": Phase.TRIAGED, "contained_at": None}
        tx.incidents.add(attack(4, **open_))
        tx.incidents.add(attack(6, **open_))
    assert measures(sql_store, lambda: NOW, Asked(count=1))[0].late == 1


@pytest.mark.parametrize("asked", [Asked(days=0), Asked(count=0), Asked(count=105)])
def test_periods_that_make_no_sense_are_refused(sql_store: Any, asked: Asked) -> None:
    with pytest.raises(BadInput):
        measures(sql_store, lambda: NOW, asked)
