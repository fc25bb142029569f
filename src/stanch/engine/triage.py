"""Triage at work: new findings and reports become incidents that say what and how bad.

In    findings and the windows they were made on; reports of people.
Out   the incidents that were opened or changed, each saved with its line in the evidence log.
Why   the stages decide, as values; here their decisions are kept, all of a batch in one commit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stanch.detect.summaries.parts import Peak
from stanch.detect.window import Window
from stanch.engine.again import (
    Met,
    as_severe,
    before_adding,
    before_opening,
    opened_again,
    seen_again,
)
from stanch.engine.clock import Clock, new_id
from stanch.engine.first_seen import first_seen
from stanch.engine.judging import MACHINE, Around, judged
from stanch.engine.observing import Slice, observed
from stanch.engine.owed import ANSWERS, HELD, owe, owed, paid
from stanch.engine.ports import Store, Transaction
from stanch.engine.watch.hop import minute_of
from stanch.engine.watch.minutes import from_bytes
from stanch.triage.causes import Family, family_of
from stanch.triage.correlate import correlate
from stanch.triage.decisions import Add, Arrivals, Decision, Hold, Lapse, Open, OpenIncident, Rules
from stanch.triage.impact import Counted
from stanch.triage.lineage import graph_of
from stanch.triage.verdict.calibration import Calibration, read_back
from stanch.triage.verdict.chains import REACH, odd_rows
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.casework import Note
from stanch.vocabulary.finding import Finding, Lifecycle, Report
from stanch.vocabulary.ids import AssetId, FindingId, IncidentId
from stanch.vocabulary.incident import Incident, Need, Phase, Verdict, VerdictKind, move_for
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.span import Span

MOST_SEEN = 1_000
"""Findings of one incident that correlation and the verdict look at, newest first."""
MOST_NEAR = 50
"""Assets downstream whose decisions are counted."""
MOMENT = timedelta(minutes=1)
MORE = 1.5
"""How much more there has to be before an undecided incident is looked at again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Triaged:
    """What became of a batch."""

    opened: tuple[Incident, ...] = ()
    changed: tuple[Incident, ...] = ()

    @property
    def all(self) -> tuple[Incident, ...]:
        """Every incident of this batch."""
        return (*self.opened, *self.changed)


class Triage:
    """Keeps the incidents."""

    def __init__(self, store: Store, clock: Clock, rules: Rules | None = None) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules or Rules()

    def take(
        self,
        findings: Sequence[Finding],
        windows: Mapping[str, Window],
        reports: Sequence[Report] = (),
        looked: Sequence[Window] = (),
    ) -> Triaged:
        """The incidents that these findings and reports opened or changed.

        In the windows of `looked`, what is undecided is looked for again.
        """
        at = self._clock()
        with self._store.begin() as tx:
            assets = {a.id: a for a in _all_assets(tx)}
            graph = graph_of(assets.values())
            fresh = {f.id for f in findings}
            held = tuple(
                f for f in tx.findings.many(map(FindingId, owed(tx, HELD))) if f.id not in fresh
            )
            known = {f.id: f for f in (*held, *findings)}
            concerned = {f.asset for f in known.values()} | {r.asset for r in reports}
            near = {b for a in concerned for b in graph.beside(a)} | concerned
            open_now = tuple(
                _open_incident(tx, i) for i in tx.incidents.open_on(near) if not i.exercise
            )
            decisions = correlate(
                Arrivals(findings=tuple(findings), reports=tuple(reports), held=held),
                open_now,
                graph,
                self._rules,
                at=at,
            )
            told = {r.id: r for r in reports}
            triaged, waiting = self._carry_out(tx, decisions, told, windows, at)
            again = _again(tx, looked, triaged.all, at)
            triaged = replace(triaged, changed=(*triaged.changed, *again))
            paid(tx, HELD, [f for f in known if f not in waiting])
            owe(tx, HELD, waiting)
            owe(tx, ANSWERS, [i.id for i in triaged.all])
        return triaged

    def waits(self, looked: Sequence[Window]) -> bool:
        """Whether something on the assets of these windows is undecided."""
        with self._store.look() as tx:
            return bool(_undecided(tx, looked))

    def _carry_out(
        self,
        tx: Transaction,
        decisions: Sequence[Decision],
        reports: Mapping[str, Report],
        windows: Mapping[str, Window],
        at: datetime,
    ) -> tuple[Triaged, list[FindingId]]:
        opened: list[Incident] = []
        changed: list[Incident] = []
        waiting: list[FindingId] = []
        for decision in decisions:
            match decision:
                case Open():
                    found = before_opening(tx, decision, windows, at)
                    if found.decision is not None:
                        made = self._open(tx, found, reports, (windows, at))
                        opened.append(judge(tx, made, windows, at))
                case Add() if decision.findings or decision.reports:
                    own = before_adding(tx, decision, windows, at)
                    if not (own.findings or own.reports):
                        continue
                    grown = self._add(tx, own, reports, at)
                    counted = seen_again(tx, grown, own.findings, windows, at)
                    now = judge(tx, counted, windows, at)
                    changed.append(tx.incidents.save(now) if now is counted else now)
                case Hold():
                    waiting.extend(decision.findings)
                case Lapse():
                    self._lapse(tx, decision, at)
                case _:
                    pass
        return Triaged(opened=tuple(opened), changed=tuple(changed)), waiting

    def _open(
        self,
        tx: Transaction,
        found: Met,
        reports: Mapping[str, Report],
        now: tuple[Mapping[str, Window], datetime],
    ) -> Incident:
        decision, (windows, at) = found.decision, now
        assert decision is not None  # noqa: S101  the caller looked
        findings = tx.findings.many(decision.findings)
        told = [reports[r] for r in decision.reports if r in reports]
        incident = Incident(
            id=IncidentId(new_id("inc", at)),
            title=_first_title(tx, decision, told),
            asset=decision.asset,
            opened=at,
            first_seen=min(
                first_seen(tx, findings, windows, at) if findings else decision.span.start, at
            ),
            updated=at,
            findings=decision.findings,
            reported_by=told[0].by if told and not decision.findings else "",
        )
        if found.came_back is not None:
            incident = opened_again(tx, incident, found.came_back, at)
        saved = tx.incidents.add(incident)
        self._notes(tx, saved, told)
        _enter(tx, saved, Deed.INCIDENT_OPENED, at, why=decision.why)
        return saved

    def _add(
        self, tx: Transaction, decision: Add, reports: Mapping[str, Report], at: datetime
    ) -> Incident:
        seen = tx.incidents.get(decision.incident)
        merged = tuple(dict.fromkeys((*seen.findings, *decision.findings)))
        self._notes(tx, seen, [reports[r] for r in decision.reports if r in reports])
        return replace(seen, findings=merged, updated=at)

    @staticmethod
    def _notes(tx: Transaction, incident: Incident, told: Iterable[Report]) -> None:
        for report in told:
            tx.notes.add(
                Note(
                    id=report.id,
                    incident=incident.id,
                    at=report.at,
                    by=report.by,
                    text=report.text,
                )
            )

    @staticmethod
    def _lapse(tx: Transaction, decision: Lapse, at: datetime) -> None:
        for finding in decision.findings:
            tx.record(
                Entry(
                    at=at,
                    deed=Deed.FINDING_LAPSED,
                    actor="stanch",
                    about=finding,
                    facts={"why": decision.why},
                )
            )


def judge(
    tx: Transaction, incident: Incident, windows: Mapping[str, Window], at: datetime
) -> Incident:
    """The incident with what its findings and counts say now; a person's word stays."""
    findings = newest(tx, incident)
    window = _fullest([windows[f.id] for f in findings if f.id in windows])
    seen = observed(window, _slices(tx, window)) if window is not None else None
    assets = {a.id: a for a in _all_assets(tx)}
    around = Around(
        assets=assets,
        counted=_counted(tx, incident, assets, window, at),
        upstream=(*_upstream(tx, incident, assets, at), *_deployed(tx, incident, window, at)),
        calibration=_own(window),
        rows=window.n if window is not None else 0,
    )
    now = as_severe(tx, judged(incident, findings, seen, around))
    moved = _triaged(now)
    if moved == incident:
        return incident
    saved = tx.incidents.save(replace(moved, updated=at))
    if moved != replace(incident, verdict=_counted_looks(incident.verdict, moved.verdict)):
        _enter(tx, saved, Deed.INCIDENT_CHANGED, at, why=saved.title)
    return saved


def _counted_looks(before: Verdict, now: Verdict) -> Verdict:
    return replace(before, looks=now.looks, rows=now.rows)


def _again(
    tx: Transaction, looked: Sequence[Window], taken: Sequence[Incident], at: datetime
) -> Iterator[Incident]:
    """What was undecided on the assets of these windows and is not any more.

    Each look costs some of the error that is allowed, so the next one comes when there is half as
    much again to see, or half as much time has passed again.
    """
    known = {i.id for i in taken}
    for one in _undecided(tx, looked):
        verdict, window = one.verdict, _fullest([w for w in looked if w.asset.id == one.asset])
        if one.id in known or not one.findings or window is None or window.baseline is None:
            continue
        more = window.n >= MORE * verdict.rows > 0
        if more or at - one.opened >= MORE * (one.updated - one.opened) + MOMENT:
            now = judge(tx, one, {one.findings[-1]: window}, at)
            if now.verdict.kind is not VerdictKind.UNDECIDED:
                yield now


def _undecided(tx: Transaction, looked: Sequence[Window]) -> tuple[Incident, ...]:
    """Open incidents on the assets of these windows of which the machine does not know yet."""
    assets = tuple(sorted({w.asset.id for w in looked if w.now is not None}))
    if not assets:
        return ()
    wanted = Wanted(asset=assets, verdict=(VerdictKind.UNDECIDED,), closed=False, exercise=False)
    known = [line.incident for line in tx.incidents.page(wanted, limit=MOST_NEAR).items]
    return tx.incidents.many([i.id for i in known if i.verdict.by == MACHINE])


def _fullest(windows: Sequence[Window]) -> Window | None:
    """The window that tells most: the one with most answers beside a baseline."""
    told = [w for w in windows if w.baseline is not None and w.now is not None]
    return max(told, key=lambda w: w.n, default=next(iter(windows), None))


def _own(window: Window | None) -> Calibration | None:
    """The asset's own quiet windows, as its baseline keeps them."""
    if window is None or window.baseline is None:
        return None
    return read_back(window.baseline.quiet, f"quiet windows of {window.asset.id}")


def _upstream(
    tx: Transaction, incident: Incident, assets: Mapping[AssetId, Asset], at: datetime
) -> Iterator[Finding]:
    """Odd rows of late in what the asset is made from, whichever incident they are in."""
    sources = graph_of(assets.values()).upstream(incident.asset)[:MOST_NEAR]
    if sources:
        wanted = Wanted(asset=sources, lifecycle=(Lifecycle.TRAINING,), since=at - REACH)
        own = set(incident.findings)
        page = tx.findings.page(wanted, limit=MOST_NEAR)
        yield from (f for f in page.items if odd_rows(f) and f.id not in own)


def _deployed(
    tx: Transaction, incident: Incident, window: Window | None, at: datetime
) -> Iterator[Finding]:
    """What other incidents hold against the version whose answers were looked at."""
    if window is not None and window.version:
        wanted = Wanted(
            asset=(incident.asset,), lifecycle=(Lifecycle.DEPLOYMENT,), since=at - REACH
        )
        own = set(incident.findings)
        page = tx.findings.page(wanted, limit=MOST_NEAR)
        yield from (f for f in page.items if f.version == window.version and f.id not in own)


def _counted(
    tx: Transaction,
    incident: Incident,
    assets: Mapping[AssetId, Asset],
    window: Window | None,
    at: datetime,
) -> Counted:
    """How many decisions and principals it may have touched, and what the owner says of them."""
    start = minute_of(incident.first_seen)
    span = Span(start=start, end=max(at, start + MOMENT))
    touched = (incident.asset, *graph_of(assets.values()).downstream(incident.asset)[:MOST_NEAR])
    counts = {a: tx.summaries.decided(a, span) for a in touched}
    own = assets.get(incident.asset)
    summary = window.now if window is not None else None
    return Counted(
        decisions={a: n for a, n in counts.items() if n},
        principals=round(summary.different(Peak.PRINCIPALS)) if summary is not None else None,
        people=own.people if own is not None else None,
        cost_per_decision=own.decision_cost if own is not None else None,
        currency=own.currency if own is not None else "",
    )


def _enter(tx: Transaction, incident: Incident, deed: Deed, at: datetime, *, why: str) -> None:
    tx.record(
        Entry(
            at=at,
            deed=deed,
            actor="stanch",
            about=incident.id,
            incident=incident.id,
            facts={
                "asset": incident.asset,
                "verdict": incident.verdict.kind,
                "attack": incident.verdict.attack or "",
                "severity": incident.severity.level.name.lower(),
                "findings": len(incident.findings),
                "why": why[:300],
            },
        )
    )
    tx.announce("incident", incident.id)


def _triaged(incident: Incident) -> Incident:
    """The incident one phase on, once it has a verdict and a severity."""
    if incident.phase is not Phase.DETECTED or incident.verdict.kind is VerdictKind.UNDECIDED:
        return incident
    shown = frozenset({Need.VERDICT, Need.SEVERITY})
    return replace(incident, phase=move_for(incident.phase, Phase.TRIAGED, by=None, shown=shown).to)


def _first_title(tx: Transaction, decision: Open, told: Sequence[Report]) -> str:
    if decision.findings:
        return tx.findings.get(decision.findings[0]).says[:200]
    return f"Reported by {told[0].by}" if told else decision.why


def _all_assets(tx: Transaction) -> Iterator[Asset]:
    after = ""
    while True:
        page = tx.assets.page(after=after, limit=500)
        yield from page.items
        if not page.next:
            return
        after = page.next


def newest(tx: Transaction, incident: Incident) -> tuple[Finding, ...]:
    """The findings that an incident is judged by: its last ones."""
    return tx.findings.many(incident.findings[-MOST_SEEN:])


def _open_incident(tx: Transaction, incident: Incident) -> OpenIncident:
    findings = tx.findings.page(Wanted(incident=(incident.id,)), limit=MOST_SEEN).items
    span = Span(start=incident.first_seen, end=max(incident.first_seen, incident.updated))
    for finding in findings:
        span = span.joined(finding.window)
    return OpenIncident(
        id=incident.id,
        opened=incident.opened,
        span=span,
        assets=frozenset({incident.asset, *(f.asset for f in findings)}),
        families=frozenset(family_of(f) for f in findings) or frozenset({Family.PLAIN}),
        principals=frozenset(s.principal for s in incident.suspects),
        findings=frozenset(f.id for f in findings),
    )


def _slices(tx: Transaction, window: Window) -> tuple[Slice, ...]:
    """The window's minutes of answers, in order."""
    if window.baseline is None:
        return ()
    found = []
    for block in tx.summaries.between(
        window.asset.id, window.span, version=window.version, condition=window.condition
    ):
        minute = from_bytes(block.body, window.baseline.plan)
        if minute.counted is not None:
            found.append(Slice(start=block.minute, summary=minute.counted.summary))
    return tuple(found)
