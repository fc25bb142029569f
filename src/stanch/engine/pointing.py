"""What an incident may point at: an address, a ticket, another incident, a moment of its own.

In    the kind, and the words of whoever says so.
Out   what the link leads to, or `BadInput`.
Why   what a link leads to is shown to every responder: an address is one that a browser opens, and
      a moment leads to a page of ours.
"""

import re

from stanch.engine.ports import Transaction
from stanch.vocabulary.casework import Link, LinkKind
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.trouble import BadInput

WIDEST = 2000
"""Characters of what a link leads to, and of its title."""
_ADDRESS = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)
_MOMENT = re.compile(r"\S+ \S+ /(?!/)\S*")
BESIDE = (LinkKind.RELATED, LinkKind.DUPLICATE)
"""Those that lead to another incident."""


def target(tx: Transaction, kind: LinkKind, to: str) -> str:
    """What a link of this kind leads to."""
    words = to.strip()
    if not words or len(words) > WIDEST or not words.isprintable():
        raise BadInput(f"What a link points at has 1 to {WIDEST} printable characters.")
    if kind in BESIDE:
        return tx.incidents.get(IncidentId(words)).id
    if kind is LinkKind.URL and not _ADDRESS.fullmatch(words):
        says = "An address begins with http:// or https:// and has no blanks."
        raise BadInput(f"{says} For a number in another system say `ticket`.")
    if kind is LinkKind.PINNED and not _MOMENT.fullmatch(words):
        raise BadInput("A moment is pinned in the timeline of the console, which knows its place.")
    return words


def says(link: Link) -> str:
    """The link in a few words, for the log."""
    return f"{link.kind} {link.to}"
