"""One put, from blocks to the manifest of a finished file.

In    blocks with the names of their parts, front to back; a writer; what is stored already.
Out   the manifest, its new blocks written.
Why   the digest of the whole is one long chain and bounds the speed, so it has a thread of its
      own; blocks are hashed, by a quicker hash, and packed on the others. At most `_AHEAD` trays
      are in memory. A tray whose blocks are all new, and stored as they are, is written from where
      it was read into.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby

from blake3 import blake3

from stanch.store.vault.codec import pack
from stanch.store.vault.index import Index
from stanch.store.vault.manifest import Block, Manifest, Object, object_of
from stanch.store.vault.pack import Writer
from stanch.store.vault.stretches import Buffer, Pages
from stanch.store.vault.trays import Tray
from stanch.vocabulary.ids import Digest

_AHEAD = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is put: its blocks on trays, the name of its format, and the key it is sealed under."""

    trays: Callable[[Pages], Iterator[Tray]]
    format: str
    key: str = ""

    @property
    def plain(self) -> bool:
        """Whether blocks may be shared and packed; sealed ones are noise, each of its own."""
        return not self.key


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ready:
    name: str
    block: Block
    data: Buffer | None
    """The bytes to write; None when they lie in the vault already."""


def write_item(wanted: Wanted, writer: Writer, index: Index) -> Manifest:
    """The manifest of these blocks; what was new is written to the writer."""
    whole = hashlib.sha256()
    placed: list[tuple[str, Block]] = []
    here: dict[str, Block] = {}
    for tray, ready in _ready(wanted, writer.pages, index, whole):
        blocks = _laid(tray, ready, writer, here) or _placed(tray, ready, writer, here)
        placed += zip((one.name for one in ready), blocks, strict=True)
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


def _ready(
    wanted: Wanted, pages: Pages, index: Index, whole: "hashlib._Hash"
) -> Iterator[tuple[Tray, list[_Ready]]]:
    """Each tray with its blocks hashed and packed, in order; reading stays a few trays ahead."""
    rest = wanted.trays(pages)
    first, second = next(rest, None), next(rest, None)
    if first is None:
        return
    if second is None:  # most items are one small tray: no threads for those
        ready = _prepared(first, index, plain=wanted.plain)
        whole.update(first.data)
        yield first, ready
        return
    pending: deque[tuple[Tray, Future[None], Future[list[_Ready]]]] = deque()
    workers = min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(1) as chain, ThreadPoolExecutor(workers) as pool:
        try:
            for tray in _again(first, second, rest):
                ready = pool.submit(_prepared, tray, index, plain=wanted.plain)
                chained = chain.submit(_chain, whole, tray, ready)
                pending.append((tray, chained, ready))
                if len(pending) >= _AHEAD:
                    yield _next(pending)
            while pending:
                yield _next(pending)
        finally:
            chain.shutdown(cancel_futures=True)
            pool.shutdown(cancel_futures=True)


def _again(first: Tray, second: Tray, rest: Iterator[Tray]) -> Iterator[Tray]:
    yield first
    yield second
    yield from rest


def _next(
    pending: deque[tuple[Tray, Future[None], Future[list[_Ready]]]],
) -> tuple[Tray, list[_Ready]]:
    tray, chained, ready = pending.popleft()
    chained.result()
    return tray, ready.result()


def _chain(whole: "hashlib._Hash", tray: Tray, ready: Future[list[_Ready]]) -> None:
    ready.result()
    whole.update(tray.data)


def _prepared(tray: Tray, index: Index, *, plain: bool) -> list[_Ready]:
    """The tray's blocks; hashed where they were just read, while they are near the processor."""
    tray.fill()
    return [_prepare(name, data, index, plain=plain) for name, data in tray.blocks()]


def _prepare(name: str, data: memoryview, index: Index, *, plain: bool) -> _Ready:
    digest = blake3(data).hexdigest()
    known = index.find(digest) if plain else None
    if known is not None:
        return _Ready(name=name, block=known, data=None)
    codec, stored = pack(data) if plain else ("", data)
    block = Block(blake3=digest, size=len(data), home="", at=0, stored=len(stored), codec=codec)
    return _Ready(name=name, block=block, data=stored)


def _laid(
    tray: Tray, ready: list[_Ready], writer: Writer, here: dict[str, Block]
) -> list[Block] | None:
    """The blocks where the tray was written as it lies; none when not all of it is to be kept."""
    new = {one.block.blake3 for one in ready if one.data is not None and not one.block.codec}
    if tray.page is None or len(new) < len(ready) or not new.isdisjoint(here):
        return None
    at = writer.lay(tray.page, len(tray.data))
    laid: list[Block] = []
    for one in ready:
        laid.append(replace(one.block, at=at))
        at += one.block.stored
    here |= {block.blake3: block for block in laid}
    return laid


def _placed(tray: Tray, ready: list[_Ready], writer: Writer, here: dict[str, Block]) -> list[Block]:
    """The blocks where they were written one by one; the tray's pages are given back."""
    blocks = [_place(one, writer, here) for one in ready]
    if tray.page is not None:
        writer.pages.give(tray.page)
    return blocks


def _place(ready: _Ready, writer: Writer, here: dict[str, Block]) -> Block:
    """The block with its position; a block met twice in one item is written once."""
    if ready.data is None:
        return ready.block
    known = here.get(ready.block.blake3)
    if known is None:
        known = replace(ready.block, at=writer.write(ready.data))
        here[known.blake3] = known
    return known
