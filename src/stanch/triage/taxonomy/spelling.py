"""Spelling: what a hurried person's words were meant to be.

In    text in small letters; short ways of writing words; the words that are looked for.
Out   the text with short words written out, and with the words put right that are one slip away
      from a word that is looked for.
Why   who reports at three in the morning writes "asistant" and "ur", and means the same.
Slip  In a word of six letters or more, after its first and before its last: two letters that
      changed places, or a double one that is written once. In a word of nine, any one letter too
      many or too few; in one of ten, another letter. Shorter words have neighbours: "sending" is
      no "spending".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

SHORTEST, MORE, OTHER = 6, 9, 10
WORD = re.compile(rf"[a-z]{{{SHORTEST},}}")
PIECE = re.compile(r"[a-z]+\*?")
Known = tuple[frozenset[str], tuple[str, ...]]
"""Whole words, and how words begin that may go on."""


def words_of(phrases: Iterable[str]) -> Known:
    """The single words that these phrases are made of."""
    pieces = {piece for phrase in phrases for piece in PIECE.findall(phrase)}
    whole = frozenset(p for p in pieces if not p.endswith("*"))
    return whole, tuple(sorted(p[:-1] for p in pieces if p.endswith("*")))


@dataclass(frozen=True, kw_only=True, slots=True)
class Spelling:
    """How words are written that are looked for."""

    short: Mapping[str, str] = field(default_factory=dict)
    known: Known = (frozenset(), ())
    right: frozenset[str] = frozenset()
    """Words that are one slip from a known one and are meant as they stand."""

    def meant(self, text: str) -> str:
        """The text as it was meant."""
        for written, word in self.short.items():
            text = re.sub(rf"(?<!\w){re.escape(written)}(?!\w)", word, text)
        return WORD.sub(lambda found: self._meant(found.group()), text)

    def _meant(self, word: str) -> str:
        return word if word in self.right else _right(word, self.known)


@lru_cache(maxsize=4096)
def _right(word: str, known: Known) -> str:
    whole, begins = known
    if word in whole or word in begins:
        return word
    near = max((w for w in (*whole, *begins) if slipped(word, w)), key=len, default="")
    goes_on = max((w for w in begins if word.startswith(w)), key=len, default="")
    return near if len(near) > len(goes_on) else word


def slipped(word: str, meant: str) -> bool:
    """Whether the word is one slip from what was meant."""
    if word[0] != meant[0] or word[-1] != meant[-1] or abs(len(word) - len(meant)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(word, meant, strict=False)) if a != b), None)
    if at is None:
        return False
    ours, theirs = word[at:], meant[at:]
    if len(ours) == len(theirs):
        turned = ours[:2] == theirs[1::-1] and ours[2:] == theirs[2:]
        return turned or (ours[1:] == theirs[1:] and len(meant) >= OTHER)
    longer, shorter = sorted((ours, theirs), key=len, reverse=True)
    double = (meant if len(meant) > len(word) else word)[at - 1] == longer[0]
    return longer[1:] == shorter and (double or min(len(word), len(meant)) >= MORE)
