"""Bounded YAML: the documents of a text, once it is known to be small, flat and plain.

In    a text of anybody's.
Out   its documents as nodes, or `BadFile` with the line.
Why   a text may be written to make its reader work without end: aliases that multiply, lists in
      lists, a key twice of which the reader sees one. None of that is needed to write a rule.
"""

from collections.abc import Iterator

import yaml

from stanch.vocabulary.trouble import BadFile

LARGEST = 20_000
"""Characters."""
DEEPEST = 12
"""Levels of lists and mappings in each other."""


def documents(text: str, file: str) -> tuple[yaml.Node, ...]:
    """The documents that are not empty."""
    if len(text) > LARGEST:
        raise BadFile(file, f"It has {len(text)} characters; {LARGEST} are taken.")
    try:
        _plain(text, file)
        return tuple(n for n in yaml.compose_all(text, Loader=yaml.SafeLoader) if n is not None)
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        why = getattr(broken, "problem", None) or "a character that YAML does not allow"
        raise BadFile(f"{file}:{line}", f"This is no YAML: {why}.") from None


def _plain(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadFile(f"{file}:{line}", "No anchors and aliases: write the value out.")
        if getattr(event, "tag", None) is not None:
            raise BadFile(f"{file}:{line}", "No tags: write plain values.")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise BadFile(f"{file}:{line}", f"It is nested deeper than {DEEPEST} levels.")


def keys_of(node: yaml.Node) -> frozenset[str]:
    """The names of a mapping's entries; none when it is no mapping."""
    if not isinstance(node, yaml.MappingNode):
        return frozenset()
    return frozenset(str(key.value) for key, _ in node.value)


def refuse_twice(node: yaml.Node, file: str) -> None:
    """Nothing, or `BadFile`: a name stands twice in one mapping, or is merged into it."""
    for one in _within(node):
        if not isinstance(one, yaml.MappingNode):
            continue
        seen: set[str] = set()
        for key, _ in one.value:
            name = str(key.value)
            if name in seen or name == "<<":
                where = f"{file}:{key.start_mark.line + 1}"
                raise BadFile(where, f"{name[:60]!r} stands here twice, or merges.")
            seen.add(name)


def _within(node: yaml.Node) -> Iterator[yaml.Node]:
    yield node
    if isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _within(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _within(value)
