"""Fields of a file: plain values out of YAML, each with its line when it is wrong.

In    a `Node` of the file, and its name.
Out   text, numbers, lists; or `BadFile` with `file:line` and what to write instead.
Why   scenarios and systems outside are written by people who do not write YAML every day.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from stanch.prepare.yaml_text import Node
from stanch.vocabulary.trouble import BadFile

E = TypeVar("E", bound=StrEnum)
LONGEST = 2000
"""Characters of one text."""
MOST = 60
"""Entries of one list."""
_ID = re.compile(r"[a-z][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Here:
    """A value of the file, and where it stands."""

    node: Node
    file: str

    def wrong(self, what: str) -> BadFile:
        """The trouble, with this value's line."""
        return BadFile(f"{self.file}:{self.node.line}", what)

    def pairs(self, needed: Iterable[str], others: Iterable[str] = ()) -> "Fields":
        """The entries of a mapping; one that is not known, or lacks, is wrong."""
        value = self.node.value
        if not isinstance(value, dict):
            raise self.wrong("Write `name: value` entries here.")
        known = (*needed, *others)
        for name, node in value.items():
            if name not in known:
                says = f"{name[:40]!r} is not known here. Write one of: {', '.join(known)}."
                raise Here(node, self.file).wrong(says)
        for name in needed:
            if name not in value:
                raise self.wrong(f"{name!r} is missing here.")
        return Fields(self, {n: Here(v, self.file) for n, v in value.items()})

    def named(self) -> Mapping[str, "Here"]:
        """The entries of a mapping whose names are the author's own."""
        value = self.node.value
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.wrong("Write `name: value` entries here.")
        return {name: Here(one, self.file) for name, one in value.items()}

    def items(self) -> tuple["Here", ...]:
        """The entries of a list."""
        value = self.node.value
        if not isinstance(value, list) or not 0 < len(value) <= MOST:
            raise self.wrong(f"Write a list of 1 to {MOST} entries here.")
        return tuple(Here(one, self.file) for one in value)

    def text(self, longest: int = LONGEST) -> str:
        """A sentence or a few."""
        value, raw = self.node.value, self.node.raw.strip()
        if isinstance(value, (list, dict)) or not raw:
            raise self.wrong("Write a text here.")
        if len(raw) > longest or any(not (c.isprintable() or c == "\n") for c in raw):
            raise self.wrong(f"Write at most {longest} plain characters here.")
        return raw

    def name(self) -> str:
        """A name: small letters, digits, dashes and underscores."""
        raw = self.text(100)
        if not _ID.fullmatch(raw):
            raise self.wrong(
                "A name has small letters, digits, dashes and underscores, 64 at most."
            )
        return raw

    def whole(self, least: int, most: int) -> int:
        """A whole number in these bounds."""
        value = self.node.value
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.wrong(f"Write a whole number from {least} to {most} here.")
        return value

    def number(self, most: float) -> float:
        """A number above 0, and at most this."""
        value = self.node.value
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= most:
            raise self.wrong(f"Write a number above 0 and at most {most:g} here.")
        return float(value)

    def truth(self) -> bool:
        """True or false."""
        if not isinstance(self.node.value, bool):
            raise self.wrong("Write true or false here.")
        return self.node.value

    def one_of(self, words: type[E]) -> E:
        """A word of a closed set."""
        raw = self.text(100)
        try:
            return words(raw)
        except ValueError:
            says = f"{raw[:40]!r} is not known here. Write one of: {', '.join(words)}."
            raise self.wrong(says) from None


@dataclass(frozen=True, slots=True)
class Fields:
    """The entries of a mapping by their names."""

    here: Here
    given: Mapping[str, Here]

    def __getitem__(self, name: str) -> Here:
        """The entry of this name, which is there."""
        return self.given[name]

    def find(self, name: str) -> Here | None:
        """The entry of this name, if there is one."""
        return self.given.get(name)

    def items(self, name: str) -> tuple[Here, ...]:
        """The entries of the list of this name; none when there is no such list."""
        found = self.given.get(name)
        return found.items() if found is not None else ()
