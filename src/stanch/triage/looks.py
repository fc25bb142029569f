"""Looks: what was seen again and again of one crowd, told once.

In    looks, newest first: what said it, in which words, whom it names.
Out   each crowd with its looks; the one that names most stands first in it, the newest where two
      name as many.
Why   a crowd that grows is told again with each member that joins; ten lines that differ by a name
      hide the one that differs by what it says.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from stanch.vocabulary.spoken import spoken

T = TypeVar("T")
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")
_LIST = re.compile(r"@(?:, @)*(?: and # more)?")
"""People as a sentence lists them."""
_NOBODY = r"(?!)"
"""Matches nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What one look said."""

    of: tuple[str, ...]
    """What said it, and of what."""
    says: str
    who: frozenset[str]

    @property
    def words(self) -> str:
        """What it says, whoever it names and whatever it counts."""
        said = {spoken(one) for one in self.who}
        names = sorted((one for one in said if one in self.says), key=len, reverse=True)
        any_of = rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)" if names else _NOBODY
        return _LIST.sub("@", _NUMBERS.sub("#", re.sub(any_of, "@", self.says)))


@dataclass(kw_only=True, slots=True)
class _Crowd(Generic[T]):
    """One thing that was seen of people who became more, or fewer; who were most stand first."""

    who: frozenset[str]
    looks: list[T] = field(default_factory=list)

    def grew(self, who: frozenset[str]) -> bool:
        """Whether these are some of its people, or its people and more."""
        return who == self.who or (bool(who & self.who) and (who < self.who or who > self.who))

    def take(self, one: T, who: frozenset[str]) -> None:
        """Adds it."""
        if who > self.who:
            self.who = who
            self.looks.insert(0, one)
        else:
            self.looks.append(one)


def told_once(every: Iterable[T], look: Callable[[T], Look]) -> list[tuple[T, ...]]:
    """Each crowd's looks, in the order in which crowds were first met."""
    made: dict[object, list[_Crowd[T]]] = {}
    order: list[_Crowd[T]] = []
    for one in every:
        seen = look(one)
        same = made.setdefault((seen.of, seen.words), [])
        crowd = next((c for c in same if c.grew(seen.who)), None)
        if crowd is None:
            crowd = _Crowd(who=seen.who)
            same.append(crowd)
            order.append(crowd)
        crowd.take(one, seen.who)
    return [tuple(crowd.looks) for crowd in order]
