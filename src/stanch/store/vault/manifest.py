"""The manifest of an item: its objects, and where each of their blocks is kept.

In    what a put found out.
Out   bytes, and back: `decode(encode(m)) == m`.
Why   everything about an item stands in the item's own file, so a vault can be read, checked and
      re-indexed with nothing but its files.
"""

import zlib
from dataclasses import dataclass

import msgspec
from blake3 import blake3

from stanch.vocabulary.ids import Digest

_MOST = 1 << 30
"""A manifest that unpacks to more was not written here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One block: what it is (BLAKE3 and size of its content) and where it is kept."""

    blake3: str
    size: int
    home: str
    """The item in whose file it lies; empty for this item's own file."""
    at: int
    stored: int
    codec: str = ""
    """`zstd`, or empty for bytes as they are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """One part of an item, such as a tensor: its name, digest and blocks."""

    name: str
    blake3: str
    size: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """All there is to know about an item."""

    digest: Digest
    size: int
    format: str
    objects: tuple[Object, ...]
    key: str = ""
    """The name of the key it is sealed under; empty when it is not sealed."""


def object_of(name: str, blocks: tuple[Block, ...]) -> Object:
    """The object these blocks make: of one block its digest, of more the digest over theirs."""
    if len(blocks) == 1:
        digest = blocks[0].blake3
    else:
        listed = b"".join(bytes.fromhex(b.blake3) for b in blocks)
        digest = blake3(b"stanch object 1\n" + listed).hexdigest()
    return Object(name=name, blake3=digest, size=sum(b.size for b in blocks), blocks=blocks)


def encode(manifest: Manifest) -> bytes:
    """The manifest as bytes: JSON in zlib, which any language reads."""
    return zlib.compress(msgspec.json.encode(manifest), 1)


def decode(data: bytes) -> Manifest:
    """The manifest again, or `ValueError`."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, _MOST)
    except zlib.error as error:
        raise ValueError("a manifest that does not unpack") from error
    return msgspec.json.decode(text, type=Manifest)
