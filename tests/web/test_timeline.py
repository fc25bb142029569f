"""The timeline of an incident: each thing stands where it happened, and nothing in the future."""

from datetime import UTC, datetime, timedelta

from stanch.engine.policies import Change, Policies
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import ActionId, AssetId, DetectorId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Demand, demand_id
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


def test_who_took_off_what_held_it_stands_in_its_timeline(sql_store: SqlStore) -> None:
    fraud, case = AssetId("fraud"), IncidentId("inc-1")
    policies = Policies(sql_store, lambda: SEEN)
    for number, of in ((1, case), (2, None)):
        deny = Deny(principals=frozenset({PrincipalId(f"key-{number}")}))
        demand = Demand(
            id=demand_id(str(of), "block_principal", b""),
            policy=Policy(asset=fraud, deny=deny),
            since=SEEN,
            by="stanch",
            why="it copies",
            incident=of,
            action=ActionId("block_principal"),
        )
        policies.demand(demand, Change(by="stanch", because="it copies", incident=of))
    policies.back_to(fraud, 0, Change(by="ben", because="the night is over"))
    one = Incident(
        id=case, title="t", asset=fraud, opened=SEEN, first_seen=SEEN, updated=SEEN, findings=()
    )
    with sql_store.look() as tx:
        (off,) = [m for m in moments_of(tx, one) if "took off" in m.says]
    assert off.says == "ben took off Block principals: the night is over"
    assert (off.lane, off.tone) == ("people", "hot")


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
