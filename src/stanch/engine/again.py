"""Again: what triage makes of a deed that is done a second time.

In    findings that are to open an incident, or to be added to one; the windows they were made on.
Out   what goes back to a closed incident and stays quiet there, which incident it came back from;
      an open incident that was seen again, and whether anything still holds it.
Why   an attacker who comes back must be stopped again, and one deed that merely goes on must not
      ask people ten times (decision 0224).
How   New is what rests on events after a line: the closing, the end of the containment, or, while
      it holds, the moment it came into force. A deed has the moment of its event. Counts are new
      when their whole window is; the watch looks at the part behind a line by itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from stanch.detect.window import Window
from stanch.engine.clock import new_id
from stanch.engine.ports import Transaction
from stanch.engine.runs.held import Hold, hold_of
from stanch.engine.runs.memory import is_over
from stanch.triage.coming_back import REMEMBERED, Calm, Echo, Past, about, met, past_of, same
from stanch.triage.decisions import Add, Open
from stanch.vocabulary.casework import Link, LinkKind, Note
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, FindingId, IncidentId
from stanch.vocabulary.incident import (
    Incident,
    Need,
    Phase,
    Reason,
    Verdict,
    VerdictKind,
    move_for,
)
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.words import counted

MACHINE = "stanch"
MOST_PAST = 50
"""Closed incidents that are looked at, newest first."""
MOST_FINDINGS = 200
_DEEDS = frozenset({VerdictKind.ATTACK, VerdictKind.FAULT})
_BACKWARDS = {
    Phase.RECOVERED: Phase.CONTAINED,
    Phase.ERADICATED: Phase.CONTAINED,
    Phase.CONTAINED: Phase.TRIAGED,
}
"""The way of an incident that nothing holds any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Met:
    """What of a decision to open an incident is left, and what it is the return of."""

    decision: Open | None
    came_back: Incident | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Home:
    """What goes to one closed incident."""

    echoes: list[FindingId] = field(default_factory=list)
    calm: list[FindingId] = field(default_factory=list)
    by: list[str] = field(default_factory=list)

    def take(self, finding: FindingId, what: Echo | Calm) -> None:
        """Adds it."""
        if isinstance(what, Calm):
            self.calm.append(finding)
            self.by.append(what.by)
        else:
            self.echoes.append(finding)


def before_opening(
    tx: Transaction, decision: Open, windows: Mapping[str, Window], at: datetime
) -> Met:
    """The decision without what belongs to closed incidents, which now have it."""
    past = tuple(_past(tx, decision.assets, at))
    if not past:
        return Met(decision=decision)
    homes: dict[IncidentId, _Home] = {}
    left: list[FindingId] = []
    back: set[IncidentId] = set()
    for finding in tx.findings.many(decision.findings):
        found = met(finding, newest_in(finding, windows.get(finding.id)), past, at=at)
        if isinstance(found, Echo | Calm):
            homes.setdefault(found.of, _Home()).take(finding.id, found)
            continue
        left.append(finding.id)
        back |= {found.of} if found is not None else set()
    for key, home in homes.items():
        _keep(tx, key, home, at)
    if not left and not decision.reports:
        return Met(decision=None)
    return Met(
        decision=replace(decision, findings=tuple(left)),
        came_back=max(
            (p.incident for p in past if p.incident.id in back), key=_closed, default=None
        ),
    )


def before_adding(
    tx: Transaction, decision: Add, windows: Mapping[str, Window], at: datetime
) -> Add:
    """The decision without what is not about the open incident, but about a closed one.

    What the open one is about itself stays, whatever was said before: who is suspected of what is
    open is not cleared by an older word. What came back is judged here, and tied to what it was.
    """
    home = tx.incidents.get(decision.incident)
    known = tx.findings.page(Wanted(incident=(home.id,)), limit=MOST_FINDINGS).items
    here = about(home, known, at)
    strange = [f for f in tx.findings.many(decision.findings) if not same(f, here)]
    past = tuple(_past(tx, tuple({f.asset for f in strange}), at)) if strange else ()
    homes = dict[IncidentId, _Home]()
    for finding in strange if past else ():
        found = met(finding, newest_in(finding, windows.get(finding.id)), past, at=at)
        if isinstance(found, Echo | Calm):
            homes.setdefault(found.of, _Home()).take(finding.id, found)
        elif found is not None:
            _tie(tx, tx.incidents.get(found.of), home, at)
    for key, one in homes.items():
        _keep(tx, key, one, at)
        if one.calm:
            _noted(tx, home, key, one, at)
    gone = {key for one in homes.values() for key in (*one.echoes, *one.calm)}
    return replace(decision, findings=tuple(f for f in decision.findings if f not in gone))


def _noted(tx: Transaction, home: Incident, closed: IncidentId, calm: _Home, at: datetime) -> None:
    """Says in the open incident what is not judged there, once for each that was closed."""
    key = f"note-calm-{home.id}-{closed}"
    if all(n.id != key for n in tx.notes.of(home.id)):
        text = (
            f"What {calm.by[0]} called harmless in {closed} was seen again on the same asset. "
            "It is counted there and not judged here; judge that incident anew if it belongs here."
        )
        tx.notes.add(Note(id=key, incident=home.id, at=at, by=MACHINE, text=text))


def _tie(tx: Transaction, old: Incident, new: Incident, at: datetime) -> None:
    """Ties the two, once."""
    if any(link.to == old.id for link in tx.links.of(new.id)):
        return
    for one, other, says in ((old, new, "It came back as this"), (new, old, "It was here before")):
        tx.links.add(
            Link(
                id=new_id("lnk", at),
                incident=one.id,
                at=at,
                by=MACHINE,
                kind=LinkKind.RELATED,
                to=other.id,
                title=says,
            )
        )
    tx.announce("incident", old.id)


def opened_again(tx: Transaction, new: Incident, old: Incident, at: datetime) -> Incident:
    """The new incident, tied to the one that it is the return of."""
    after = (new.opened - _closed(old)).total_seconds()
    _tie(tx, old, new, at)
    verdict = _as_before(old) if old.verdict.kind in _DEEDS else new.verdict
    return replace(new, verdict=verdict, came_back=old.id, came_back_after=max(0.0, after))


def _as_before(old: Incident) -> Verdict:
    """What it is called from the start: the same by the same is what it was, until more is seen."""
    said = old.verdict
    called = str(said.attack or said.kind).replace("_", " ")
    who = "" if said.by == MACHINE else f" by {said.by}"
    says = f"{old.id} was the same, and was called {called}{who}."
    reason = Reason(name="came_back", says=says, weight=0.0)
    return Verdict(
        kind=said.kind, attack=said.attack, confidence=said.confidence, reasons=(reason,)
    )


def as_severe(tx: Transaction, incident: Incident) -> Incident:
    """The incident, not less severe than the one it is the return of."""
    old = tx.incidents.find(incident.came_back) if incident.came_back is not None else None
    own = incident.severity
    if old is None or own.by != MACHINE or own.level >= old.severity.level:
        return incident
    if _called_otherwise(incident, old):
        return incident
    level = old.severity.level
    fired = (*own.fired, f"It came back: {old.id} was {level.name.lower()}.")
    rank = max(own.rank, old.severity.rank)
    return replace(incident, severity=replace(own, level=level, rank=rank, fired=fired))


def _called_otherwise(incident: Incident, old: Incident) -> bool:
    """Whether a person says that it is not what the one was that it was taken for."""
    said, before = incident.verdict, old.verdict
    return said.by != MACHINE and (said.kind, said.attack) != (before.kind, before.attack)


def seen_again(
    tx: Transaction,
    incident: Incident,
    added: Iterable[FindingId],
    windows: Mapping[str, Window],
    at: datetime,
) -> Incident:
    """The open incident, counted once more if what was added is the deed done again."""
    findings = tx.findings.many(tuple(added))
    line, hold = _line(tx, incident)
    if line is None or not findings:
        return incident
    loose = hold.ended is not None or not hold.lines
    # While it is held, who is refused goes on asking: only a deed is done anew.
    told = [f for f in findings if f.deeds or loose]
    fresh = [f for f in told if newest_in(f, windows.get(f.id)) > line]
    if not fresh:
        return incident
    says = f"{fresh[-1].says} " + (
        "Nothing holds it any more." if loose else "What contains it is in force."
    )
    _enter(tx, incident, at, f"seen again: {says}")
    counted = replace(incident, again=incident.again + 1, again_at=at)
    if not loose:
        return counted
    return replace(_loose(tx, counted, at), loose_at=at)


def newest_in(finding: Finding, window: Window | None) -> datetime:
    """When the newest thing in it happened: the deed, or where its counts begin."""
    if finding.deeds and window is not None:
        times = window.moments(finding.deeds)
        if times:
            return max(times)
    return finding.window.start


def _line(tx: Transaction, incident: Incident) -> tuple[datetime | None, Hold]:
    """Since when something would be new; None while the first answer is still being given."""
    hold = hold_of(tx, incident.id)
    if hold.ended is not None:
        return hold.ended, hold
    if hold.lines:
        return hold.since, hold
    page = tx.runs.page(Wanted(incident=(incident.id,)), limit=MOST_PAST)
    mine = [r for r in page.items if r.by == MACHINE and r.heir is None]
    if not mine or not all(map(is_over, mine)):
        return None, hold
    return max((r.ended for r in mine if r.ended is not None), default=None), hold


def _past(tx: Transaction, assets: tuple[AssetId, ...], at: datetime) -> Iterator[Past]:
    wanted = Wanted(asset=assets, closed=True, exercise=False, changed_since=at - REMEMBERED)
    for line in tx.incidents.page(wanted, limit=MOST_PAST).items:
        one = line.incident
        if one.phase is Phase.CLOSED and one.merged_into is None:
            findings = tx.findings.page(Wanted(incident=(one.id,)), limit=MOST_FINDINGS).items
            past = past_of(one, findings)
            if past is not None and at - past.closed <= REMEMBERED:
                yield past


def _keep(tx: Transaction, key: IncidentId, home: _Home, at: datetime) -> None:
    """The closed incident with what belongs to it; what is calm is counted and said."""
    one = tx.incidents.get(key)
    merged = tuple(dict.fromkeys((*one.findings, *home.echoes, *home.calm)))
    again = one.again + bool(home.calm)
    when = at if home.calm else one.again_at
    tx.incidents.save(replace(one, findings=merged, again=again, again_at=when))
    if home.calm:
        _enter(tx, one, at, f"seen again, and left alone: {home.by[0]} said that it is harmless")
    else:
        _enter(
            tx,
            one,
            at,
            f"{counted(len(home.echoes), 'more finding')}, of nothing since it was closed",
        )


def _loose(tx: Transaction, incident: Incident, at: datetime) -> Incident:
    """The incident in the phase in which it has to be contained."""
    now = incident
    while now.phase in _BACKWARDS:
        shown = frozenset({Need.REASON})
        moved = move_for(now.phase, _BACKWARDS[now.phase], by=None, shown=shown)
        now = replace(now, phase=moved.to)
    if now.phase is not incident.phase:
        what = f"{incident.phase} to {now.phase}: seen again, and nothing holds it"
        _enter(tx, incident, at, what, Deed.INCIDENT_MOVED)
    return now


def _enter(
    tx: Transaction,
    incident: Incident,
    at: datetime,
    what: str,
    deed: Deed = Deed.INCIDENT_SEEN_AGAIN,
) -> None:
    facts = {"what": what[:300], "asset": incident.asset}
    tx.record(
        Entry(at=at, deed=deed, actor=MACHINE, about=incident.id, incident=incident.id, facts=facts)
    )
    tx.announce("incident", incident.id)


def _closed(one: Incident) -> datetime:
    return one.closed_at or one.updated
