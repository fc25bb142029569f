"""Naming: which points an answer in somebody's own words holds.

In    the answer, and the points of the question with the words that name each.
Out   the points that were named, each with the words that showed it.
Why   a rule that everybody can read is better than a clever one: an answer names a point when one
      of its words stands in it. Who said the opposite is corrected by a person, and the report says
      who did.
"""

import re
import unicodedata
from collections.abc import Iterable

from stanch.learn.tabletop.scenario import Point

_WORDS = re.compile(r"\w+")


def named(text: str, points: Iterable[Point]) -> tuple[str, ...]:
    """The ids of the points that this text names, in their order."""
    said = _words(text)
    return tuple(one.id for one in points if any(_stands(_words(w), said) for w in one.words))


def _words(text: str) -> list[str]:
    return _WORDS.findall(unicodedata.normalize("NFKC", text).casefold())


def _stands(wanted: list[str], said: list[str]) -> bool:
    """Whether these words stand there in a row, each at least as the beginning of one."""
    count = len(wanted)
    return bool(wanted) and any(
        all(s.startswith(w) for w, s in zip(wanted, said[i : i + count], strict=True))
        for i in range(len(said) - count + 1)
    )
