"""One put, from blocks to the manifest of a finished file.

In    blocks with the names of their parts, front to back; a writer; what is stored already.
Out   the manifest, its new blocks written.
Why   the digest of the whole is one long chain and bounds the speed, so it has a thread of its
      own; blocks are hashed, by a quicker hash, and packed on the others. At most `_AHEAD` blocks
      are in memory.
"""

import hashlib
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby

from blake3 import blake3

from stanch.store.vault.codec import pack
from stanch.store.vault.index import Index
from stanch.store.vault.manifest import Block, Manifest, Object, object_of
from stanch.store.vault.pack import Writer
from stanch.vocabulary.ids import Digest

_AHEAD = 12
Named = tuple[str, bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is put: its blocks, the name of its format, and the key it is sealed under."""

    blocks: Iterator[Named]
    format: str
    key: str = ""

    @property
    def plain(self) -> bool:
        """Whether blocks may be shared and packed; sealed ones are noise, each of its own."""
        return not self.key


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ready:
    block: Block
    data: bytes | None
    """The bytes to write; None when they lie in the vault already."""


def write_item(wanted: Wanted, writer: Writer, index: Index) -> Manifest:
    """The manifest of these blocks; what was new is written to the writer."""
    whole = hashlib.sha256()
    placed: list[tuple[str, Block]] = []
    here: dict[str, Block] = {}
    for name, ready in _ready(wanted, index, whole):
        placed.append((name, _place(ready, writer, here)))
    objects = tuple(
        object_of(name, tuple(block for _, block in group))
        for name, group in groupby(placed, key=lambda p: p[0])
    )
    return Manifest(
        digest=Digest("sha256:" + whole.hexdigest()),
        size=sum(o.size for o in objects),
        format=wanted.format,
        objects=_split(objects, wanted.format),
        key=wanted.key,
    )


def _split(objects: tuple[Object, ...], layout: str) -> tuple[Object, ...]:
    """The objects; where content alone made the cuts, each block is one."""
    if not all(o.name == "" for o in objects):
        return objects
    return tuple(object_of("", (block,)) for o in objects for block in o.blocks) if layout else ()


def _ready(wanted: Wanted, index: Index, whole: "hashlib._Hash") -> Iterator[tuple[str, _Ready]]:
    """Each block, hashed and packed, in order; reading stays a few blocks ahead."""
    first = next(wanted.blocks, None)
    second = next(wanted.blocks, None) if first else None
    if first is None:
        return
    if second is None:  # most items are one small block: no threads for those
        whole.update(first[1])
        yield first[0], _prepare(first[1], index, plain=wanted.plain)
        return
    pending: deque[tuple[str, Future[None], Future[_Ready]]] = deque()
    workers = min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(1) as chain, ThreadPoolExecutor(workers) as pool:
        try:
            for name, data in _again(first, second, wanted.blocks):
                chained = chain.submit(whole.update, data)
                pending.append(
                    (name, chained, pool.submit(_prepare, data, index, plain=wanted.plain))
                )
                if len(pending) >= _AHEAD:
                    yield _next(pending)
            while pending:
                yield _next(pending)
        finally:
            chain.shutdown(cancel_futures=True)
            pool.shutdown(cancel_futures=True)


def _again(first: Named, second: Named, rest: Iterator[Named]) -> Iterator[Named]:
    yield first
    yield second
    yield from rest


def _next(pending: deque[tuple[str, Future[None], Future[_Ready]]]) -> tuple[str, _Ready]:
    name, chained, ready = pending.popleft()
    chained.result()
    return name, ready.result()


def _prepare(data: bytes, index: Index, *, plain: bool) -> _Ready:
    digest = blake3(data).hexdigest()
    known = index.find(digest) if plain else None
    if known is not None:
        return _Ready(block=known, data=None)
    codec, stored = pack(data) if plain else ("", data)
    block = Block(blake3=digest, size=len(data), home="", at=0, stored=len(stored), codec=codec)
    return _Ready(block=block, data=stored)


def _place(ready: _Ready, writer: Writer, here: dict[str, Block]) -> Block:
    """The block with its position; a block met twice in one item is written once."""
    if ready.data is None:
        return ready.block
    known = here.get(ready.block.blake3)
    if known is None:
        known = replace(ready.block, at=writer.write(ready.data))
        here[known.blake3] = known
    return known
