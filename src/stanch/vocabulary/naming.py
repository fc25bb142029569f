"""Naming: the one form in which the name of a principal is kept, counted and asked for.

In    a name as somebody sent or typed it. Out   the form; empty where it names nobody.
Law   named(named(text)) == named(text).
Why   the same é comes as one sign or as two, a header with a blank at its end: one caller would be
      two, and do half as much as each. A name of blanks is nobody's. One of a megabyte fits into
      no index, and what cannot be kept would be watched no more (decision 0401).

Capitals, widths and ligatures stay as they are: two keys may differ in nothing else.
"""

import hashlib
import unicodedata

LONGEST = 256
"""Letters of a name."""
_DIGITS = 32
"""Of the digest by which longer names are told apart."""


def named(text: str) -> str:
    """The name in its one form: composed, without outer blanks, its end a digest if too long."""
    bare = (text if text.isascii() else unicodedata.normalize("NFC", text)).strip()
    if len(bare) <= LONGEST:
        return bare
    digest = hashlib.sha256(bare.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{bare[: LONGEST - _DIGITS - 1]}~{digest}"
