"""How much has to be found before there is an incident, as an installation sets it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from stanch.app import opened
from stanch.app.work import work_of
from stanch.engine.clock import utc_now
from stanch.engine.opening import rules_in
from stanch.engine.owed import HELD, owe
from stanch.settings import Settings
from stanch.triage.decisions import Rules, Threshold
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, DetectorId
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput

KNOWN = ("feature_drift", "score_shift")


def test_a_threshold_is_said_for_all_detectors_or_for_one() -> None:
    assert rules_in("", "", KNOWN) == Rules()
    rules = rules_in(" 2 in 90m, feature_drift = 3 in 2h,", " gateway , batch,", KNOWN)
    assert rules.for_detector(DetectorId("feature_drift")) == Threshold(
        count=3, within=timedelta(hours=2)
    )
    others = rules.for_detector(DetectorId("score_shift"))
    assert (others.count, others.within) == (2, timedelta(minutes=90))
    assert rules.shared_principals == {"gateway", "batch"}


def test_a_name_with_commas_that_many_share_is_one_name() -> None:
    text = ' "CN=client,OU=Payments,O=Bank" , Jane Doe,"a ""b""", Jose\u0301 '
    shared = rules_in("", text, KNOWN).shared_principals
    assert shared == {"CN=client,OU=Payments,O=Bank", "Jane Doe", 'a "b"', "José"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("three in 2h", "Write `3 in 2h` for every detector"),
        ("0 in 2h", "STANCH_INCIDENT_AFTER has '0 in 2h'"),
        ("3 in 2 weeks", "STANCH_INCIDENT_AFTER has"),
        ("drifts=3 in 2h", "names 'drifts', which is no detector"),
    ],
)
def test_what_states_no_threshold_is_refused_with_an_example(text: str, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        rules_in(text, "", KNOWN)
    assert says in str(refused.value)


def test_a_server_holds_findings_until_there_are_as_many_as_it_is_told(tmp_path: Path) -> None:
    now = utc_now()
    first = Finding(
        detector=DetectorId("feature_drift"),
        asset=AssetId("fraud"),
        window=Span(start=now - timedelta(minutes=9), end=now),
        says="The inputs moved.",
        measured={},
        because=(),
        strength=1.0,
    )
    with opened(Settings(data=tmp_path, incident_after="feature_drift=2 in 1h")) as parts:
        work, opened_so_far = work_of(parts), list[int]()
        for one in (first, replace(first, features=("amount",))):
            with parts.store.begin() as tx:
                owe(tx, HELD, [f.id for f in tx.findings.put([one], at=now)])
            work.lifecycle.turn()
            with parts.store.look() as tx:
                opened_so_far.append(tx.incidents.count())
    assert opened_so_far == [0, 1]


def test_a_server_names_the_innocent_no_more_often_than_it_is_told(tmp_path: Path) -> None:
    with opened(Settings(data=tmp_path, windows_per_wrong_name=50)) as parts:
        assert work_of(parts).naming.holding().windows == 50
        assert work_of(parts).naming.holding().by == "STANCH_WINDOWS_PER_WRONG_NAME"
