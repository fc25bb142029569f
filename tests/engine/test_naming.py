"""How many of the innocent may be named: said by people, kept in the log, held by the watch."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stanch.engine.naming import ENVIRONMENT, Naming
from stanch.vocabulary.asset import WrongNames
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import BadInput

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEEK = WrongNames(one_in=1000, within_days=7)
USUAL = "once in 1000 windows, by each detector"
IN_WORDS = "at most one in 1000 of the innocent principals in 7 days"


@pytest.fixture
def naming(sql_store: Any) -> Naming:
    return Naming(sql_store, lambda: NOW)


def entered(store: Any) -> list[tuple[str, str, str]]:
    told = [p.entry for p in store.outbox() if p.entry.deed is Deed.ALARMS_SET]
    return [(e.actor, e.facts["before"], e.facts["wrong_names"]) for e in told]


def test_what_a_person_says_holds_and_is_entered_with_what_held_before(
    naming: Naming, sql_store: Any
) -> None:
    naming.stated(1000.0)
    assert (naming.holding().windows, naming.holding().by) == (1000.0, "")
    assert naming.agree(WEEK, by="ada").asked == WEEK
    assert (naming.holding().by, naming.holding().at) == ("ada", NOW)
    naming.stated(1000.0)
    assert naming.holding().asked == WEEK, (
        "a start that says what the last one said changes nothing"
    )
    assert naming.agree(None, by="ben").asked is None
    assert entered(sql_store) == [("ada", USUAL, IN_WORDS), ("ben", IN_WORDS, USUAL)]


def test_an_environment_that_was_changed_on_purpose_goes_before_what_a_person_said(
    naming: Naming, sql_store: Any
) -> None:
    naming.agree(WEEK, by="ada")
    naming.stated(30.0)
    assert (naming.holding().asked, naming.holding().windows) == (None, 30.0)
    assert entered(sql_store)[-1][:2] == (ENVIRONMENT, IN_WORDS)


@pytest.mark.parametrize(
    ("one_in", "days", "says"),
    [
        (0.5, 1.0, "not one in 0.5"),
        (float("nan"), 1.0, "not one in nan"),
        (10.0, 0.0, "0.01 to 366 days, not 0"),
        (10.0, 1e9, "0.01 to 366 days"),
    ],
)
def test_what_no_detector_can_keep_is_refused_with_what_can_be_asked(
    naming: Naming, one_in: float, days: float, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        naming.agree(WrongNames(one_in=one_in, within_days=days), by="ada")
