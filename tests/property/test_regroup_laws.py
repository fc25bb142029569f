"""However findings change hands: none is lost, and putting all back leaves what there was."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.engine.cases import Cases
from stanch.engine.kin import kin
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import Trouble

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADA = Caller(name="ada", scopes=frozenset({Scope.RESPOND}), role=Role.RESPONDER)
PER, INCIDENTS = 3, 3
picks = st.integers(0, 5)
steps = st.lists(
    st.tuples(st.sampled_from(["merge", "split", "detach", "undo"]), picks, picks), max_size=10
)


@settings(max_examples=15, deadline=None)
@given(steps)
def test_no_finding_is_lost_or_doubled_and_all_of_it_can_be_put_back(
    wanted: list[tuple[str, int, int]],
) -> None:
    with TemporaryDirectory() as folder:
        store = open_store(sqlite_url(Path(folder)), clock=lambda: NOON)
        at = [NOON]
        cases = Cases(store, lambda: at[0])
        try:
            _opened(store)
            before, undos = _held(store), list[str]()
            for how, one, other in wanted:
                at[0] += timedelta(minutes=1)
                with suppress(Trouble):
                    _take(cases, store, undos, how, one, other)
                held = _held(store)
                inside = [f for findings, _ in held.values() for f in findings]
                assert len(inside) == len(set(inside))
                assert all(_earliest(store, key) for key in held)
            for key in reversed(undos):
                at[0] += timedelta(minutes=1)
                cases.undo(key, ADA)
            assert {k: v for k, v in _held(store).items() if k in before} == before
        finally:
            store.close()


def _opened(store: SqlStore) -> None:
    for n in range(INCIDENTS):
        seen = NOON - timedelta(hours=n)
        made = [
            Finding(
                detector=DetectorId("d"),
                asset=AssetId("a"),
                window=Span(start=seen, end=seen),
                says=f"{n} {i}",
                measured={},
                because=(),
                features=(f"{n} {i}",),
            )
            for i in range(PER)
        ]
        with store.begin() as tx:
            tx.findings.put(made, at=NOON)
            tx.incidents.add(
                Incident(
                    id=IncidentId(f"inc-{n}"),
                    title="t",
                    asset=AssetId("a"),
                    opened=NOON,
                    first_seen=seen,
                    updated=NOON,
                    findings=tuple(f.id for f in made),
                )
            )


def _all(store: SqlStore) -> list[Incident]:
    with store.look() as tx:
        lines = tx.incidents.page(Wanted(), limit=100).items
        closed = tx.incidents.page(Wanted(closed=True), limit=100).items
        keys = dict.fromkeys(line.incident.id for line in (*lines, *closed))
        return sorted((tx.incidents.get(key) for key in keys), key=lambda one: one.id)


def _held(store: SqlStore) -> dict[IncidentId, tuple[frozenset[str], datetime]]:
    return {one.id: (frozenset(one.findings), one.first_seen) for one in _all(store)}


def _earliest(store: SqlStore, key: IncidentId) -> bool:
    """Whether it was first seen when the first of what is in it was."""
    with store.look() as tx:
        inside = [one for one in tx.incidents.many(kin(tx, key)) if one.closed_at is None]
        return min((one.first_seen for one in inside), default=None) in {
            tx.incidents.get(key).first_seen,
            None,
        }


def _take(  # noqa: PLR0917  one step
    cases: Cases, store: SqlStore, undos: list[str], how: str, one: int, other: int
) -> None:
    every = _all(store)
    here, there = every[one % len(every)], every[other % len(every)]
    if how == "merge":
        undos.append(cases.merge(here.id, there.id, ADA).id)
    elif how == "undo" and undos:
        key = undos[one % len(undos)]
        cases.undo(key, ADA)
        undos.remove(key)
    elif how == "split":
        undos.append(cases.split(here.id, here.findings[:1], ADA).id)
    elif how == "detach":
        undos.append(cases.detach(here.id, here.findings[-1:], ADA).id)
