"""Paging: every item exactly once, whatever is added meanwhile; cursors cannot be forged."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stanch.store.sql.store import SqlStore
from stanch.vocabulary.finding import Finding, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, PrincipalId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.trouble import BadInput

Sight = Callable[[int], Finding]


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_every_item_comes_exactly_once_while_others_are_added(
    sql_store: SqlStore, finding: Sight, at: datetime, data: st.DataObject
) -> None:
    with sql_store.begin() as tx:
        start = tx.findings.count() * 7 % 1000
        first = data.draw(st.sets(st.integers(start, start + 200), min_size=1, max_size=40))
        tx.findings.put([finding(n) for n in first], at=at)
        there = {f.id for f in tx.findings.page(limit=1000).items}
    seen: list[str] = []
    after = ""
    while True:
        with sql_store.begin() as tx:
            page = tx.findings.page(after=after, limit=data.draw(st.integers(1, 9)))
            seen.extend(f.id for f in page.items)
            tx.findings.put([finding(data.draw(st.integers(0, 1200)))], at=at)
        if not page.next:
            break
        after = page.next
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


def test_the_findings_of_one_incident_come_in_pages(
    sql_store: SqlStore, finding: Sight, incident: Callable[..., Incident], at: datetime
) -> None:
    with sql_store.begin() as tx:
        kept = tx.findings.put([finding(n) for n in range(30)], at=at)
        one = tx.incidents.add(incident("inc-1", *(f.id for f in kept[5:25])))
        wanted = Wanted(incident=(one.id,))
        assert tx.findings.count(wanted) == 20
        names = ["detector", "lifecycle", "asset", "attack"]
        counts = tx.findings.facets(wanted, names)
        assert counts == tx.findings.facets(Wanted(any_of=(wanted,)), names)
        assert list(counts) == names
        assert counts["detector"] == {"score_shift": 20}
        other = replace(finding(40), detector=DetectorId("other"), window=kept[0].window)
        mixed = incident("inc-2", *(f.id for f in (*tx.findings.put([other], at=at), *kept[:3])))
        tx.incidents.add(mixed)
        for detectors, many in ((("other",), 1), (("other", "score_shift"), 4), (("none",), 0)):
            named = Wanted(incident=(mixed.id,), detector=tuple(map(DetectorId, detectors)))
            assert tx.findings.count(named) == many
            assert len(tx.findings.page(named).items) == many
            assert tx.findings.count(Wanted(any_of=(named,))) == many
            found = tx.findings.facets(named, names)
            assert found == tx.findings.facets(Wanted(any_of=(named,)), names)
        seen: list[Finding] = []
        page = tx.findings.page(wanted, limit=7)
        while True:
            seen.extend(page.items)
            if not page.next:
                break
            page = tx.findings.page(wanted, after=page.next, limit=7)
    assert seen == list(reversed(kept[5:25]))


def test_the_findings_that_name_one_principal_come_in_pages(
    sql_store: SqlStore, finding: Sight, at: datetime
) -> None:
    def naming(n: int) -> Finding:
        names = ("ann", "bob") if n % 3 else ("bob",)
        suspects = tuple(
            Suspect(principal=PrincipalId(p), share=0.5, confidence=0.9) for p in names
        )
        return replace(finding(n), suspects=suspects)

    ann = Wanted(principal=(PrincipalId("ann"),))
    with sql_store.begin() as tx:
        kept = tx.findings.put([naming(n) for n in range(30)], at=at)
        hers = [f for n, f in enumerate(kept) if n % 3]
        assert tx.findings.count(ann) == len(hers)
        assert tx.findings.facets(ann, ["detector"]) == {"detector": {"score_shift": len(hers)}}
        seen: list[Finding] = []
        page = tx.findings.page(ann, limit=7)
        while True:
            seen.extend(page.items)
            if not page.next:
                break
            page = tx.findings.page(ann, after=page.next, limit=7)
        assert seen == hers[::-1]
        late = replace(ann, since=kept[20].window.end)
        assert tx.findings.count(late) == sum(f in hers for f in kept[20:])
        either = Wanted(any_of=(ann, Wanted(detector=(DetectorId("nobody"),))))
        assert tx.findings.count(either) == len(hers)


def test_a_forged_cursor_is_refused(sql_store: SqlStore, finding: Sight, at: datetime) -> None:
    with sql_store.begin() as tx:
        tx.findings.put([finding(n) for n in range(5)], at=at)
        good = tx.findings.page(limit=2).next
        for bad in ("x", "é", good[:-2], "A" + good[1:], good + "AAAA"):
            if bad == good:
                continue
            with pytest.raises(BadInput):
                tx.findings.page(after=bad, limit=2)


def test_a_cursor_belongs_to_its_question(
    sql_store: SqlStore, finding: Sight, at: datetime
) -> None:
    with sql_store.begin() as tx:
        tx.findings.put([finding(n) for n in range(5)], at=at)
        good = tx.findings.page(limit=2).next
        with pytest.raises(BadInput):
            tx.findings.page(Wanted(asset=(AssetId("fraud"),)), after=good, limit=2)
        with pytest.raises(BadInput):
            tx.assets.page(after=good)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_size(sql_store: SqlStore, limit: int) -> None:
    with sql_store.look() as tx, pytest.raises(BadInput):
        tx.findings.page(limit=limit)


def test_a_list_is_not_narrowed_by_what_it_does_not_know(sql_store: SqlStore) -> None:
    with sql_store.look() as tx:
        with pytest.raises(BadInput, match="detector"):
            tx.assets.page(Wanted(detector=(DetectorId("x"),)))
        with pytest.raises(BadInput, match="owner"):
            tx.findings.facets(Wanted(), ["owner"])


def test_alternatives_are_one_list_with_exact_counts(
    sql_store: SqlStore, finding: Sight, incident: Callable[..., Incident], at: datetime
) -> None:
    with sql_store.begin() as tx:
        kept = tx.findings.put([finding(n) for n in range(30)], at=at)
        one = tx.incidents.add(incident("inc-1", *(f.id for f in kept[5:15])))
        two = tx.incidents.add(incident("inc-2", *(f.id for f in kept[10:20])))
        either = (Wanted(incident=(one.id,)), Wanted(incident=(two.id,)))
        wanted = Wanted(any_of=either)
        assert tx.findings.count(wanted) == 15
        assert tx.findings.facets(wanted, ["detector"]) == {"detector": {"score_shift": 15}}
        within = Wanted(incident=(one.id,), any_of=(either[1], Wanted(text="no such words")))
        assert {f.id for f in tx.findings.page(within).items} == {f.id for f in kept[10:15]}
        seen: list[Finding] = []
        page = tx.findings.page(wanted, limit=4)
        while True:
            seen.extend(page.items)
            if not page.next:
                break
            page = tx.findings.page(wanted, after=page.next, limit=4)
    assert seen == list(reversed(kept[5:20]))
