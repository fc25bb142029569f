"""Inert text: what others wrote, made harmless to look at.

In    any text: prompts, names, log lines, whatever an attacker may have written.
Out   the same text with every character that hides, turns or commands made visible; and back.
Why   markup is escaped by the template engine; but a bidirectional override, a zero-width letter or
      a terminal sequence survives escaping and shows something else than what is there. And what a
      form shows it also sends: who is named with such a letter must be blocked by that very name.
"""

import re
import sys

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|\u2039(?=U\\+[0-9A-F]{4,6}\u203a)"
)
_NUMBER = re.compile("\u2039U\\+([0-9A-F]{4,6})\u203a")
ELLIPSIS = "\u2026"


def inert(text: str) -> str:
    """The text with each hidden, turning or commanding character written as its number.

    Nobody forges such a number: the sign that opens one is itself written as a number.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(lambda found: f"\u2039U+{ord(found[0]):04X}\u203a", text)


def meant(shown: str) -> str:
    """The text that was shown so; a number that stands for no hidden character stays as it is."""
    return _NUMBER.sub(_letter, shown) if "\u2039" in shown else shown


def _letter(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    letter = chr(number) if number <= sys.maxunicode else ""
    return letter if letter == "\u2039" or _HIDDEN.fullmatch(letter) else found[0]


def clipped(text: str, longest: int) -> str:
    """At most so many characters of it, with a sign that there is more."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + ELLIPSIS


def cell(text: str) -> str:
    """The text as a spreadsheet may have it: never a formula."""
    safe = inert(text)
    return "'" + safe if safe[:1] in {"=", "+", "-", "@", "\t", "\r"} else safe
