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
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId, PrincipalId
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
