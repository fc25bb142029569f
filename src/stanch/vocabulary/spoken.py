"""Spoken: names that others chose, made fit to stand in a sentence.

In    text from events: principals, actions, digests, groups.
Out   the text without control and invisible characters, and short; in quotation marks where it
      would run into its neighbours.
Why   who attacks chooses names; a name must not move a cursor, hide itself, drown the sentence,
      begin a line of its own in what people say yes to, or look like two names.
"""

import re
import unicodedata
from collections.abc import Iterable

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
INSTEAD = "\N{REPLACEMENT CHARACTER}"
LONGEST = 256
"""Letters of a name that is shown whole: no name is longer (`naming.py`)."""
_RUNS_ON = re.compile(r'^$|^[\s"]|\s$|\s\s|[,;]|\band\b')
"""What in a name looks like its end, or like the list that it stands in."""


def shown(text: str, longest: int = 60) -> str:
    """The text as people may see it."""
    clean = "".join(INSTEAD if unicodedata.category(c) in HIDDEN else c for c in text[:longest])
    return clean + ("..." if len(text) > longest else "")


def spoken(name: str, longest: int = 60) -> str:
    """The name as one among others in a sentence; of a long one its beginning and its end."""
    half = longest // 2
    said = shown(name, longest)
    if len(name) > longest:
        said = f"{shown(name[:half], half)}...{shown(name[-half:], half)}"
    return '"{}"'.format(said.replace('"', '""')) if _RUNS_ON.search(said) else said


def listed(names: Iterable[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    return several(map(spoken, names), most)


def several(phrases: Iterable[str], most: int = 3) -> str:
    """The first few of what is fit for a sentence already, and how many more there are."""
    every = tuple(phrases)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
