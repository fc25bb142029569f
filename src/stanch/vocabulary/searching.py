"""Searching: the one form under which words are looked for, however somebody types them.

In    text. Out   the same without case, accents, widths, ligatures and letters that do not show.
Why   whoever types `ete` or `strasse` at night means what stands there as été or Straße; and what
      an attacker hides between the letters of a name hides it from no search.
Law   folded(folded(text)) == folded(text); plain ASCII in small letters stays as it is.
"""

import unicodedata

_OWN = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ħ": "h",
        "ŧ": "t",
        "ð": "d",
        "þ": "th",
        "ı": "i",
        "ŋ": "n",
        **dict.fromkeys("\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}", "'"),
        **dict.fromkeys("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", '"'),
        **dict.fromkeys("\N{HYPHEN}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}", "-"),
    }
)
"""Letters and signs that Unicode takes apart for nobody, as people without that key type them."""


def folded(text: str) -> str:
    """What is searched for and through."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(one for one in apart if not _is_mark(one))
    return unicodedata.normalize("NFC", bare.translate(_OWN))


def _is_mark(one: str) -> bool:
    """Whether this is an accent on the letter before it, chooses its look, or shows nothing."""
    mark = "\u0300" <= one <= "\u036f" or "\ufe00" <= one <= "\ufe0f"
    return mark or unicodedata.category(one) == "Cf"
