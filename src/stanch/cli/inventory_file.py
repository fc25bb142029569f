"""A file of assets: its documents, each with what it needs written down before it.

In    the bytes of a YAML or JSON file.
Out   one document after the other, those first that others link to; lines keep their numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stanch.vocabulary.trouble import BadFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One asset, as it is written."""

    id: str
    text: bytes
    links: frozenset[str]


def documents(file: Path, text: bytes) -> Iterator[Document]:
    """The documents in an order in which each can be kept; the server says all else of them."""
    waiting = list(_read(file, text))
    while waiting:
        names = {one.id for one in waiting}
        ready = [one for one in waiting if not one.links & (names - {one.id})] or waiting
        yield from ready
        waiting = [one for one in waiting if one not in ready]


def _read(file: Path, text: bytes) -> Iterator[Document]:
    import yaml  # noqa: PLC0415  only this command reads YAML

    try:
        written = text.decode()
        begun = [
            event.start_mark.line
            for event in yaml.parse(written, yaml.SafeLoader)
            if isinstance(event, yaml.DocumentStartEvent)
        ]
        if not begun:
            raise BadFile(file, "is empty.")
        lines = written.splitlines(keepends=True)
        for start, end in zip(begun, [*begun[1:], len(lines)], strict=True):
            part = "".join(lines[start:end])
            plain = yaml.safe_load(part)
            yield Document(id=_id(file, plain), text=_padded(part, start), links=_links(plain))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadFile(file, "is neither YAML nor JSON.") from error


def _padded(part: str, start: int) -> bytes:
    """The part where it stands in the file, so that a complaint names the file's own line."""
    return ("\n" * start + part).encode()


def _id(file: Path, plain: Any) -> str:
    if not isinstance(plain, dict) or "id" not in plain:
        raise BadFile(file, "has no `id:`.")
    return str(plain["id"])


def _links(plain: Any) -> frozenset[str]:
    lineage = plain.get("lineage")
    named = lineage.values() if isinstance(lineage, dict) else ()
    return frozenset(str(one) for many in named if isinstance(many, list) for one in many)
