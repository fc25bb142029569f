"""Incidents and their findings: versions, regrouping and its undoing, lists."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from stanch.store.sql.store import SqlStore
from stanch.vocabulary.casework import Regroup, Undo
from stanch.vocabulary.finding import Finding, Suspect
from stanch.vocabulary.ids import FindingId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Level, Phase, Severity
from stanch.vocabulary.listing import Sort, Wanted
from stanch.vocabulary.trouble import BadInput, Conflict, NotFound, Stale

Make = Callable[..., Incident]
Sight = Callable[[int], Finding]


def keep(store: SqlStore, finding: Sight, many: int, at: datetime) -> list[FindingId]:
    with store.begin() as tx:
        return [f.id for f in tx.findings.put([finding(n) for n in range(many)], at=at)]


def undo(how: Regroup, incident: str, at: datetime, *findings: FindingId) -> Undo:
    return Undo(
        id=f"undo-{how}",
        how=how,
        incident=IncidentId(incident),
        other=None,
        findings=findings,
        at=at,
        by="ada",
    )


def test_an_incident_comes_back_as_it_was_added(
    sql_store: SqlStore, incident: Make, finding: Sight, at: datetime
) -> None:
    ids = keep(sql_store, finding, 5, at)
    one = incident("inc-1", *reversed(ids))
    with sql_store.begin() as tx:
        tx.incidents.add(one)
    with sql_store.look() as tx:
        assert tx.incidents.get(one.id) == one
        assert tx.incidents.page().items[0].findings == 5
        assert tx.incidents.line(one.id) == tx.incidents.page().items[0]
        assert tx.findings.incidents_of(ids) == dict.fromkeys(ids, one.id)
        assert tx.findings.kept(ids) == dict.fromkeys(ids, at)


def test_whoever_saves_second_is_stale(sql_store: SqlStore, incident: Make) -> None:
    with sql_store.begin() as tx:
        one = tx.incidents.add(incident("inc-1"))
        saved = tx.incidents.save(replace(one, commander="ada"))
        assert saved.version == 2
        with pytest.raises(Stale):
            tx.incidents.save(replace(one, commander="bob"))
    with sql_store.look() as tx:
        assert tx.incidents.get(one.id).commander == "ada"


def test_saving_adds_findings_and_removes_none(
    sql_store: SqlStore, incident: Make, finding: Sight, at: datetime
) -> None:
    ids = keep(sql_store, finding, 3, at)
    with sql_store.begin() as tx:
        one = tx.incidents.add(incident("inc-1", ids[0]))
        tx.incidents.save(replace(one, findings=(ids[2],)))
        assert tx.incidents.get(one.id).findings == (ids[0], ids[2])


def test_a_finding_that_is_not_kept_cannot_be_in_an_incident(
    sql_store: SqlStore, incident: Make
) -> None:
    with pytest.raises(NotFound), sql_store.begin() as tx:
        tx.incidents.add(incident("inc-1", FindingId("fnd-none")))


def test_the_same_sight_twice_is_kept_once(
    sql_store: SqlStore, finding: Sight, at: datetime
) -> None:
    with sql_store.begin() as tx:
        assert len(tx.findings.put([finding(1), finding(1)], at=at)) == 1
        assert tx.findings.put([finding(1)], at=at) == ()
        assert tx.findings.count() == 1


def test_merging_can_be_undone(
    sql_store: SqlStore, incident: Make, finding: Sight, at: datetime
) -> None:
    ids = keep(sql_store, finding, 4, at)
    with sql_store.begin() as tx:
        one = tx.incidents.add(incident("inc-1", *ids[:3]))
        two = tx.incidents.add(incident("inc-2", *ids[2:]))
        merged = tx.incidents.merge(one, two, undo=undo(Regroup.MERGED, "inc-1", at))
        assert set(merged.findings) == set(ids)
        assert tx.incidents.get(one.id).merged_into == two.id
        assert [i.id for i in tx.incidents.open_on([one.asset])] == [two.id]
    with sql_store.begin() as tx:
        back = tx.incidents.undo("undo-merged", at=at, by="bob")
        assert back.undone_by == "bob"
        assert tx.incidents.get(one.id).findings == tuple(ids[:3])
        assert tx.incidents.get(one.id).merged_into is None
        assert set(tx.incidents.get(two.id).findings) == set(ids[2:])
        with pytest.raises(Conflict):
            tx.incidents.undo("undo-merged", at=at, by="bob")


def test_splitting_can_be_undone_and_closes_the_new_one(
    sql_store: SqlStore, incident: Make, finding: Sight, at: datetime
) -> None:
    ids = keep(sql_store, finding, 4, at)
    with sql_store.begin() as tx:
        one = tx.incidents.add(incident("inc-1", *ids))
        new = tx.incidents.split(
            one, incident("inc-2"), undo=undo(Regroup.SPLIT, "inc-1", at, ids[0], ids[1])
        )
        assert new.findings == (ids[0], ids[1])
        assert tx.incidents.get(one.id).findings == (ids[2], ids[3])
        tx.incidents.undo("undo-split", at=at, by="bob")
        assert set(tx.incidents.get(one.id).findings) == set(ids)
        back = tx.incidents.get(new.id)
        assert (back.phase, back.merged_into) == (Phase.CLOSED, one.id)
        assert [u.id for u in tx.incidents.undos(new.id)] == ["undo-split"]


def test_detaching_can_be_undone(
    sql_store: SqlStore, incident: Make, finding: Sight, at: datetime
) -> None:
    ids = keep(sql_store, finding, 3, at)
    with sql_store.begin() as tx:
        one = tx.incidents.add(incident("inc-1", *ids))
        less = tx.incidents.detach(one, undo=undo(Regroup.DETACHED, "inc-1", at, ids[1]))
        assert less.findings == (ids[0], ids[2])
        tx.incidents.undo("undo-detached", at=at, by="bob")
        assert set(tx.incidents.get(one.id).findings) == set(ids)
        assert tx.incidents.page().items[0].findings == 3


def test_lists_are_narrowed_sorted_and_counted(
    sql_store: SqlStore, incident: Make, at: datetime
) -> None:
    with sql_store.begin() as tx:
        for n in range(6):
            tx.incidents.add(
                replace(
                    incident(f"inc-{n}"),
                    opened=at + timedelta(minutes=n),
                    severity=Severity(level=Level(1 + n % 3), rank=n),
                    phase=Phase.CLOSED if n == 5 else Phase.DETECTED,
                    suspects=(Suspect(principal=PrincipalId(f"p{n % 2}"), share=1, confidence=1),),
                )
            )

    def ids(**wanted: object) -> list[str]:
        with sql_store.look() as tx:
            page = tx.incidents.page(Wanted(**wanted))  # type: ignore[bad-argument-type]  a table
        return [line.incident.id for line in page.items]

    assert ids() == [f"inc-{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert ids(sort=Sort.WORST) == ["inc-5", "inc-2", "inc-4", "inc-1", "inc-3", "inc-0"]
    assert ids(severity=(Level.HIGH,)) == ["inc-5", "inc-2"]
    assert ids(severity=(Level.HIGH, Level.LOW)) == ["inc-5", "inc-3", "inc-2", "inc-0"]
    assert ids(closed=True) == ["inc-5"]
    assert ids(closed=False, principal=(PrincipalId("p1"),)) == ["inc-3", "inc-1"]
    assert ids(since=at + timedelta(minutes=2), until=at + timedelta(minutes=4)) == [
        "inc-3",
        "inc-2",
    ]
    assert ids(text="INC-4 incident") == ["inc-4"]
    assert ids(text="100%") == []
    with sql_store.look() as tx:
        assert tx.incidents.facets(Wanted(), ["phase", "severity"]) == {
            "phase": {"detected": 5, "closed": 1},
            "severity": {"1": 2, "2": 2, "3": 2},
        }
        with pytest.raises(BadInput, match="detector"):
            tx.incidents.page(Wanted(detector=("d",)))  # type: ignore[bad-argument-type]  any id
