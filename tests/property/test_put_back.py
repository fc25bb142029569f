"""A change of hands that is put back leaves the incidents that were there, word for word."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from stanch.engine.cases import Cases
from stanch.engine.triage import judge
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.store.sql.tables import undos
from stanch.vocabulary.casework import Regroup
from stanch.vocabulary.finding import AttackKind, Finding, Lifecycle, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.span import Span

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADA = Caller(name="ada", scopes=frozenset({Scope.RESPOND}), role=Role.RESPONDER)


def sighted(
    hour: int, who: str, kind: AttackKind | None, strength: float, life: Lifecycle
) -> Finding:
    return Finding(
        detector=DetectorId(f"about_{kind}"),
        asset=AssetId("a"),
        window=Span(start=NOON - timedelta(hours=hour), end=NOON - timedelta(hours=hour - 1)),
        says=f"{who} does it.",
        measured={},
        because=(),
        strength=strength,
        lifecycle=life,
        suspects=(Suspect(principal=PrincipalId(who), share=0.5, confidence=0.9),) if who else (),
        points_to={kind: 0.9} if kind else {},
    )


sights = st.builds(
    sighted,
    st.integers(1, 9),
    st.sampled_from(["", "ben", "cleo"]),
    st.sampled_from([None, AttackKind.EXTRACTION, AttackKind.POISONING, AttackKind.EVASION]),
    st.sampled_from([1.0, 8.0, 40.0]),
    st.sampled_from(list(Lifecycle)),
)


class Place:
    """One store for all examples, each with two incidents of its own."""

    def __init__(self, store: SqlStore) -> None:
        self.store, self.at, self.round = store, NOON, 0
        self.cases = Cases(store, self.clock)

    def clock(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at

    def opened(self, *owns: list[Finding]) -> list[Incident]:
        self.round += 1
        made = []
        for n, seen in enumerate(owns):
            own = [replace(f, says=f"{self.round}-{n}: {f.says}") for f in seen]
            with self.store.begin() as tx:
                tx.findings.put(own, at=self.at)
                one = tx.incidents.add(
                    Incident(
                        id=IncidentId(f"inc-{self.round}-{n}"),
                        title=own[0].says,
                        asset=AssetId("a"),
                        opened=NOON,
                        first_seen=min(f.window.start for f in own),
                        updated=NOON,
                        findings=tuple(f.id for f in own),
                    )
                )
                made.append(judge(tx, one, {}, self.at))
        return made

    def told(self, keys: list[IncidentId]) -> list[Incident]:
        """As people read them: not how often they were looked at, when, and how far work went."""
        with self.store.look() as tx:
            return [
                replace(
                    one,
                    version=0,
                    updated=NOON,
                    phase=Phase.DETECTED,
                    findings=tuple(sorted(one.findings)),
                    verdict=replace(one.verdict, looks=0, rows=0),
                )
                for one in tx.incidents.many(keys)
            ]


def test_what_is_put_back_is_the_incident_of_before(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path), clock=lambda: NOON)
    place = Place(store)

    @settings(max_examples=15)
    @given(
        st.lists(sights, min_size=2, max_size=4, unique_by=lambda f: f.id),
        st.lists(sights, min_size=1, max_size=3, unique_by=lambda f: f.id),
        st.sampled_from(Regroup),
    )
    def holds(ones: list[Finding], twos: list[Finding], how: Regroup) -> None:
        one, two = place.opened(ones, twos)
        before = place.told([one.id, two.id])
        match how:
            case Regroup.MERGED:
                undo = place.cases.merge(one.id, two.id, ADA)
            case Regroup.SPLIT:
                undo = place.cases.split(one.id, one.findings[:1], ADA)
            case Regroup.DETACHED:
                undo = place.cases.detach(one.id, one.findings[:1], ADA)
        place.cases.undo(undo.id, ADA)
        assert place.told([one.id, two.id]) == before

    try:
        holds()
    finally:
        store.close()


def test_what_an_older_stanch_kept_of_a_merge_still_puts_it_back(tmp_path: Path) -> None:
    """It kept a bare list of what was brought, and no places."""
    store = open_store(sqlite_url(tmp_path), clock=lambda: NOON)
    place, seen = Place(store), [sighted(n, "ben", None, 1.0, Lifecycle.INFERENCE) for n in (1, 2)]
    try:
        one, two = place.opened(seen[:1], seen[1:])
        undo = place.cases.merge(one.id, two.id, ADA)
        brought = json.dumps(list(one.findings))
        with store._writing() as link:
            link.execute(update(undos).where(undos.c.id == undo.id).values(before=brought))
        place.cases.undo(undo.id, ADA)
        assert [i.findings for i in place.told([one.id, two.id])] == [one.findings, two.findings]
    finally:
        store.close()
