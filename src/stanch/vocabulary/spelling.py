"""Spellings: the one form under which the names of principals are compared.

In    a name as somebody wrote it. Out   the same for every spelling that means the same key.
"""

import unicodedata
from functools import lru_cache


def folded(name: str) -> str:
    """The one spelling under which names are compared: no case, no blanks around, one width."""
    if name.isascii():
        return name.strip().lower()
    return _folded(name)


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()
