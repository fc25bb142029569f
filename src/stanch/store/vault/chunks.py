"""Blocks: the pieces that are hashed and stored, each at most four mebibytes.

In    a source and its layout.
Out   its blocks, front to back, each with the part it belongs to.
Why   inside a tensor blocks are fixed (1 MiB from the tensor's start), so a change of some
      weights costs the blocks it touches. Where no layout is known, content decides the cuts
      (FastCDC, 1 MiB on average), so that an insertion moves no cut after it.
"""

from collections.abc import Iterator

from pyfastcdc import FastCDC

from stanch.store.vault.source import Source

BLOCK = 1 << 20
LARGEST = 4 << 20
_WINDOW = 4 * LARGEST


def by_content(source: Source) -> Iterator[bytes]:
    """Blocks cut where the content says so; the same content is cut the same way anywhere."""
    cutter = FastCDC(BLOCK, min_size=BLOCK // 4, max_size=LARGEST)
    at = 0
    while window := source.read(at, _WINDOW):
        last = at + len(window) >= source.size
        done = 0
        for chunk in cutter.cut_buf(window):
            if not last and len(window) - done < LARGEST:
                break  # so near the edge of the window, a cut might be the edge's
            yield bytes(chunk.data)
            done += chunk.length
        at += done
