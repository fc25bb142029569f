"""Closing: what is seen to in the moment in which an incident is closed.

In    the incident, in the commit that closes it.
Out   a line behind which only new events count; a note, where what it is about goes on.
Why   closing stops nothing. Whoever closes an attack while the version that it is about still
      answers people is told so at once, in the incident, rather than by the next one.
"""

from datetime import datetime, timedelta

from stanch.engine.clock import new_id
from stanch.engine.lines import draw
from stanch.engine.ports import Transaction
from stanch.vocabulary.casework import Note
from stanch.vocabulary.finding import Lifecycle
from stanch.vocabulary.incident import Incident, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.span import Span

MACHINE = "stanch"
LATELY = timedelta(minutes=2)
"""Answers so lately count as going on."""
MOST_FINDINGS = 200


def closed(tx: Transaction, incident: Incident, at: datetime) -> None:
    """Draws the line, and notes which version that the incident is about still answers."""
    draw(tx, incident.asset, at)
    if incident.verdict.kind is not VerdictKind.ATTACK or incident.exercise:
        return
    standing = _standing(tx, incident, at)
    if standing:
        text = (
            f"Closed while {', '.join(standing)} of {incident.asset} answered: seen within the "
            "last two minutes. Closing takes nothing out of service; done again, it comes back."
        )
        note = Note(id=new_id("note", at), incident=incident.id, at=at, by=MACHINE, text=text)
        tx.notes.add(note)


def _standing(tx: Transaction, incident: Incident, at: datetime) -> list[str]:
    """The versions that the incident is about and that answered lately."""
    wanted = Wanted(incident=(incident.id,), lifecycle=(Lifecycle.DEPLOYMENT,))
    findings = tx.findings.page(wanted, limit=MOST_FINDINGS).items
    named = sorted({f.version for f in findings if f.version and f.asset == incident.asset})
    lately = Span(start=at - LATELY, end=at + LATELY)
    return [v for v in named if tx.summaries.between(incident.asset, lately, version=v)]
