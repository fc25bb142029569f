"""Spellings: the one form under which the names of principals are compared where they are refused.

In    a name as somebody wrote it. Out   the same for every spelling that means the same key.
Why   a denial that another spelling walks round is none; whom it hits by that is told beforehand
      (decision 0402). What is counted stays apart: `naming.py`.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache


def folded(name: str) -> str:
    """The one spelling under which names are compared: no case, no blanks around, one width."""
    if name.isascii():
        return name.strip().lower()
    return _folded(name)


def spellings(names: Iterable[str]) -> frozenset[str]:
    """The spellings of these; a blank name is nobody's, and never everybody who has none."""
    return frozenset(map(folded, names)) - {""}


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()
