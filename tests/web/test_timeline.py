"""The timeline of an incident: each thing stands where it happened, and nothing in the future."""

from datetime import UTC, datetime, timedelta

from stanch.store.sql.store import SqlStore
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.span import Span
from stanch.web.pages.incident_moments import Moment, bunched, moments_of

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


def _moment(minute: int, says: str, like: str = "", many: str = "") -> Moment:
    at = SEEN + timedelta(minutes=minute)
    return Moment(at=at, lane="attack", says=says, like=like, many=many)


def test_what_is_alike_stands_once_where_the_newest_of_it_is() -> None:
    many = [_moment(n, f"{n} of 90 odd", like="# of # odd") for n in range(200, 0, -1)]
    other = _moment(100, "Something else")
    twins = [_moment(50, "The same"), _moment(49, "The same")]
    told = bunched(sorted([*many, other, *twins], key=lambda m: m.at, reverse=True))
    assert [b.says for b in told] == ["200 of 90 odd", "Something else", "The same", "The same"]
    assert told[0].moments == tuple(many)


def test_several_that_have_no_spokesman_are_counted() -> None:
    items = [_moment(1, f"{n}.json was taken", like="a", many="items were taken") for n in "abc"]
    assert [b.says for b in bunched(items)] == ["3 items were taken"]
    assert bunched(items[:1])[0].says == "a.json was taken"
