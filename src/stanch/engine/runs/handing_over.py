"""Handing over: an incident is called something else now, and what is done follows.

In    the runs on an incident; the run that answers what it is called now.
Out   runs that gave way, their questions closed, their acts taken back where nobody needs them.
Why   a first name rests on few rows and may be corrected by more. Two playbooks for one deed would
      ask people twice, and limits for a theft would stay on those who suffer from a search.
How   (1) A run for another kind of asking gives way, and every run where it was no attack after
          all; a login or a dataset stays true beside what it was for (`causes.instead`). What a
          person holds stays theirs.
      (2) In the commit that begins the new run the old one gets its heir, and its questions end.
      (3) Once an old one has ended, each of its acts in force that the heir's playbook has not is
          taken back. One that it has stays, so that nobody slips through in between; of the names
          in it, those who are no longer suspects are let go.
      (4) What stays is the heir's: it is shown with it, and goes when the heir is undone. Done by
          the heir, too, it is the same demand and ends when the heir's does.
      (5) What was done for an incident that went into this one stays in force: people put two
          together to free nobody. It is the heir's, as in (4).
      A second round of one playbook takes the place of the first in the same way, and so does one
      that people wrote in the place of another while that was at work.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from stanch.contain.playbook.acts import WATCHES
from stanch.engine.kin import kin
from stanch.engine.placed import Placed, in_force, placed, step_of
from stanch.engine.ports import Transaction
from stanch.engine.runs.deeds import MACHINE, Order, Outcome
from stanch.engine.runs.library import actions, kept
from stanch.engine.runs.memory import Line, entered, is_over
from stanch.engine.runs.performer import ASKED, World, bounded
from stanch.triage.causes import instead
from stanch.vocabulary.approval import Answer
from stanch.vocabulary.ids import RunId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.playbook import Do, Playbook
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.run import Run, RunState, Wish
from stanch.vocabulary.spoken import listed

MOST = 50
"""Runs and questions of an incident and its kin that are looked at."""
NAMES = "principals"
"""The argument that names people."""


def hand_over(tx: Transaction, incident: Incident, heir: Run, at: datetime) -> None:
    """Has the runs that answer what the incident is no longer called give way to this one."""
    book = _book(tx, heir)
    for old in _of(tx, incident):
        if old.id != heir.id and _gives_way(tx, old, book):
            why = heir.because or f"the incident is called {_called(incident)} now"
            _succeed(tx, old, heir, why, at)


def take_over(tx: Transaction, incident: Incident, heir: Run, at: datetime) -> None:
    """Has runs on what went into the incident since give way to the one at work on it."""
    if is_over(heir):
        return
    book = _book(tx, heir)
    for old in _of(tx, incident):
        if old.incident != incident.id and not is_over(old) and _gives_way(tx, old, book):
            _succeed(tx, old, heir, f"{old.incident} was put together with this incident", at)


def _succeed(tx: Transaction, old: Run, heir: Run, why: str, at: datetime) -> None:
    tx.runs.save(replace(old, heir=heir.id, updated=at))
    unask(tx, old, f"{old.playbook} gave way to {_named(heir)}: {why}", at)
    told = f"takes the place of {_named(old)}: {why}"
    entered(tx, heir, Line(step="", says=told, facts={"instead of": old.id}), at)


def heirs_of(tx: Transaction, incident: Incident, heir: RunId) -> tuple[Run, ...]:
    """The runs that gave way to this one."""
    return tuple(r for r in _of(tx, incident) if r.heir == heir)


def let_go(world: World, old: Run) -> None:
    """Takes back what the run put in force and its heir does not need; again changes nothing."""
    with world.store.look() as tx:
        heir = tx.runs.find(old.heir) if old.heir is not None else None
        if heir is None or heir.incident != old.incident:
            return
        lines = _in_force(tx, old)
        had, has = _book(tx, old), _book(tx, heir)
        suspects = {str(s.principal) for s in tx.incidents.get(old.incident).suspects}
    needed = {s.act for s in has.steps.values() if isinstance(s, Do)}
    for line in reversed(lines):
        going = _Going(old=old, heir=heir, line=line, book=had)
        if line.act not in needed:
            _told(world, going, bounded(lambda g=going: _back(world, g)))
        elif gone := [n for n in _names(line) if n not in suspects]:
            _told(world, going, bounded(lambda g=going, n=gone: _narrowed(world, g, n)))


def kept_for(tx: Transaction, run: Run) -> tuple[tuple[Run, Placed], ...]:
    """What is in force by runs that gave way to this one, by themselves or through others."""
    every = tuple(tx.runs.page(Wanted(incident=kin(tx, run.incident)), limit=MOST).items)
    mine, more = {run.id}, True
    while more:
        found = {r.id for r in every if r.heir in mine} - mine
        mine |= found
        more = bool(found)
    pairs = [(r, line) for r in every if r.id in mine - {run.id} for line in _in_force(tx, r)]
    standing = in_force(tx, (line for _, line in pairs))
    return tuple((r, line) for r, line in pairs if line.key in standing)


def give_back(world: World, run: Run) -> None:
    """Takes back what was kept for this run, which is undone; again changes nothing."""
    with world.store.look() as tx:
        pairs = kept_for(tx, run)
    for old, line in reversed(pairs):
        order = Order(
            act=line.act,
            args=line.args,
            incident=old.incident,
            asset=line.asset,
            key=line.key,
            by=run.by,
            why=f"{run.playbook} is taken back",
            run=run.id,
        )
        outcome = bounded(lambda o=order, k=line.key: world.deeds.undo(o, k))
        told = Line(step=step_of(line.key), says=outcome.says, facts={"undo": outcome.ok})
        with world.store.begin() as tx:
            entered(tx, run, told, world.clock())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Going:
    """One act in force, the run that put it there, and the one that takes over."""

    old: Run
    heir: Run
    line: Placed
    book: Playbook

    def order(self, why: str) -> Order:
        return Order(
            act=self.line.act,
            args=self.line.args,
            incident=self.old.incident,
            asset=self.line.asset,
            key=self.line.key,
            by=self.old.by,
            why=why,
            run=self.old.id,
            replaced=True,
        )


def _back(world: World, going: _Going) -> Outcome:
    order = going.order(f"{going.heir.playbook} does not need it")
    return world.deeds.undo(order, going.line.key)


def _narrowed(world: World, going: _Going, gone: list[str]) -> Outcome:
    """The act on those who are still suspects, and only then the one on all taken back."""
    order = going.order(f"no longer suspected: {listed(gone, len(gone))}")
    still = tuple(n for n in _names(going.line) if n not in gone)
    if still:
        step = going.book.steps.get(step_of(going.line.key))
        lasts = step.lasts if isinstance(step, Do) else None
        args = {**order.args, NAMES: still}
        key = f"{going.line.key}/still"
        made = world.deeds.perform(replace(order, args=args, key=key, lasts=lasts))
        if not made.ok:
            return made
    undone = world.deeds.undo(order, going.line.key)
    return replace(undone, says=f"{undone.says} No longer suspected: {listed(gone, len(gone))}.")


def _told(world: World, going: _Going, outcome: Outcome) -> None:
    at = world.clock()
    says = f"{outcome.says} It is answered by {going.heir.playbook} now."
    line = Line(step=step_of(going.line.key), says=says, facts={"undo": outcome.ok})
    with world.store.begin() as tx:
        entered(tx, going.old, line, at)


def _in_force(tx: Transaction, run: Run) -> tuple[Placed, ...]:
    """What the run put in force and that does more than watch, oldest first."""
    mine = (p for p in placed(tx, run.incident) if p.key.startswith(f"{run.id}/"))
    return tuple(
        p for p in mine if p.demands and p.undone is None and actions()[p.act].rank > WATCHES
    )


def _gives_way(tx: Transaction, old: Run, book: Playbook) -> bool:
    """Whether the run is the machine's own, in nobody's hands, and of a kind that this replaces."""
    if old.by != MACHINE or old.heir is not None:
        return False
    held = not is_over(old) and old.wish is not Wish.GO
    if old.playbook == book.id:
        return not held
    if held or old.digest is None:
        return False
    before = _book(tx, old).answers
    return not set(book.answers).isdisjoint(before) or instead(book.answers, before)


def unask(tx: Transaction, run: Run, why: str, at: datetime) -> None:
    """Withdraws the run's open questions, whose ground is gone; not those others wait for."""
    wanted = Wanted(incident=(run.incident,), state=(Answer.OPEN,))
    open_ = [q for q in tx.approvals.page(wanted, limit=MOST).items if q.run == run.id]
    if not open_:
        return
    runs = tx.runs.page(Wanted(asset=(run.asset,), state=(RunState.WAITING,)), limit=MOST).items
    others = {w for r in runs if r.id != run.id for w in r.waits_for}
    for one in (q for q in open_ if ASKED + q.id not in others):
        tx.approvals.save(replace(one, answer=Answer.WITHDRAWN, why=why))
        facts = {
            "action": one.action,
            "asset": one.asset,
            "answer": Answer.WITHDRAWN,
            "why": why,
        }
        tx.record(
            Entry(
                at=at,
                deed=Deed.APPROVAL_WITHDRAWN,
                actor=MACHINE,
                about=one.id,
                digest=one.digest,
                incident=one.incident,
                facts=facts,
            )
        )
        tx.announce("approval", one.id)


def _of(tx: Transaction, incident: Incident) -> Iterator[Run]:
    yield from tx.runs.page(Wanted(incident=kin(tx, incident.id)), limit=MOST).items


def _book(tx: Transaction, run: Run) -> Playbook:
    """The very playbook that the run began with; one without steps where none was kept."""
    if run.digest is None:
        return Playbook(id=run.playbook, title="", start="", steps={})
    return kept(tx, run.digest)


def _names(line: Placed) -> tuple[str, ...]:
    named = line.args.get(NAMES, ())
    return named if isinstance(named, tuple) else ()


def _named(run: Run) -> str:
    return f"{run.playbook}, round {run.round}" if run.round > 1 else str(run.playbook)


def _called(incident: Incident) -> str:
    return str(incident.verdict.attack or incident.verdict.kind).replace("_", " ")
