"""An exercise incident among real ones: it tells nobody, starts no clock, and stays apart."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from stanch.engine.announcing import Announcer
from stanch.engine.cases import Cases
from stanch.engine.containment_clock import ContainmentClock
from stanch.engine.tabletop.exercise import opened
from stanch.engine.tabletop.shelf import scenario
from stanch.engine.telling import Notice
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import Incident, Level, Severity, no_exercise
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import Conflict

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
ADA = Caller(name="ada", scopes=frozenset(Scope))


class Heard:
    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def tell(self, notice: Notice) -> None:
        self.notices.append(notice)


@pytest.fixture
def practice(sqlite: Any) -> Incident:
    with sqlite.begin() as tx:
        made = opened(tx, scenario("forty-customers").scenario, NOW, "ada")
        return tx.incidents.save(replace(made, severity=Severity(level=Level.HIGH)))


def test_nobody_is_told_of_it_and_of_a_real_one_they_are(practice: Incident) -> None:
    heard = Heard()
    Announcer(heard).opened(practice)
    Announcer(heard).changed(practice)
    assert heard.notices == []
    Announcer(heard).opened(replace(practice, exercise=False))
    assert len(heard.notices) == 2


def test_no_clock_starts_for_it(sqlite: Any, practice: Incident) -> None:
    clock = ContainmentClock(sqlite, lambda: NOW)
    clock.opened(practice)
    clock.changed(practice)
    with sqlite.look() as tx:
        assert tx.clocks.count() == 0


def test_it_is_merged_with_no_real_one(sqlite: Any, practice: Incident) -> None:
    real = replace(practice, id=IncidentId("inc-real"), exercise=False, version=1)
    with sqlite.begin() as tx:
        tx.incidents.add(real)
    cases = Cases(sqlite, lambda: NOW)
    for one, into in ((practice.id, real.id), (real.id, practice.id)):
        with pytest.raises(Conflict, match="stay apart"):
            cases.merge(one, into, ADA)


def test_nothing_real_is_done_about_it(practice: Incident) -> None:
    with pytest.raises(Conflict, match="is an exercise"):
        no_exercise(practice)
    no_exercise(replace(practice, exercise=False))
