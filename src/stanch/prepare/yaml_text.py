"""YAML as plain values with the line each stands on, and nothing that YAML can hide.

In    text that a person or an attacker wrote.
Out   one `Node` for each document; `BadFile` with the line when the text is no plain YAML.
Why   aliases that unfold to gigabytes, tags that build objects, nests without end and keys said
      twice have no use in an inventory; each is refused with a sentence.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from stanch.vocabulary.trouble import BadFile

LARGEST = 4_000_000
DEEPEST = 12
_WORDS: dict[str, object] = {"true": True, "false": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A value and the line it stands on: text, number, truth, nothing, list or mapping of nodes."""

    value: object
    line: int
    raw: str = ""
    """A scalar as it was written, so that version 1.10 does not become 1.1."""


def documents(text: str, file: str) -> Iterator[Node]:
    """Each document of the text that is not empty."""
    if len(text) > LARGEST:
        raise BadFile(file, f"is longer than {LARGEST} characters. Split it into several files.")
    try:
        _plain_only(text, file)
        for node in yaml.compose_all(text, Loader=yaml.SafeLoader):
            if node is not None and not _empty(node):
                yield _node(node, file)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadFile(f"{file}:{line}", f"is not YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise BadFile(file, "holds a character that YAML does not allow.") from error


def _plain_only(text: str, file: str) -> None:
    """Nothing; `BadFile` at the first thing that plain values do not need, before it unfolds."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadFile(f"{file}:{line}", "uses an anchor or alias. Write the value out.")
        if (tag := getattr(event, "tag", None)) is not None:
            raise BadFile(f"{file}:{line}", f"uses the tag {str(tag)[:40]!r}. Write plain values.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise BadFile(f"{file}:{line}", f"is nested deeper than {DEEPEST} levels. Flatten it.")


def _empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")


def _node(node: yaml.Node, file: str) -> Node:
    line = node.start_mark.line + 1
    match node:
        case yaml.SequenceNode():
            return Node(value=[_node(one, file) for one in node.value], line=line)
        case yaml.MappingNode():
            return Node(value=_mapping(node, file), line=line)
        case _:
            return Node(value=_scalar(node), line=line, raw=str(node.value))


def _mapping(node: yaml.MappingNode, file: str) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise BadFile(f"{file}:{line}", "has a key that is not a word. Write a plain key.")
        if key.value in found:
            raise BadFile(f"{file}:{line}", f"says {key.value[:64]!r} twice. Keep one.")
        found[key.value] = _node(value, file)
    return found


def _scalar(node: yaml.Node) -> object:
    """Text, number or truth; a word like `no`, and a date, stay the text they are."""
    text, kind = str(node.value), node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return _WORDS.get(text.lower(), text)
    try:
        if kind == "int" and len(text) <= 20:  # noqa: PLR2004  64 bits, signed
            return int(text)
        if kind == "float":
            return float(text.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:  # octal, sexagesimal and the like: text
        return text
    return text
