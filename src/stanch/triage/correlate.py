"""Correlate: new findings and people's reports go into incidents, one cause in each.

In    findings and reports that just arrived, findings held back before, the open incidents, the
      lineage graph, the rules, the time.
Out   decisions; each finding and each report is in exactly one. And hints that two open incidents
      look like one.
Why   a thousand findings about one attack are one thing to do, not a thousand.
How   `sights.py` forms the groups. A group that meets an open incident is added to it. Another
      opens an incident when a person reported it, when a finding is strong enough, or when there
      are N findings of one detector within T; else it is held, and lapses when T has passed. What
      waits (`Finding.waits`) counts for none of these, and goes along with what does. More than
      `flood` new incidents at once are one.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from stanch.triage.decisions import (
    Add,
    Arrivals,
    Decision,
    Hold,
    Known,
    Lapse,
    MergeHint,
    Open,
    OpenIncident,
    Rules,
    Threshold,
)
from stanch.triage.lineage import Graph
from stanch.triage.sights import (
    Sight,
    groups_of,
    sight_of_finding,
    sight_of_incident,
    sight_of_report,
)
from stanch.vocabulary.finding import Finding, Report
from stanch.vocabulary.ids import AssetId, DetectorId, FindingId, IncidentId, PrincipalId


def correlate(
    new: Arrivals, open_now: Sequence[OpenIncident], graph: Graph, rules: Rules, *, at: datetime
) -> tuple[Decision, ...]:
    """What to do with each finding and report, the same whatever order they came in."""
    incidents = sorted(open_now, key=lambda i: (i.opened, i.id))
    known = _Homes(incidents)
    findings = {f.id: f for f in sorted((*new.held, *new.findings), key=_order)}
    reports = {r.id: r for r in sorted(new.reports, key=lambda r: (r.at, r.id))}
    fresh = [f for f in findings.values() if f.id not in known.finding]
    told = [r for r in reports.values() if r.id not in known.report]
    sights = [
        *(sight_of_incident(i) for i in incidents),
        *(sight_of_report(r) for r in told),
        *(sight_of_finding(f, rules.suspect_share) for f in fresh),
    ]
    groups = groups_of(sights, graph, gap=rules.gap, shared=rules.shared_principals)
    groups = _into_flood(groups, incidents, rules.gap)
    made = [d for group in groups for d in _decide(group, graph, rules, at)]
    return (*known.decisions(findings, reports), *_one_flood(made, rules.flood))


class _Homes:
    """Which incident each finding and report is in already."""

    def __init__(self, incidents: Sequence[OpenIncident]) -> None:
        self.finding = {f: i.id for i in incidents for f in i.findings}
        self.report = {r: i.id for i in incidents for r in i.reports}

    def decisions(
        self, findings: dict[FindingId, Finding], reports: dict[str, Report]
    ) -> Iterator[Known]:
        """What came again, by the incident that has it."""
        homes = sorted(
            {self.finding[f] for f in findings if f in self.finding}
            | {self.report[r] for r in reports if r in self.report}
        )
        for home in homes:
            yield Known(
                incident=home,
                findings=tuple(f for f in findings if self.finding.get(f) == home),
                reports=tuple(r for r in reports if self.report.get(r) == home),
            )


def _order(finding: Finding) -> tuple[datetime, datetime, str]:
    return (finding.window.start, finding.window.end, finding.id)


def _decide(group: list[Sight], graph: Graph, rules: Rules, at: datetime) -> Iterator[Decision]:
    incidents = [s for s in group if isinstance(s.of, OpenIncident)]
    rest = [s for s in group if not isinstance(s.of, OpenIncident)]
    if incidents:
        yield from _add(incidents, rest, graph)
    elif any(isinstance(s.of, Report) for s in rest):
        yield _open(rest, "A person reported it.")
    else:
        yield _open_or_hold(rest, rules, at)


def _add(incidents: list[Sight], rest: list[Sight], graph: Graph) -> Iterator[Decision]:
    homes: dict[IncidentId, list[Sight]] = {}
    for sight in rest:
        best = min(incidents, key=lambda i: _remoteness(sight, i, graph))
        if isinstance(best.of, OpenIncident):
            homes.setdefault(best.of.id, []).append(sight)
    for home, sights in sorted(homes.items()):
        yield Add(
            incident=home,
            findings=_findings(sights),
            reports=_reports(sights),
            why="Near it in time, on its assets or their neighbours, with a cause that fits.",
        )
    if len(incidents) > 1:
        yield MergeHint(
            incidents=tuple(i.of.id for i in incidents if isinstance(i.of, OpenIncident)),
            why="They are near in time, share assets or suspects, and one cause fits both.",
        )


def _remoteness(sight: Sight, incident: Sight, graph: Graph) -> tuple[int, int, timedelta, int]:
    """How far a sight is from an incident: place, suspects, time; ties go to the oldest one."""
    assets = set(sight.assets)
    around = {b for a in assets for b in graph.beside(a)}
    place = 0 if assets & set(incident.assets) else 1 if around & set(incident.assets) else 2
    stranger = 0 if set(sight.principals) & set(incident.principals) else 1
    apart = max(
        timedelta(),
        sight.span.start - incident.span.end,
        incident.span.start - sight.span.end,
    )
    cause = 0 if set(sight.families) & set(incident.families) else 1
    return (place + stranger, cause, apart, place)


def _open_or_hold(group: list[Sight], rules: Rules, at: datetime) -> Open | Hold | Lapse:
    findings = [s.of for s in group if isinstance(s.of, Finding)]
    ready = [f for f in findings if not f.waits]
    strong = max((f.strength for f in ready), default=0.0)
    if strong >= rules.at_once:
        return _open(group, f"One finding is strong enough by itself ({strong:.1f}).")
    by: dict[DetectorId, list[Finding]] = {}
    for finding in ready:
        by.setdefault(finding.detector, []).append(finding)
    for detector, own in sorted(by.items()):
        limit = rules.for_detector(detector)
        if _reached(own, limit):
            return _open(group, f"{limit.count} or more findings of {detector} in {limit.within}.")
    until = max(f.window.end + rules.for_detector(f.detector).within for f in findings)
    ids = _findings(group)
    if until <= at:
        return Lapse(findings=ids, why=f"Nothing followed by {until.isoformat()}.")
    return Hold(findings=ids, until=until, why=f"{len(ids)} so far; not enough to act on yet.")


def _reached(findings: list[Finding], limit: Threshold) -> bool:
    ends = sorted(f.window.end for f in findings)
    last = limit.count - 1
    return any(ends[n + last] - ends[n] <= limit.within for n in range(len(ends) - last))


def _open(group: Sequence[Sight], why: str) -> Open:
    span = group[0].span
    for sight in group:
        span = span.joined(sight.span)
    assets = [a for s in sorted(group, key=lambda s: (s.span, s.name)) for a in s.assets]
    return Open(
        asset=assets[0],
        findings=_findings(group),
        reports=_reports(group),
        span=span,
        assets=tuple(dict.fromkeys(assets)),
        principals=tuple(sorted({p for s in group for p in s.principals})),
        why=why,
    )


def _findings(sights: Sequence[Sight]) -> tuple[FindingId, ...]:
    own = sorted((s.of for s in sights if isinstance(s.of, Finding)), key=_order)
    return tuple(f.id for f in own)


def _reports(sights: Sequence[Sight]) -> tuple[str, ...]:
    return tuple(s.of.id for s in sights if isinstance(s.of, Report))


def _into_flood(
    groups: list[list[Sight]], incidents: Sequence[OpenIncident], gap: timedelta
) -> list[list[Sight]]:
    """While a flood's incident is open, groups near it in time belong to it."""
    flood = next((i for i in incidents if i.flood), None)
    if flood is None:
        return groups
    home: list[Sight] = []
    others: list[list[Sight]] = []
    for group in groups:
        incident = any(isinstance(s.of, OpenIncident) for s in group)
        is_home = any(s.of is flood for s in group)
        near = any(s.span.near(flood.span, gap) for s in group)
        if is_home or (near and not incident):
            home.extend(group)
        else:
            others.append(group)
    return [home, *others]


def _one_flood(made: list[Decision], flood: int) -> list[Decision]:
    opened = [d for d in made if isinstance(d, Open)]
    if len(opened) <= flood:
        return made
    opened.sort(key=lambda d: (d.span, d.asset))
    span = opened[0].span
    assets: dict[AssetId, None] = {}
    principals: set[PrincipalId] = set()
    for one in opened:
        span = span.joined(one.span)
        assets |= dict.fromkeys(one.assets)
        principals.update(one.principals)
    rest = [d for d in made if not isinstance(d, Open)]
    return [
        *rest,
        Open(
            asset=opened[0].asset,
            findings=tuple(f for d in opened for f in d.findings),
            reports=tuple(r for d in opened for r in d.reports),
            span=span,
            assets=tuple(assets),
            principals=tuple(sorted(principals)),
            why=f"{len(opened)} at once: something common is wrong. Split it when the cause shows.",
            flood=True,
        ),
    ]
