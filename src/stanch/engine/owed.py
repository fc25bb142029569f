"""What one step of the main path owes the next, kept in the commit that made it.

In    ids that the next step must take up.
Out   the same ids, until that step's own commit says they are done.
Why   a process may be killed between two steps; what the first found must still reach the second.
"""

from collections.abc import Iterable

import msgspec

from stanch.engine.ports import Transaction

HELD = "owed/triage"
"""Findings that triage has not taken up, or holds until others of their kind follow."""
ANSWERS = "owed/answers"
"""Incidents that were opened or changed, and not yet answered."""
PROOFS = "owed/proofs"
"""Incidents with acts in force that no guard has shown."""
EFFECTS = "owed/effects"
"""Assets whose newest policy no guard has shown."""

BACK = "owed/back"
"""Calls to other systems that are to be taken back."""

CALLS = "owed/calls"
"""Incidents with acts in force that called for something which is to be taken back with them."""

_IDS = msgspec.json.Decoder(list[str])


def owed(tx: Transaction, name: str) -> list[str]:
    """The ids that are owed, oldest first."""
    text = tx.settings.get(name)
    return _IDS.decode(text) if text else []


def owe(tx: Transaction, name: str, ids: Iterable[str]) -> None:
    """Adds these ids to what is owed."""
    before = owed(tx, name)
    after = list(dict.fromkeys((*before, *ids)))
    if after != before:
        tx.settings.put(name, msgspec.json.encode(after).decode())


def paid(tx: Transaction, name: str, ids: Iterable[str]) -> None:
    """Takes these ids off what is owed."""
    gone = set(ids)
    before = owed(tx, name)
    after = [one for one in before if one not in gone]
    if after != before:
        tx.settings.put(name, msgspec.json.encode(after).decode())
