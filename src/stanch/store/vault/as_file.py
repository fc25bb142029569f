"""A vault item as a file to read from, for whoever wants files and not blocks."""

import io
from collections.abc import Iterator
from typing import IO, Any, cast

from stanch.store.vault.vault import Vault
from stanch.vocabulary.record import Evidence


def as_file(vault: Vault, item: Evidence) -> IO[bytes]:
    """The item's stored bytes as a file; of a sealed one without opening it."""
    return cast("IO[bytes]", io.BufferedReader(_Blocks(vault.sealed_bytes(item.digest))))


class _Blocks(io.RawIOBase):
    """Blocks, read as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks = blocks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        into = memoryview(buffer).cast("B")
        if not self._rest:
            self._rest = next(self._blocks, b"")
        size = min(len(into), len(self._rest))
        into[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
