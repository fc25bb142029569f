"""Triage at work: new findings and reports become incidents that say what and how bad.

In    findings and the windows they were made on; reports of people.
Out   the incidents that were opened or changed, each saved with its line in the evidence log.
Why   the stages decide, as values; here their decisions are kept, all of a batch in one commit. A
      batch that cannot be judged is halved until what is to blame stands alone, and that is set
      aside.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from stanch.detect.window import Window
from stanch.engine.again import (
    Met,
    as_severe,
    before_adding,
    before_opening,
    opened_again,
    seen_again,
)
from stanch.engine.around import MOMENT, MOST_NEAR, around_of, fullest, slices
from stanch.engine.aside import Aside, its_own, set_aside
from stanch.engine.batch import Batch
from stanch.engine.clock import Clock, new_id
from stanch.engine.every import every_asset
from stanch.engine.first_seen import first_seen
from stanch.engine.judging import MACHINE, judged
from stanch.engine.kept_windows import kept_windows
from stanch.engine.observing import observed
from stanch.engine.owed import ANSWERS, HELD, owe, owed, paid
from stanch.engine.ports import Store, Transaction
from stanch.triage.causes import Family, family_of
from stanch.triage.correlate import correlate
from stanch.triage.decisions import Add, Arrivals, Decision, Hold, Lapse, Open, OpenIncident, Rules
from stanch.triage.lineage import graph_of
from stanch.vocabulary.casework import Note
from stanch.vocabulary.finding import Finding, Report
from stanch.vocabulary.ids import AssetId, FindingId, IncidentId
from stanch.vocabulary.incident import Incident, Need, Phase, Verdict, VerdictKind, move_for
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import called
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.span import Span

MOST_SEEN = 1_000
"""Findings of one incident that correlation and the verdict look at, newest first."""
MOST_HALVED = 64
"""Failures in one turn after which what fails is set aside as it comes, and halved no more."""
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
        self.aside = Aside(clock)

    def take(
        self,
        findings: Sequence[Finding],
        windows: Mapping[str, Window],
        reports: Sequence[Report] = (),
        looked: Sequence[Window] = (),
    ) -> Triaged:
        """The incidents that these findings and reports opened or changed.

        In the windows of `looked`, what is undecided is looked for again. What cannot be judged
        is set aside, and the rest goes on.
        """
        at = self._clock()
        with self._store.look() as tx:
            fresh = {f.id: f for f in findings}
            held = dict.fromkeys((*owed(tx, HELD), *self.aside.due(tx)))
        batch = Batch(
            findings=fresh,
            held=tuple(FindingId(h) for h in held if h not in fresh and not self.aside.resting(h)),
            reports=tuple(reports),
        )
        done = tuple(self._in_parts(batch, windows, at))
        known = [i.id for one in done for i in one.all]
        again = tuple(self._look_again(looked, known, at))
        return Triaged(
            opened=tuple(i for one in done for i in one.opened),
            changed=(*(i for one in done for i in one.changed), *again),
        )

    def _in_parts(
        self, batch: Batch, windows: Mapping[str, Window], at: datetime
    ) -> Iterator[Triaged]:
        """The batch in one commit; where that fails, its halves, until what is to blame is alone.

        A person whose report fails is told so at once, and nothing else was done by then.
        """
        waiting, failed = [batch], 0
        while waiting:
            part = waiting.pop()
            try:
                yield self._take(part, windows, at)
            except Exception as error:
                if not its_own(error) or not part.ids:
                    raise
                failed += 1
                if len(part.ids) > 1 or part.reports:
                    self._take(Batch(), {}, at)
                if failed <= MOST_HALVED and (len(part.ids) > 1 or part.reports):
                    waiting.extend(reversed(part.halves()))
                else:
                    self._set_aside(part, error)

    def _set_aside(self, part: Batch, error: Exception) -> None:
        with self._store.begin() as tx:
            kept = set_aside(tx)
            assets = {key: f.asset for key, f in part.findings.items()}
            assets |= {h: kept[h].asset if h in kept else _asset_of(tx, h) for h in part.held}
            self.aside.put(tx, assets.items(), error)
            paid(tx, HELD, part.ids)

    def _take(self, batch: Batch, windows: Mapping[str, Window], at: datetime) -> Triaged:
        with self._store.begin() as tx:
            assets = {a.id: a for a in every_asset(tx)}
            graph = graph_of(assets.values())
            held = tx.findings.many(batch.held)
            known = {f.id: f for f in (*held, *batch.findings.values())}
            concerned = {f.asset for f in known.values()} | {r.asset for r in batch.reports}
            near = {b for a in concerned for b in graph.beside(a)} | concerned
            open_now = tuple(
                _open_incident(tx, i) for i in tx.incidents.open_on(near) if not i.exercise
            )
            decisions = correlate(
                Arrivals(findings=tuple(batch.findings.values()), reports=batch.reports, held=held),
                open_now,
                graph,
                self._rules,
                at=at,
            )
            told = {r.id: r for r in batch.reports}
            triaged, waiting = self._carry_out(tx, decisions, told, windows, at)
            self.aside.done(tx, batch.ids)
            paid(tx, HELD, [f for f in batch.ids if f not in waiting])
            owe(tx, HELD, waiting)
            owe(tx, ANSWERS, [i.id for i in triaged.all])
        return triaged

    def _look_again(
        self, looked: Sequence[Window], known: Sequence[IncidentId], at: datetime
    ) -> Iterator[Incident]:
        """What was undecided on the assets of these windows and is not any more."""
        if not any(w.now is not None for w in looked):
            return
        with self._store.look() as tx:
            due = [(i, w) for i, w in _due_again(tx, looked, at) if i.id not in known]
        for one, window in due:
            now = None if self.aside.resting(one.id) else self._judged_again(one, window, at)
            if now is not None and now.verdict.kind is not VerdictKind.UNDECIDED:
                yield now

    def _judged_again(self, one: Incident, window: Window, at: datetime) -> Incident | None:
        try:
            with self._store.begin() as tx:
                now = judge(tx, tx.incidents.get(one.id), {one.findings[-1]: window}, at)
                self.aside.done(tx, [one.id])
                if now.verdict.kind is not VerdictKind.UNDECIDED:
                    owe(tx, ANSWERS, [now.id])
        except Exception as error:
            if not its_own(error):
                raise
            with self._store.begin() as tx:
                self.aside.put(tx, [(one.id, one.asset)], error)
            return None
        return now

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
                    if own.findings or own.reports:
                        changed.append(self._take_in(tx, own, reports, (windows, at)))
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

    def _take_in(
        self,
        tx: Transaction,
        own: Add,
        reports: Mapping[str, Report],
        now: tuple[Mapping[str, Window], datetime],
    ) -> Incident:
        """The open incident with what was added to it, judged anew if that is more than words."""
        windows, at = now
        grown = self._add(tx, own, reports, at)
        if not own.findings:
            tx.announce("incident", grown.id)
            return tx.incidents.save(grown)
        counted = seen_again(tx, grown, own.findings, windows, at)
        judged_now = judge(tx, counted, windows, at)
        return tx.incidents.save(judged_now) if judged_now is counted else judged_now

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
    moved = _triaged(believed(tx, incident, windows, at))
    if moved == incident:
        return incident
    saved = tx.incidents.save(replace(moved, updated=at))
    if moved != replace(incident, verdict=_counted_looks(incident.verdict, moved.verdict)):
        _enter(tx, saved, Deed.INCIDENT_CHANGED, at, why=saved.title)
    return saved


def believed(
    tx: Transaction, incident: Incident, windows: Mapping[str, Window], at: datetime
) -> Incident:
    """The incident as `judge` has it, in its phase and not saved."""
    findings = newest(tx, incident)
    own = [windows[f.id] for f in findings if f.id in windows]
    window = fullest(own or [w for _, w in kept_windows(tx, findings)])
    named = [s.principal for f in findings for s in f.suspects]
    seen = observed(window, slices(tx, window), named) if window is not None else None
    around = around_of(tx, incident, window, at)
    return as_severe(tx, judged(incident, findings, seen, around))


def _counted_looks(before: Verdict, now: Verdict) -> Verdict:
    return replace(before, looks=now.looks, rows=now.rows)


def _due_again(
    tx: Transaction, looked: Sequence[Window], at: datetime
) -> Iterator[tuple[Incident, Window]]:
    """What is undecided on the assets of these windows and is to be looked at again now.

    Each look costs some of the error that is allowed, so the next one comes when there is half as
    much again to see, or half as much time has passed again.
    """
    for one in _undecided(tx, looked):
        verdict, window = one.verdict, fullest([w for w in looked if w.asset.id == one.asset])
        if not one.findings or window is None or window.baseline is None:
            continue
        more = window.n >= MORE * verdict.rows > 0
        if more or at - one.opened >= MORE * (one.updated - one.opened) + MOMENT:
            yield one, window


def _undecided(tx: Transaction, looked: Sequence[Window]) -> tuple[Incident, ...]:
    """Open incidents on the assets of these windows of which the machine does not know yet."""
    assets = tuple(sorted({w.asset.id for w in looked if w.now is not None}))
    if not assets:
        return ()
    wanted = Wanted(asset=assets, verdict=(VerdictKind.UNDECIDED,), closed=False, exercise=False)
    known = [line.incident for line in tx.incidents.page(wanted, limit=MOST_NEAR).items]
    return tx.incidents.many([i.id for i in known if i.verdict.by == MACHINE])


def _asset_of(tx: Transaction, key: FindingId) -> AssetId:
    """The asset of a finding that was kept before; empty when it cannot be read."""
    try:
        known = tx.findings.find(key)
    except Exception as error:
        if not its_own(error):
            raise
        return AssetId("")
    return known.asset if known is not None else AssetId("")


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
    return f"Reported by {called(told[0].by)}" if told else decision.why


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
