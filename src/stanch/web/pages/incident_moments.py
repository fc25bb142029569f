"""What happened in an incident, moment by moment; what is alike is told once.

In    an incident, and all that is kept about it.
Out   moments, each in its lane; bunches of those that say the same with other numbers.
Why   two hundred lines that differ by a number hide the one that says something else.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from stanch.engine.judging import MACHINE
from stanch.engine.kin import kin
from stanch.engine.ports import Transaction
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.words import word
from stanch.web.lists import seen_at
from stanch.web.markdown import plain
from stanch.web.taken_off import taken_off

LANES = ("attack", "system", "people", "evidence", "law")
MOST = 500
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One thing that happened."""

    at: datetime
    lane: str
    says: str
    href: str = ""
    tone: str = "now"
    like: str = ""
    """What is the same in moments that are alike; nothing is like no other."""
    many: str = ""
    """What several of them are, after their number, where none of them speaks for all."""

    @property
    def key(self) -> str:
        """What it is recognised by."""
        seen = f"{self.at.isoformat()}\0{self.lane}\0{self.says}"
        return hashlib.sha256(seen.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bunch:
    """Moments that are alike, in the order of the list; mostly one."""

    moments: tuple[Moment, ...]

    @property
    def first(self) -> Moment:
        """The one that stands for all."""
        return self.moments[0]

    @property
    def says(self) -> str:
        """What they have in common."""
        count, one = len(self.moments), self.first
        return f"{count} {one.many}" if one.many and count > 1 else one.says

    @property
    def key(self) -> str:
        """What all of them are recognised by."""
        return hashlib.sha256(f"{self.first.lane}\0{self.first.like}".encode()).hexdigest()[:16]


def bunched(moments: Iterable[Moment]) -> list[Bunch]:
    """Each moment once, those that are alike where the first of them stands."""
    made: dict[tuple[str, str], list[Moment]] = {}
    for one in moments:
        made.setdefault((one.lane, one.like or one.key), []).append(one)
    return [Bunch(moments=tuple(all_)) for all_ in made.values()]


def moments_of(tx: Transaction, one: Incident) -> Iterator[Moment]:
    """Everything that has a time, in no order."""
    yield Moment(at=one.first_seen, lane="attack", says="The earliest event behind it", tone="hot")
    yield Moment(at=one.opened, lane="system", says="stanch opened the incident")
    if one.contained_at:
        yield Moment(at=one.contained_at, lane="system", says="Contained", tone="good")
    if one.came_back:
        href = f"/incidents/{one.came_back}"
        says = f"It came back: {one.came_back} had been closed"
        yield Moment(at=one.opened, lane="attack", says=says, href=href, tone="hot")
    if one.loose_at:
        says = "Seen again, and nothing held it"
        yield Moment(at=one.loose_at, lane="attack", says=says, tone="hot")
    if one.held_at and one.held_at != one.contained_at:
        yield Moment(at=one.held_at, lane="system", says="Contained anew", tone="good")
    if one.closed_at:
        yield Moment(at=one.closed_at, lane="people", says="Closed", tone="good")
    yield from _seen(tx, one)
    yield from _done(tx, one)
    yield from _owed(tx, one)


def _seen(tx: Transaction, one: Incident) -> Iterator[Moment]:
    of = Wanted(incident=(one.id,))
    findings = tx.findings.page(of, limit=MOST).items
    seen = seen_at(tx, findings)
    for finding in findings:
        key = finding.id
        href = f"/findings/{key}"
        who = " ".join(sorted(s.principal for s in finding.suspects))
        yield Moment(
            at=seen[key],
            lane="attack",
            says=finding.says,
            href=href,
            tone="warm",
            like=f"{finding.detector} {who} {_NUMBERS.sub('#', finding.says)}",
        )
    for item in tx.evidence.page(of, limit=200).items:
        says = f"{item.name} was taken into evidence by {item.by}"
        yield Moment(
            at=item.taken,
            lane="evidence",
            says=says,
            href=f"/evidence/{item.id}",
            like=f"{item.by} {item.taken:%Y-%m-%dT%H:%M}",
            many=f"items were taken into evidence by {item.by}",
        )


def _done(tx: Transaction, one: Incident) -> Iterator[Moment]:
    of = Wanted(incident=kin(tx, one.id))
    for note in tx.notes.of(one.id):
        href = f"/incidents/{one.id}/notes#{note.id}"
        yield Moment(
            at=note.at, lane=_lane(note.by), says=f"{note.by}: {plain(note.text)}", href=href
        )
    for asked in tx.approvals.page(of, limit=100).items:
        href = f"/approvals/{asked.id}"
        says = asked.shown.split("\n")[0]
        yield Moment(at=asked.asked, lane="system", says=f"Asked: {says}", href=href)
        for vote in asked.votes:
            told = f"{vote.by} said {'yes' if vote.yes else 'no'}: {says}"
            yield Moment(at=vote.at, lane="people", says=told, href=href)
        if found := asked.reviewed:
            told = f"{found.by} reviewed the override: {found.finding}"
            yield Moment(at=found.at, lane="people", says=told, href=href)
    yield from _in_force(tx, one)
    for run in tx.runs.page(of, limit=50).items:
        why = f", round {run.round}: {run.because}" if run.because else ""
        yield Moment(
            at=run.started, lane="system", says=f"Playbook {word(run.playbook)} began{why}"
        )


def _in_force(tx: Transaction, one: Incident) -> Iterator[Moment]:
    """What was put in force because of it, and what of that others took off again."""
    history, ours = tx.policies.history(one.asset), kin(tx, one.id)
    href = f"/incidents/{one.id}/actions"
    offs = tuple(off for each in ours for off in taken_off(history, each))
    for kept in history:
        if kept.incident in ours and all(kept is not off.kept for off in offs):
            told = f"{kept.by} put policy {kept.version} in force: {kept.because}"
            yield Moment(at=kept.at, lane="system", says=told, href=href, tone="good")
    for off in offs:
        told = f"{off.kept.by} took off {', '.join(off.acts)}: {off.kept.because}"
        yield Moment(at=off.kept.at, lane=_lane(off.kept.by), says=told, href=href, tone="hot")


def _lane(by: str) -> str:
    return "system" if by == MACHINE else "people"


def _owed(tx: Transaction, one: Incident) -> Iterator[Moment]:
    for clock in tx.clocks.page(Wanted(incident=(one.id,)), limit=50).items:
        duty = f"{clock.duty} ({clock.law})"
        yield Moment(at=clock.started, lane="law", says=f"Clock began: {duty}")
        if clock.met:
            yield Moment(at=clock.met, lane="law", says=f"Met: {duty}", tone="good")
        else:
            yield Moment(at=clock.due, lane="law", says=f"Due: {duty}", tone="hot")
