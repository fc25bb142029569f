"""Naming: which points an answer in somebody's own words holds.

In    the answer, and the points of the question with the words that name each.
Out   the points that were named; those whose words stand only beside a "not", which are doubted.
Why   a rule that everybody can read is better than a clever one. An answer names a point when one
      of its words stands in it. Where a negation stands near, in the same part of the sentence, a
      rule cannot tell what was meant: the point does not count until whoever leads says that it
      does, and the report says so.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from stanch.learn.tabletop.scenario import Point

BEFORE, AFTER = 8, 1
"""How many words before and behind a point's words are looked at for a negation."""
_WORDS = re.compile(r"\w+")
_PARTS = re.compile(
    r"[.,](?=\s|$)|[;:!?()\n\u2013\u2014]|\b(?=(?:but|however|instead|although|because)\b)"
)
_SHORT = re.compile(r"n['\u2019]t\b")
_HARMLESS = re.compile(
    r"\b(?:not (?:only|just|merely|forget|hesitate)|no doubt|(?:no|not) later than"
    r"|without (?:any )?(?:delay|waiting|hesitation))\b"
)
_NOT = frozenset(
    {"not", "no", "never", "without", "nothing", "nobody", "none", "neither", "nor", "cannot"}
    | {"avoid", "refuse", "refrain", "skip", "against", "dont", "wont", "cant", "shouldnt"}
)


def named(text: str, points: Iterable[Point]) -> tuple[str, ...]:
    """The ids of the points that this text names, in their order."""
    parts = list(_parts(text))
    return tuple(one.id for one in points if any(_plain(_found(one, parts))))


def doubted(text: str, points: Iterable[Point]) -> tuple[str, ...]:
    """The ids of the points whose words stand in it only beside a negation, in their order."""
    parts = list(_parts(text))
    seen = ((one.id, list(_found(one, parts))) for one in points)
    return tuple(key for key, found in seen if found and not any(_plain(found)))


def _plain(found: Iterable[list[str]]) -> Iterator[bool]:
    """For each place where the words stand, whether it is free of negations."""
    return (_NOT.isdisjoint(near) for near in found)


def _found(point: Point, parts: Iterable[list[str]]) -> Iterator[list[str]]:
    """The words around each place where the point's words stand."""
    for said in parts:
        for words in point.words:
            wanted = _words(words)
            for i in _places(wanted, said):
                end = i + len(wanted)
                yield [*said[max(0, i - BEFORE) : i], *said[end : end + AFTER]]


def _places(wanted: list[str], said: list[str]) -> Iterator[int]:
    """Where these words stand in a row, each at least as the beginning of one."""
    count = len(wanted)
    for i in range(len(said) - count + 1):
        here = said[i : i + count]
        if wanted and all(s.startswith(w) for w, s in zip(wanted, here, strict=True)):
            yield i


def _parts(text: str) -> Iterator[list[str]]:
    """The words of each part of a sentence."""
    plain = _SHORT.sub(" not", unicodedata.normalize("NFKC", text).casefold())
    for part in _PARTS.split(_HARMLESS.sub(" ", plain)):
        yield _WORDS.findall(part)


def _words(text: str) -> list[str]:
    return _WORDS.findall(unicodedata.normalize("NFKC", text).casefold())
