"""A place in a playbook's YAML: a value and where it stands, for errors that name it.

In    YAML text and the name of its file.
Out   places, asked for as text, list, mapping, number or truth; BadFile with `file:line:column`
      otherwise.
Why   aliases, tags and keys said twice can hide what a playbook does; each is refused.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import yaml

from stanch.vocabulary.trouble import BadFile, BadInput, Trouble

T = TypeVar("T")
LARGEST = 1_000_000
DEEPEST = 12
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same reader in C where the library has it: an incident must not wait for its playbook."""
Way = tuple[str, ...]
"""The names that lead to a place from the top: fields, and the numbers of what stands in lists."""
NAME = "its name"
"""At the end of a way: the name of a field, not its value."""


class Spot(NamedTuple):
    """A line and a column, from 1."""

    line: int
    column: int

    def of(self, file: str) -> str:
        """The spot in this file, as editors and people follow it."""
        return f"{file}:{self.line}:{self.column}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One value of the YAML, with the file it stands in and the name it has there."""

    node: yaml.Node
    file: str
    name: yaml.Node | None = None

    @property
    def line(self) -> int:
        """Its line, from 1."""
        return self.node.start_mark.line + 1

    def wrong(self, says: str) -> BadFile:
        """The error that names this place."""
        return BadFile(spot_of(self.node).of(self.file), says)

    def misnamed(self, says: str) -> BadFile:
        """The error that names where its name stands."""
        return BadFile(spot_of(self.name or self.node).of(self.file), says)

    def spots(self, way: Way) -> Iterator[tuple[Way, "Spot"]]:
        """Where it and everything within it stand, each by the way that leads there."""
        yield way, spot_of(self.node)
        yield (*way, NAME), spot_of(self.name or self.node)
        if isinstance(self.node, yaml.MappingNode):
            for name, inner in self.pairs().items():
                yield from inner.spots((*way, name))
        if isinstance(self.node, yaml.SequenceNode):
            for number, inner in enumerate(self.items()):
                yield from inner.spots((*way, str(number)))

    def text(self) -> str:
        """Its text, in one line."""
        return " ".join(self.verbatim().split())

    def verbatim(self) -> str:
        """Its text as it stands: a name with two blanks in it is another than one with one."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.wrong("this must be a single value.")
        return str(self.node.value)

    def by(self, make: Callable[[str], T]) -> T:
        """What is made of its text; a refusal names the line."""
        try:
            return make(self.text())
        except BadFile:
            raise
        except Trouble as error:
            raise self.wrong(str(error)) from error

    def scalar(self) -> str | int | float | bool:
        """Its text, number or truth, as YAML has it."""
        text = self.text()
        kind = self.node.tag.rpartition(":")[2]
        if kind == "bool":
            return text.lower() in ("true", "yes", "on")
        try:
            return {"int": int, "float": float}.get(kind, str)(text)
        except ValueError:
            return text

    def number(self) -> int:
        """Its whole number."""
        return self.by(_whole)

    def truth(self) -> bool:
        """Whether it says yes."""
        return self.by(_yes)

    def items(self) -> list["Place"]:
        """The places of its list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.wrong("this must be a list, like [a, b].")
        return [Place(node=n, file=self.file) for n in self.node.value]

    def pairs(self) -> dict[str, "Place"]:
        """The places of its mapping by name."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong("this must be a mapping of names to values.")
        found: dict[str, Place] = {}
        for key, value in self.node.value:
            here = Place(node=key, file=self.file)
            name = here.text()
            if name in found:
                raise here.wrong(f"{name[:40]!r} stands here twice.")
            found[name] = Place(node=value, file=self.file, name=key)
        return found

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.node, yaml.SequenceNode)


def composed(text: str, file: str) -> Place:
    """The place of the whole document, or BadFile."""
    if len(text) > LARGEST:
        raise BadFile(file, f"a playbook has at most {LARGEST} characters.")
    try:
        _plain(text, file)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        spot = _spot(mark).of(file) if mark else file
        why = getattr(error, "problem", None) or "a character that YAML does not allow"
        if mark and _at(text, mark.line, mark.column) == "\t":
            why = "a tab stands here, where it wants spaces"
        raise BadFile(spot, f"this is not YAML: {why}.") from error
    if node is None:
        raise BadFile(f"{file}:1:1", "the playbook is empty. Begin with `playbook: NAME`.")
    return Place(node=node, file=file)


def spot_of(node: yaml.Node) -> Spot:
    """Where this stands."""
    return _spot(node.start_mark)


def _spot(mark: yaml.Mark) -> Spot:
    return Spot(mark.line + 1, mark.column + 1)


def _at(text: str, line: int, column: int) -> str:
    """The character there; empty at the end."""
    here = "".join(text.split("\n")[line : line + 1])
    return here[column : column + 1]


def _plain(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        spot = _spot(event.start_mark).of(file)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadFile(spot, "uses an anchor or alias. Write the value out.")
        if getattr(event, "tag", None) is not None:
            raise BadFile(spot, "uses a tag. Write plain values.")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise BadFile(spot, f"is nested deeper than {DEEPEST} levels.")


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004  a billion is enough for any count
        raise BadInput(f"{text[:20]!r} must be a whole number.")
    return int(text)


def _yes(text: str) -> bool:
    word = text.lower()
    if word not in ("yes", "no", "true", "false"):
        raise BadInput(f"{text[:20]!r} must be yes or no.")
    return word in ("yes", "true")
