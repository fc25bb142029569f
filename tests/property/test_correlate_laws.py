from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stanch.triage.correlate import correlate
from stanch.triage.decisions import (
    Add,
    Arrivals,
    Hold,
    Known,
    Lapse,
    Open,
    OpenIncident,
    Rules,
    Threshold,
)
from stanch.triage.lineage import Graph
from stanch.triage.reshape import detach, merge, split, undone
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, FindingId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.span import Span

START = datetime(2026, 11, 21, tzinfo=UTC)
GRAPH = Graph(
    down={AssetId("a"): frozenset({AssetId("b")})}, up={AssetId("b"): frozenset({AssetId("a")})}
)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    begin = START + timedelta(minutes=draw(st.integers(0, 2000)))
    who = draw(st.sampled_from(["", "p", "q"]))
    kind = draw(st.sampled_from([None, *AttackKind]))
    return Finding(
        detector=DetectorId(draw(st.sampled_from(["d1", "d2"]))),
        asset=AssetId(draw(st.sampled_from(["a", "b", "c"]))),
        window=Span(start=begin, end=begin + timedelta(minutes=draw(st.integers(0, 90)))),
        says="Seen.",
        measured={},
        because=(),
        strength=draw(st.sampled_from([1.0, 7.0])),
        suspects=(Suspect(principal=PrincipalId(who), share=0.5, confidence=0.5),) if who else (),
        points_to={kind: 0.5} if kind else {},
    )


@given(
    st.lists(findings(), max_size=25),
    st.permutations(range(25)),
    st.integers(1, 3),
    st.integers(1, 6),
)
def test_no_finding_is_lost_or_doubled_and_order_does_not_matter(
    seen: list[Finding], order: list[int], count: int, flood: int
) -> None:
    rules = Rules(default=Threshold(count=count), flood=flood)
    home = OpenIncident(
        id=IncidentId("inc-1"),
        opened=START,
        span=Span(start=START, end=START + timedelta(hours=3)),
        assets=frozenset({AssetId("a")}),
        findings=frozenset(f.id for f in seen[:2]),
    )
    at = START + timedelta(hours=12)
    made = correlate(Arrivals(findings=tuple(seen)), (home,), GRAPH, rules, at=at)
    placed = [f for d in made if isinstance(d, (Open, Add, Hold, Lapse, Known)) for f in d.findings]
    assert sorted(placed) == sorted({f.id for f in seen})
    shuffled = tuple(seen[n] for n in order if n < len(seen))
    assert correlate(Arrivals(findings=shuffled), (home,), GRAPH, rules, at=at) == made


def _incident(name: str, ids: list[str]) -> Incident:
    return Incident(
        id=IncidentId(name),
        title="t",
        asset=AssetId("a"),
        opened=START,
        first_seen=START,
        updated=START,
        findings=tuple(FindingId(i) for i in ids),
    )


names = st.lists(st.text("abcdef", min_size=1, max_size=3), min_size=1, unique=True)


@given(names, names)
def test_splitting_what_was_merged_gives_back_the_same_groups(
    one: list[str], other: list[str]
) -> None:
    a = _incident("inc-a", ["a" + i for i in one])
    b = _incident("inc-b", ["b" + i for i in other])
    merged = merge(a, [b], at=START)
    parted = split(merged.after[0], b.findings, IncidentId("inc-c"), at=START)
    assert [i.findings for i in parted.after] == [a.findings, b.findings]


@given(names, names)
def test_undo_puts_back_what_was_there(one: list[str], other: list[str]) -> None:
    a, b = _incident("inc-a", one), _incident("inc-b", other)
    later = START + timedelta(hours=1)
    for done in (
        merge(a, [b], at=START),
        detach(a, a.findings[:1], at=START),
        *([split(a, a.findings[:1], IncidentId("inc-c"), at=START)] if len(one) > 1 else []),
    ):
        back = {i.id: i for i in undone(done.undo, done.after, at=later)}
        for was in done.undo.before:
            assert replace(back[was.id], version=was.version, updated=was.updated) == was
        assert all(not back[name].findings for name in done.undo.created)
