"""Automatic containment: whom an act may hit unasked, by how bad it is and by the setting."""

from datetime import UTC, datetime

import pytest

from stanch.engine.automatic import CROWDS, SURE, Automatic, automatic_in
from stanch.vocabulary.finding import Suspect
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Level, Severity
from stanch.vocabulary.trouble import BadInput

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def incident(level: Level) -> Incident:
    """Eve is surely behind it, bob may be."""
    how_sure = {"eve": SURE, "bob": SURE - 0.01}
    return Incident(
        id=IncidentId("inc-1"),
        title="Extraction",
        asset=AssetId("fraud"),
        opened=NOON,
        first_seen=NOON,
        updated=NOON,
        severity=Severity(level=level),
        suspects=tuple(
            Suspect(principal=PrincipalId(who), share=0.5, confidence=sure)
            for who, sure in how_sure.items()
        ),
    )


@pytest.mark.parametrize("level", Level)
def test_by_default_only_who_is_surely_behind_it_may_be_hit_unasked(level: Level) -> None:
    consent = Automatic().consent(incident(level))
    assert (consent.suspects, consent.widest, consent.by_person) == ({"eve"}, 0.0, False)
    assert consent.crowd == CROWDS[level]


def test_what_is_stated_for_one_severity_holds_for_no_other() -> None:
    stated = automatic_in(" low=0, HIGH=0.02 ")
    assert not stated.ask_always
    widest = [stated.consent(incident(level)).widest for level in Level]
    assert widest == [0.0, 0.0, 0.02]
    nothing = Automatic(crowds={Level.LOW: 20})
    assert nothing.consent(incident(Level.HIGH)).crowd == 0


def test_the_words_of_the_setting() -> None:
    assert automatic_in("") == automatic_in(" Narrow ") == Automatic()
    assert automatic_in("ASK") == Automatic(ask_always=True)


@pytest.mark.parametrize("text", ["high", "high=1.01", "high=-0.1", "high=nan", "worst=0.1", "yes"])
def test_a_setting_that_says_no_share_is_named_and_not_taken_for_one(text: str) -> None:
    with pytest.raises(BadInput, match="STANCH_AUTOMATIC"):
        automatic_in(text)
