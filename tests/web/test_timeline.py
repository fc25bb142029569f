"""The timeline of an incident: each thing stands where it happened, and nothing in the future."""

from datetime import UTC, datetime, timedelta

from stanch.store.sql.store import SqlStore
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.span import Span
from stanch.web.pages.incident_time import moments_of

SEEN = datetime(2026, 11, 21, 12, 4, tzinfo=UTC)


def test_a_finding_stands_when_it_was_made_though_its_window_goes_on(sql_store: SqlStore) -> None:
    window = Span(start=SEEN - timedelta(minutes=4), end=SEEN + timedelta(minutes=16))
    finding = Finding(
        detector=DetectorId("extraction"),
        asset=AssetId("fraud"),
        window=window,
        says="It is asked as if to copy it.",
        measured={},
        because=(),
    )
    with sql_store.begin() as tx:
        tx.findings.put([finding], at=SEEN)
        incident = tx.incidents.add(
            Incident(
                id=IncidentId("inc-1"),
                title="t",
                asset=AssetId("fraud"),
                opened=SEEN,
                first_seen=window.start,
                updated=SEEN,
                findings=(finding.id,),
            )
        )
    with sql_store.look() as tx:
        (shown,) = [m for m in moments_of(tx, incident) if m.says == finding.says]
    assert shown.at == SEEN
