"""Named stretches of a file, and the reader that the format modules share.

In    a source.
Out   numbers and bytes read one after another, each checked against the end of the file.
Why   a hostile header says lengths of its own choosing; here they meet one check.
"""

from dataclasses import dataclass

from stanch.store.vault.source import Source

MAX_HEADER = 100_000_000
"""Larger headers are taken for hostile; the largest model files have some megabytes."""
MAX_PARTS = 1_000_000


class Hostile(ValueError):  # noqa: N818  named for what it says of the file
    """A header that contradicts itself or its file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A tensor, or a member of an archive: its name and where it lies."""

    name: str
    start: int
    end: int


class Cursor:
    """Reads numbers one after another from a source, at most `MAX_HEADER` bytes in all."""

    def __init__(self, source: Source, at: int) -> None:
        self._source = source
        self._page = b""
        self._page_at = at
        self._from = at
        self.at = at

    def take(self, length: int) -> bytes:
        """The next bytes, or `Hostile` when they lie past the end or past all bounds."""
        end = self.at + length
        if length < 0 or end > self._source.size or end - self._from > MAX_HEADER:
            raise Hostile(f"{length} bytes at {self.at}")
        if end > self._page_at + len(self._page):
            self._page = self._source.read(self.at, max(length, 1 << 16))
            self._page_at = self.at
        start = self.at - self._page_at
        self.at = end
        return self._page[start : start + length]

    def number(self, width: int) -> int:
        """The next unsigned little-endian number of so many bytes."""
        return int.from_bytes(self.take(width), "little")

    def skip(self, length: int) -> None:
        """Nothing; the cursor stands so many bytes further on."""
        if length < 0 or self.at + length > self._source.size:
            raise Hostile(f"{length} bytes at {self.at}")
        self.at += length
        if self.at - self._from > MAX_HEADER:
            raise Hostile("a header past all bounds")
