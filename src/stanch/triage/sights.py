"""Sights: a finding, a report or an open incident, seen alike, and how sights form groups.

In    sights, the lineage graph, how near in time counts as near.
Out   the same sights in groups, one for each cause that could be told apart.
Why   grouping must not depend on the order of arrival, and must stay quick in a flood.
How   Sights of one place (an asset or a suspect) and one family merge into runs that time
      separates. Runs of compatible families on one place, or on neighbours in the lineage, are
      joined when they are near. A run of plain change joins the one attack nearest to it, so
      that plain change never bridges two attacks. Runs of one bucket lie apart, so joining two
      buckets is one sweep through both.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from stanch.triage.causes import Family, compatible, family_of
from stanch.triage.decisions import OpenIncident
from stanch.triage.lineage import Graph
from stanch.vocabulary.finding import Finding, Report
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.span import Span

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """One thing seen, by whoever saw it."""

    name: str
    span: Span
    assets: tuple[AssetId, ...]
    families: tuple[Family, ...]
    principals: tuple[PrincipalId, ...] = ()
    of: Finding | Report | OpenIncident


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Place:
    """Where sights meet: an asset, or a suspect."""

    kind: str
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Sights of one place and family that time does not separate."""

    span: Span
    members: tuple[int, ...]


Key = tuple[Place, Family]
Runs = Mapping[Key, Sequence[Run]]


def sight_of_finding(finding: Finding, least_share: float) -> Sight:
    """A finding as a sight; only suspects with enough of the oddness count."""
    return Sight(
        name=finding.id,
        span=finding.window,
        assets=(finding.asset,),
        families=(family_of(finding),),
        principals=tuple(s.principal for s in finding.suspects if s.share >= least_share),
        of=finding,
    )


def sight_of_report(report: Report) -> Sight:
    """A person's report as a sight: what they saw is not yet known, so it fits any cause."""
    return Sight(
        name="report " + report.id,
        span=Span(start=report.at, end=report.at + MINUTE),
        assets=(report.asset,),
        families=(Family.PLAIN,),
        principals=report.principals,
        of=report,
    )


def sight_of_incident(incident: OpenIncident) -> Sight:
    """An open incident as a sight; once an attack is seen in it, plain change is not its cause."""
    attacks = tuple(sorted(incident.families - {Family.PLAIN}))
    return Sight(
        name="incident " + incident.id,
        span=incident.span,
        assets=tuple(sorted(incident.assets)),
        families=attacks or (Family.PLAIN,),
        principals=tuple(sorted(incident.principals)),
        of=incident,
    )


@dataclass(slots=True)
class _Union:
    """Which sights belong together, so far."""

    parent: list[int]

    def root(self, n: int) -> int:
        while self.parent[n] != n:
            self.parent[n] = self.parent[self.parent[n]]
            n = self.parent[n]
        return n

    def join(self, one: int, other: int) -> None:
        a, b = self.root(one), self.root(other)
        self.parent[max(a, b)] = min(a, b)


def groups_of(
    sights: Sequence[Sight], graph: Graph, *, gap: timedelta, shared: frozenset[PrincipalId]
) -> list[list[Sight]]:
    """The sights in groups of one cause each, in the order of their first sight."""
    union = _Union(list(range(len(sights))))
    runs = _runs(sights, gap, shared)
    for bucket in runs.values():
        for run in bucket:
            for member in run.members:
                union.join(run.members[0], member)
    for one, other in _neighbours(runs, graph, plain=False):
        _join_near(union, one, other, gap)
    alone = _adopt(union, runs, graph, gap)
    for one, other in _neighbours(alone, graph, plain=True):
        _join_near(union, one, other, gap)
    out: dict[int, list[Sight]] = {}
    for n, sight in enumerate(sights):
        out.setdefault(union.root(n), []).append(sight)
    return list(out.values())


def _runs(sights: Sequence[Sight], gap: timedelta, shared: frozenset[PrincipalId]) -> Runs:
    buckets: dict[Key, list[int]] = {}
    for n, sight in enumerate(sights):
        for place in _places(sight, shared):
            for family in sight.families:
                if family is not Family.PLAIN or place.kind == "asset":
                    buckets.setdefault((place, family), []).append(n)
    return {key: _cut(sights, members, gap) for key, members in sorted(buckets.items())}


def _places(sight: Sight, shared: frozenset[PrincipalId]) -> Iterator[Place]:
    for asset in sight.assets:
        yield Place(kind="asset", id=asset)
    for principal in sight.principals:
        if principal not in shared:
            yield Place(kind="principal", id=principal)


def _cut(sights: Sequence[Sight], members: list[int], gap: timedelta) -> list[Run]:
    """The members in runs: a new one starts after more than `gap` of silence."""
    out: list[Run] = []
    ordered = sorted(members, key=lambda n: (sights[n].span, sights[n].name))
    current: list[int] = []
    start, end = sights[ordered[0]].span.start, sights[ordered[0]].span.end
    for n in ordered:
        span = sights[n].span
        if current and span.start > end + gap:
            out.append(Run(span=Span(start=start, end=end), members=tuple(current)))
            current = list[int]()
            start, end = span.start, span.end
        current.append(n)
        end = max(end, span.end)
    out.append(Run(span=Span(start=start, end=end), members=tuple(current)))
    return out


def _beside(place: Place, graph: Graph) -> list[Place]:
    if place.kind != "asset":
        return []
    return [Place(kind="asset", id=a) for a in sorted(graph.beside(AssetId(place.id)))]


def _neighbours(
    runs: Runs, graph: Graph, *, plain: bool
) -> Iterator[tuple[Sequence[Run], Sequence[Run]]]:
    """Pairs of buckets that may share a cause: only plain ones, or only those of attacks."""
    for (place, family), bucket in runs.items():
        if (family is Family.PLAIN) is not plain:
            continue
        for other in (place, *_beside(place, graph)):
            for kind in Family:
                found = runs.get((other, kind), ())
                same_sort = (kind is Family.PLAIN) is plain
                if same_sort and (place, family) < (other, kind) and compatible(family, kind):
                    yield bucket, found


def _join_near(union: _Union, one: Sequence[Run], other: Sequence[Run], gap: timedelta) -> None:
    """Join the runs of two buckets that are near in time, in one sweep through both."""
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i].span.near(other[j].span, gap):
            union.join(one[i].members[0], other[j].members[0])
        if one[i].span.end <= other[j].span.end:
            i += 1
        else:
            j += 1


def _adopt(union: _Union, runs: Runs, graph: Graph, gap: timedelta) -> Runs:
    """Give each plain run to the nearest attack; what is left over has no attack near it."""
    left: dict[Key, Sequence[Run]] = {}
    for (place, family), bucket in runs.items():
        if family is not Family.PLAIN:
            continue
        attacks = [
            (rank, run)
            for rank, other in enumerate((place, *_beside(place, graph)))
            for kind in Family
            if kind is not Family.PLAIN
            for run in runs.get((other, kind), ())
        ]
        kept = [run for run in bucket if not _joined(union, run, attacks, gap)]
        if kept:
            left[place, family] = kept
    return left


def _joined(union: _Union, run: Run, attacks: list[tuple[int, Run]], gap: timedelta) -> bool:
    near = [
        (min(rank, 1), _distance(run.span, other.span), other.span, other.members[0])
        for rank, other in attacks
        if run.span.near(other.span, gap)
    ]
    if near:
        union.join(run.members[0], min(near)[-1])
    return bool(near)


def _distance(one: Span, other: Span) -> timedelta:
    zero = timedelta()
    return max(zero, one.start - other.end, other.start - one.end)
