"""Reading values out of YAML nodes, collecting every complaint on the way.

In    nodes.
Out   values of the wanted type; a complaint with its line for each that is not, and a stand-in.
Why   a person mends a file once when all that is wrong is said at once.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from stanch.prepare.yaml_text import Node

E = TypeVar("E", bound=Enum)
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Complaint:
    """One thing that is wrong, and what to write instead."""

    line: int
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Reads values and remembers what was wrong."""

    complaints: list[Complaint] = field(default_factory=list)

    def wrong(self, node: Node, says: str) -> None:
        """Nothing; the complaint is remembered."""
        self.complaints.append(Complaint(line=node.line, says=says))

    def mapping(self, node: Node, what: str, known: Iterable[str] = ()) -> Mapping[str, Node]:
        """The mapping; a key that is not known is a complaint that names the nearest one."""
        if not isinstance(node.value, dict):
            self.wrong(node, f"{what} must be a mapping. Write `key: value` lines below it.")
            return {}
        found: Mapping[str, Node] = node.value
        names = list(known)
        for key in found if names else ():
            if key not in names:
                near = difflib.get_close_matches(key[:64], names, 1)
                hint = f"Did you mean {near[0]!r}?" if near else f"Write one of: {_list(names)}."
                self.wrong(found[key], f"{what} has no field {key[:64]!r}. {hint}")
        return {k: v for k, v in found.items() if not names or k in names}

    def text(self, node: Node, what: str) -> str:
        """The text as it was written."""
        if node.value is None or isinstance(node.value, (dict, list)):
            self.wrong(node, f"{what} must be text. Write a word, or a sentence in quotes.")
            return ""
        return node.raw

    def texts(self, node: Node, what: str) -> tuple[str, ...]:
        """The texts of a list; one text alone is a list of one."""
        return tuple(self.text(one, f"each of {what}") for one in self.items(node))

    def items(self, node: Node) -> tuple[Node, ...]:
        """The nodes of a list; of nothing, none; of a single value, that one."""
        if node.value is None:
            return ()
        return tuple(node.value) if isinstance(node.value, list) else (node,)

    def one_of(self, node: Node, what: str, kind: type[E]) -> E:
        """The member of the closed set that this names."""
        for one in kind:
            if str(one.value) == node.raw and node.value is not None:
                return one
        names = [str(one.value) for one in kind]
        near = difflib.get_close_matches(node.raw[:64].lower(), names, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Write one of: {_list(names)}."
        self.wrong(node, f"{what} cannot be {node.raw[:64]!r}. {hint}")
        return next(iter(kind))

    def checked(self, node: Node, what: str, check: Callable[[str], T], stand_in: T) -> T:
        """What the check makes of the text; a `ValueError` or `Trouble` of it is a complaint."""
        text = self.text(node, what)
        try:
            return check(text)
        except ValueError as error:
            self.wrong(node, str(error))
            return stand_in


def _list(names: list[str]) -> str:
    return ", ".join(names)
