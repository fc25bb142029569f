"""Compression where it pays, found out on a small sample.

In    a block.
Out   its stored form and the codec's name; and the block again.
Why   float weights are noise to a compressor: trying each block in full would cost a whole
      core and save nothing, so four small slices are tried first.
"""

import threading

import zstandard

from stanch.store.vault.stretches import Buffer

_SLICE = 4096
_WORTH = 0.92
"""Compression must save at least this share's complement, or the bytes are kept as they are."""


def pack(block: Buffer) -> tuple[str, Buffer]:
    """The codec's name (empty: as it is) and the bytes to store."""
    if len(block) < 64 or not _promising(block):  # noqa: PLR2004  a frame's own overhead
        return "", block
    packed = _compressor(3).compress(block)
    return ("zstd", packed) if len(packed) < len(block) * _WORTH else ("", block)


def unpack(codec: str, stored: bytes, size: int) -> bytes:
    """The block again, never longer than `size`; `ValueError` when it does not unpack."""
    if not codec:
        return stored
    if codec != "zstd":
        raise ValueError(f"unknown codec {codec!r}")
    try:
        if zstandard.frame_content_size(stored) != size:
            raise ValueError("the packed block says another size")
        return zstandard.ZstdDecompressor().decompress(stored, max_output_size=size)
    except zstandard.ZstdError as error:
        raise ValueError("a block that does not unpack") from error


def _promising(block: Buffer) -> bool:
    if len(block) <= 4 * _SLICE:
        return True
    step = (len(block) - _SLICE) // 3
    sample = b"".join(block[at : at + _SLICE] for at in range(0, 3 * step + 1, step))
    return len(_compressor(1).compress(sample)) < len(sample) * _WORTH


class _OfThread(threading.local):
    """Compressors of one thread: each takes a megabyte to make, and none may be shared."""

    def __init__(self) -> None:
        self.by_level: dict[int, zstandard.ZstdCompressor] = {}


_KEPT = _OfThread()


def _compressor(level: int) -> zstandard.ZstdCompressor:
    if level not in _KEPT.by_level:
        _KEPT.by_level[level] = zstandard.ZstdCompressor(level=level)
    return _KEPT.by_level[level]
