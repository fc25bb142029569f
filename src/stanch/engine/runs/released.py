"""Released: whom a person let go, and who stays free of the machine until they do something new.

In    an incident's ledger of acts, the policies as they stood, its findings.
Out   who was let go, by whom and when, while nothing of theirs is newer; a line in the run.
Why   the machine suspects them still: what it saw is what it was, and only a person's word is new.
      A playbook that waits for more suspects would refuse them again within minutes.
How   The end of an act that named them counts: a version of the policy that a person made without
      it, or a run that a person took back. What ran out, or was put in another's place, lets nobody
      go. New is a finding that names them, or nobody, on events after that moment (`again.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from stanch.engine.kin import done_for
from stanch.engine.placed import Placed, in_force, mark, placed
from stanch.engine.ports import Transaction
from stanch.engine.runs.deeds import MACHINE
from stanch.engine.runs.held import NAMES, ending_of
from stanch.engine.runs.memory import Line, entered
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import RunId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.run import Run, Wish
from stanch.vocabulary.spoken import listed

MOST_FINDINGS = 200
MOST_NAMED = 5
A_PERSON = "a person"
"""Who took a run back; the run's own line says who that was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """Somebody who is free by a person's word."""

    name: str
    by: str
    at: datetime


def released(tx: Transaction, incident: Incident) -> tuple[Release, ...]:
    """Whom a person let go, as long as nothing newer than that names them."""
    lines = tuple(_named(done_for(tx, incident.id)))
    standing = in_force(tx, lines)
    held = {n for p in lines if p.key in standing for n in _names(p)}
    last: dict[str, Release] = {}
    for line in (p for p in lines if p.key not in standing):
        by, at = _freed(tx, line)
        for name in _names(line):
            if name not in held and (name not in last or at >= last[name].at):
                last[name] = Release(name=name, by=by, at=at)
    free = [one for one in last.values() if one.by != MACHINE]
    if not free:
        return ()
    wanted = Wanted(incident=(incident.id,), since=min(one.at for one in free))
    findings = tx.findings.page(wanted, limit=MOST_FINDINGS).items
    return tuple(one for one in free if not _anew(one, findings, incident))


def say(tx: Transaction, run: Run, at: datetime) -> None:
    """Says in the run whom a person let go, once for each act."""
    incident = tx.incidents.get(run.incident)
    lines = tuple(_named(placed(tx, incident.id)))
    standing = in_force(tx, lines)
    for line in lines:
        if line.key in standing or line.freed is not None:
            continue
        by, when = _freed(tx, line)
        mark(tx, incident.id, replace(line, freed=when, freed_by=by))
        if by != MACHINE:
            names = _names(line)
            told = (
                f"{by} let {listed(names, MOST_NAMED)} go; "
                "this playbook refuses them for new deeds only"
            )
            entered(tx, run, Line(step=run.step, says=told, facts={"let go by": by}), at)


def untold(tx: Transaction, run: Run) -> bool:
    """Whether an act that named people ended, and the run has not looked at whether by a person."""
    lines = [p for p in _named(placed(tx, run.incident)) if p.freed is None]
    return len(in_force(tx, lines)) < len(lines)


def _named(lines: Iterable[Placed]) -> Iterator[Placed]:
    """What names people, and was not put in another's place."""
    return (p for p in lines if p.demands and not p.replaced and _names(p))


def _names(line: Placed) -> tuple[str, ...]:
    named = line.args.get(NAMES, ())
    return named if isinstance(named, tuple) else ()


def _freed(tx: Transaction, line: Placed) -> tuple[str, datetime]:
    """Who ended it, and when; the machine where that is not known."""
    if line.freed is not None:
        return line.freed_by, line.freed
    found = ending_of(tx, line)
    if found is None:
        return MACHINE, line.at
    if line.undone is None:
        return found.by, found.at
    run = tx.runs.find(RunId(line.key.partition("/")[0]))
    cancelled = run is not None and run.wish is Wish.CANCEL_UNDO
    return A_PERSON if cancelled else MACHINE, line.undone


def _anew(one: Release, findings: Iterable[Finding], incident: Incident) -> bool:
    """Whether they did something since; what names nobody is about whoever is suspected."""
    again = incident.again_at is not None and incident.again_at > one.at
    # A deed has a moment of its own: that one was after it, the incident knows (`again.py`).
    new = [
        f
        for f in findings
        if f.window.start >= one.at or (f.deeds and again and f.window.end > one.at)
    ]
    named = {str(s.principal) for f in new for s in f.suspects}
    return one.name in named or (again and not named)
