"""Mentioning: who is named in a note hears of it.

In    what somebody wrote about an incident.
Out   a notice to each person with an account whom it names with an @; others are words.
Why   a question to somebody that waits in a note until they come by was not asked.
"""

import re
from collections.abc import Iterable

from stanch.engine.ports import Transaction
from stanch.engine.telling import Notice, Urgency
from stanch.vocabulary.casework import Note
from stanch.vocabulary.incident import Incident

NAME = r"(?<![\w@])@(?P<who>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?)"
MOST = 20
"""People that one note calls."""
_NAMED = re.compile(rf"```.*?(?:```|$)|`[^`\n]{{1,500}}`|{NAME}", re.DOTALL)
_QUOTED = 240


def named(text: str) -> tuple[str, ...]:
    """Who is named with an @, each once; what stands as code names nobody."""
    return tuple(dict.fromkeys(found["who"] for found in _NAMED.finditer(text) if found["who"]))


def called(tx: Transaction, note: Note, incident: Incident) -> tuple[Notice, ...]:
    """What those are told whom the note names; an exercise tells nobody outside."""
    if incident.exercise:
        return ()
    known = (tx.users.named(name) for name in named(note.text)[:MOST])
    names = [one.name for one in known if one is not None and not one.disabled]
    return tuple(_notices(note, incident, names))


def _notices(note: Note, incident: Incident, names: Iterable[str]) -> Iterable[Notice]:
    words = " ".join(note.text.split())
    short = words if len(words) <= _QUOTED else words[: _QUOTED - 1].rstrip() + "\u2026"
    for name in names:
        if name != note.by:
            yield Notice(
                key=f"note/{note.id}/{name}",
                to=name,
                says=f"{note.by} named you in a note: {short}",
                urgency=Urgency.SOON,
                incident=incident.id,
                asset=incident.asset,
            )
