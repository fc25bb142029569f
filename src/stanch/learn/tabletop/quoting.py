"""Quoting: what somebody wrote, as it may stand in a Markdown report.

In    any text. Out: one line of it in which nothing is markup and nothing is hidden.
Why   a report is opened in editors, tickets and browsers that make links and pages of what they
      read.
"""

import re

_MARKUP = re.compile(r"([\\`*_\[\]|#!~])")
_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]{1,20})://", re.IGNORECASE)
LONGEST = 4000


def quoted(text: str) -> str:
    """The text as one harmless line."""
    seen = "".join(_seen(c) for c in " ".join(text.split())[:LONGEST])
    return _MARKUP.sub(r"\\\1", _ADDRESS.sub(r"\1:", seen).translate(_ENTITIES))


def _seen(letter: str) -> str:
    """The letter; one that hides, turns or commands as its number."""
    hidden = not letter.isprintable() or "\ufe00" <= letter <= "\ufe0f"
    return f"\u2039U+{ord(letter):04X}\u203a" if hidden else letter
