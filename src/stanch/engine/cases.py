"""Cases: what people do to an incident: note, assign, judge, move, merge, split, detach, undo.

In    a caller, the incident and the version of it that they saw, what they want.
Out   the incident as it now is, with its line in the evidence log; `Stale` when somebody was first.
Why   a machine's belief and a person's word are kept apart: what a person said of the verdict or
      the severity stays until a person changes it. Incidents whose findings changed hands are
      judged on what they now hold, told of and answered like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from stanch.engine.clock import Clock, new_id
from stanch.engine.closing import closed
from stanch.engine.commanding import in_command
from stanch.engine.lifecycle import Teller
from stanch.engine.mentioning import called
from stanch.engine.notices import keep
from stanch.engine.owed import ANSWERS, owe
from stanch.engine.pointing import WIDEST, says, target
from stanch.engine.ports import Store, Transaction
from stanch.engine.rejudging import judged_again, judged_anew, rated_again
from stanch.engine.telling import Notice
from stanch.engine.triage import believed
from stanch.vocabulary.casework import Link, LinkKind, Note, Regroup, Undo
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import FindingId, IncidentId
from stanch.vocabulary.incident import (
    Incident,
    Level,
    Need,
    Phase,
    Reason,
    VerdictKind,
    move_for,
)
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.people import called as known_as
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, Conflict, NotFound, Stale
from stanch.vocabulary.words import counted

LONGEST = 20_000
"""Characters of a note."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A wish to move an incident on, and the words given for it."""

    to: Phase
    seen: int
    """The version that was looked at."""
    why: str = ""
    nothing_to_contain: bool = False
    cause_removed: bool = False
    reviewed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What a person says an incident is; an empty field leaves what is there."""

    seen: int
    why: str
    verdict: VerdictKind | None = None
    attack: AttackKind | None = None
    severity: Level | None = None


class Cases:
    """The incidents, as people work on them."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tellers: Sequence[Teller] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._tellers = tuple(tellers)

    def note(self, incident: IncidentId, text: str, caller: Caller) -> Note:
        """The note, kept beside the incident, and in the same commit the calls to whom it names."""
        words = text.strip()
        if not words or len(words) > LONGEST:
            raise BadInput(f"A note has 1 to {LONGEST} characters; this one has {len(words)}.")
        at = self._clock()
        note = Note(id=new_id("note", at), incident=incident, at=at, by=caller.name, text=words)
        with self._store.begin() as tx:
            seen = tx.incidents.get(incident)
            tx.notes.add(note)
            self._enter(tx, seen, caller, "wrote a note", at)
            for call in called(tx, note, seen):
                keep(tx, call, at)
        return note

    def point(
        self, incident: IncidentId, kind: LinkKind, to: str, title: str, caller: Caller
    ) -> Link:
        """What the incident is to point at, kept with it."""
        at = self._clock()
        with self._store.begin() as tx:
            seen = tx.incidents.get(incident)
            link = Link(
                id=new_id("lnk", at),
                incident=seen.id,
                at=at,
                by=caller.name,
                kind=kind,
                to=target(tx, kind, to),
                title=title.strip()[:WIDEST],
            )
            tx.links.add(link)
            self._enter(tx, seen, caller, f"pointed at {says(link)}", at)
        return link

    def let_go(self, incident: IncidentId, link: str, caller: Caller) -> Link:
        """The link that the incident does not have any more, or `NotFound`."""
        at = self._clock()
        with self._store.begin() as tx:
            seen = tx.incidents.get(incident)
            gone = next((one for one in tx.links.of(seen.id) if one.id == link), None)
            if gone is None:
                raise NotFound("link", link[:100], f"incident links {seen.id}")
            tx.links.remove(link)
            self._enter(tx, seen, caller, f"let go of {says(gone)}", at)
        return gone

    def assign(self, incident: IncidentId, commander: str, seen: int, caller: Caller) -> Incident:
        """The incident with this person in command, who hears of it; `BadInput` for a stranger."""
        at = self._clock()
        with self._store.begin() as tx:
            before = self._seen(tx, incident, seen)
            who = in_command(tx, commander, before.asset, caller)
            saved = tx.incidents.save(replace(before, commander=who, updated=at))
            self._enter(tx, saved, caller, f"put {who or 'nobody'} in command", at)
            if who and who != caller.name and not saved.exercise:
                keep(tx, _yours(saved, caller), at)
        return saved

    def judge(self, incident: IncidentId, judgement: Judgement, caller: Caller) -> Incident:
        """The incident with a person's verdict or severity in place of the machine's."""
        if not judgement.why.strip():
            raise BadInput(
                "Say why, in words: a person's verdict stands in the log with its reason."
            )
        at = self._clock()
        with self._store.begin() as tx:
            before = self._seen(tx, incident, judgement.seen)
            now = _judged(before, judgement, caller.name, at)
            if judgement.verdict is not None and now.merged_into is None:
                # Another verdict is another harm: whom, what and how bad follow it.
                now = believed(tx, now, {}, at)
            saved = tx.incidents.save(now)
            self._enter(tx, saved, caller, f"judged: {judgement.why}", at)
            if judgement.verdict is not None and saved.phase is not Phase.CLOSED:
                # What was begun for the machine's name of it gives way to what answers theirs.
                owe(tx, ANSWERS, [saved.id])
        if saved.phase is not Phase.CLOSED:
            self._tell(changed=(saved,))
        return saved

    def move(self, incident: IncidentId, step: Step, caller: Caller) -> Incident:
        """The incident in another phase, if the table allows this caller to move it."""
        at = self._clock()
        with self._store.begin() as tx:
            now = self._seen(tx, incident, step.seen)
            shown = _shown(now, step)
            move_for(now.phase, step.to, by=caller.role or _as_role(caller), shown=shown)
            moved = replace(now, phase=step.to, updated=at)
            if step.to is Phase.CONTAINED and moved.contained_at is None:
                moved = replace(moved, contained_at=at)
            if step.to is Phase.CONTAINED and moved.held_at is None:
                moved = replace(moved, held_again=at)
            moved = replace(moved, closed_at=at if step.to is Phase.CLOSED else None)
            saved = tx.incidents.save(rated_again(tx, moved))
            if step.to is Phase.CLOSED:
                closed(tx, saved, at)
            what = f"{now.phase} to {step.to}" + (f": {step.why}" if step.why else "")
            self._enter(tx, saved, caller, what, at, Deed.INCIDENT_MOVED)
        return saved

    def merge(self, one: IncidentId, into: IncidentId, caller: Caller) -> Undo:
        """How to undo it, after the findings of `one` went to `into`."""
        at = self._clock()
        with self._store.begin() as tx:
            lost, kept = tx.incidents.get(one), tx.incidents.get(into)
            if one == into or lost.merged_into or kept.merged_into:
                raise Conflict(f"{one} cannot be merged into {into}. Name two open incidents.")
            _both_open(lost, kept)
            if lost.exercise is not kept.exercise:
                raise Conflict(
                    "One of them is an exercise. Exercises and real incidents stay apart."
                )
            undo = _undo(Regroup.MERGED, one, into, lost.findings, at, caller)
            undo = replace(undo, first_seen=kept.first_seen)
            earliest = min(kept.first_seen, lost.first_seen)
            saved = tx.incidents.merge(lost, replace(kept, first_seen=earliest), undo=undo)
            self._enter(tx, saved, caller, f"merged {one} into it", at)
            now = judged_again(tx, saved, at)
        self._tell(changed=(now,))
        return undo

    def split(self, one: IncidentId, findings: Sequence[FindingId], caller: Caller) -> Undo:
        """How to undo it, after these findings went to an incident of their own."""
        at = self._clock()
        with self._store.begin() as tx:
            whole = tx.incidents.get(one)
            chosen = _chosen(whole, findings)
            if len(chosen) == len(whole.findings):
                raise Conflict(f"All findings of {one} were named. Leave at least one in it.")
            first = min(tx.findings.many(chosen), key=lambda f: (f.window.start, f.id))
            new = Incident(
                id=IncidentId(new_id("inc", at)),
                title=whole.title,
                asset=first.asset,
                opened=at,
                first_seen=max(whole.first_seen, first.window.start),
                updated=at,
                lifecycle=whole.lifecycle,
                exercise=whole.exercise,
            )
            undo = _undo(Regroup.SPLIT, one, new.id, chosen, at, caller)
            saved = tx.incidents.split(whole, new, undo=undo)
            self._enter(tx, saved, caller, f"split off {one}", at, Deed.INCIDENT_OPENED)
            tx.announce("incident", one)
            rest = judged_anew(tx, tx.incidents.get(one), at)
            made = judged_anew(tx, saved, at)
        self._tell(opened=(made,), changed=(rest,))
        return undo

    def detach(self, one: IncidentId, findings: Sequence[FindingId], caller: Caller) -> Undo:
        """How to undo it, after these findings were taken out."""
        at = self._clock()
        with self._store.begin() as tx:
            whole = tx.incidents.get(one)
            undo = _undo(Regroup.DETACHED, one, None, _chosen(whole, findings), at, caller)
            saved = tx.incidents.detach(whole, undo=undo)
            self._enter(tx, saved, caller, f"detached {counted(len(undo.findings), 'finding')}", at)
            rest = judged_anew(tx, saved, at)
        self._tell(changed=(rest,))
        return undo

    def undo(self, key: str, caller: Caller) -> Undo:
        """The regrouping that was put back; once."""
        at = self._clock()
        with self._store.begin() as tx:
            undone = tx.incidents.undo(key, at=at, by=caller.name)
            back = tx.incidents.get(undone.incident)
            self._enter(tx, back, caller, f"took back: {undone.how}", at)
            now = [judged_again(tx, back, at)]
            if undone.other is not None:
                tx.announce("incident", undone.other)
                now.append(judged_anew(tx, _first_seen_again(tx, undone.other), at))
        self._tell(changed=now)
        return undone

    def _tell(self, *, opened: Sequence[Incident] = (), changed: Sequence[Incident] = ()) -> None:
        """Starts and stops clocks, and tells people, as when a detector had opened it."""
        for teller in self._tellers:
            for one in opened:
                teller.opened(one)
            for one in changed:
                teller.changed(one)

    @staticmethod
    def _seen(tx: Transaction, incident: IncidentId, version: int) -> Incident:
        now = tx.incidents.get(incident)
        if now.version != version:
            raise Stale("incident", version, now.version)
        return now

    @staticmethod
    def _enter(  # noqa: PLR0913, PLR0917  one line of the log, field by field
        tx: Transaction,
        incident: Incident,
        caller: Caller,
        what: str,
        at: datetime,
        deed: Deed = Deed.INCIDENT_CHANGED,
    ) -> None:
        tx.record(
            Entry(
                at=at,
                deed=deed,
                actor=caller.name,
                about=incident.id,
                incident=incident.id,
                facts={"what": what[:300], "phase": incident.phase, "version": incident.version},
            )
        )
        tx.announce("incident", incident.id)


def _both_open(*named: Incident) -> None:
    """Nothing; `Conflict` when one is closed: what goes on would be hidden in it, or it undone."""
    for one in named:
        if one.phase is Phase.CLOSED:
            raise Conflict(
                f"{one.id} is closed. Move it back to {Phase.TRIAGED} with a reason, then merge; "
                "or point at it with a link."
            )


def _yours(one: Incident, caller: Caller) -> Notice:
    return Notice(
        key=f"command/{one.id}/{one.version}",
        to=one.commander,
        says=f"{known_as(caller.name)} put you in command of this incident: {one.title}",
        incident=one.id,
        asset=one.asset,
    )


def _first_seen_again(tx: Transaction, key: IncidentId) -> Incident:
    """The incident, first seen when itself or what is still in it was."""
    one = tx.incidents.get(key)
    merges = [u for u in tx.incidents.undos(key) if u.other == key and u.first_seen is not None]
    if not merges:
        return one
    own = min(merges, key=lambda u: u.at).first_seen or one.first_seen
    guests = tx.incidents.many(u.incident for u in merges if u.undone is None)
    seen = min([own, *(guest.first_seen for guest in guests)])
    return tx.incidents.save(replace(one, first_seen=seen)) if seen != one.first_seen else one


def _shown(incident: Incident, step: Step) -> frozenset[Need]:
    """What is there to show for a move."""
    given = {
        Need.VERDICT: incident.verdict.kind is not VerdictKind.UNDECIDED,
        Need.SEVERITY: bool(incident.severity.vector) or incident.severity.by != "stanch",
        Need.CONTAINMENT_PROVED: incident.contained_at is not None,
        Need.NOTHING_TO_CONTAIN: step.nothing_to_contain,
        Need.CAUSE_REMOVED: step.cause_removed,
        Need.REVIEW: step.reviewed,
        Need.REASON: bool(step.why.strip()),
    }
    return frozenset(need for need, there in given.items() if there)


def _judged(one: Incident, judgement: Judgement, by: str, at: datetime) -> Incident:
    changed = replace(one, updated=at)
    if judgement.verdict is not None:
        said = Reason(name="person", says=judgement.why, weight=0.0)
        verdict = replace(
            one.verdict,
            kind=judgement.verdict,
            attack=judgement.attack if judgement.verdict is VerdictKind.ATTACK else None,
            confidence=1.0,
            reasons=(said, *one.verdict.reasons),
            by=by,
        )
        changed = replace(changed, verdict=verdict)
    if judgement.severity is not None:
        severity = replace(one.severity, level=judgement.severity, by=by)
        changed = replace(changed, severity=severity)
    return changed


def _as_role(caller: Caller) -> Role:
    """The role that a key's rights come to."""
    if caller.may(Scope.APPROVE):
        return Role.APPROVER
    return Role.RESPONDER if caller.may(Scope.RESPOND) else Role.VIEWER


def _chosen(incident: Incident, findings: Sequence[FindingId]) -> tuple[FindingId, ...]:
    wanted = set(findings)
    unknown = wanted - set(incident.findings)
    if unknown or not wanted:
        raise BadInput(
            f"{incident.id} has no such findings: {', '.join(sorted(unknown)) or 'none'}."
        )
    return tuple(f for f in incident.findings if f in wanted)


def _undo(  # noqa: PLR0913, PLR0917  a record, field by field
    how: Regroup,
    one: IncidentId,
    other: IncidentId | None,
    findings: tuple[FindingId, ...],
    at: datetime,
    caller: Caller,
) -> Undo:
    return Undo(
        id=new_id("undo", at),
        how=how,
        incident=one,
        other=other,
        findings=findings,
        at=at,
        by=caller.name,
    )
