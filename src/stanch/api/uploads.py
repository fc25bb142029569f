"""Uploads of any size: bytes go from the socket to the vault a block at a time.

In    a body while it streams; what to do with it on a thread, as a file to read.
Out   what that gave; `TooLarge` past the limit, `Busy` when enough uploads are in hand.
Why   a model of many gigabytes is evidence too, and the memory is small. A client that hangs up
      in the middle leaves nothing: its reader is told, so the vault lets go of what it had.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from stanch.api.wire import Hangup
from stanch.engine.evidence import Readable
from stanch.vocabulary.trouble import Busy, TooLarge, Trouble

T = TypeVar("T")
AT_ONCE = 4
_BLOCK = 1024 * 1024
_AHEAD = 4
_LOOK_AGAIN_S = 0.2
_PATIENCE = 10.0
"""Seconds that a refused sender may go on sending before it hears so."""


class Pipe:
    """A file that is read on one thread while another gives it blocks."""

    def __init__(self) -> None:
        self._blocks: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
        self._left = b""
        self._broken = False
        self.over = threading.Event()
        """Nobody reads any more."""

    def give(self, block: bytes | None) -> None:
        """Hands over a block, or the end; returns at once when nobody reads."""
        while not self.over.is_set():
            with suppress(queue.Full):
                self._blocks.put(block, timeout=_LOOK_AGAIN_S)
                return

    def fail(self) -> None:
        """Tells the reader that the rest will not come."""
        self._broken = True
        self.give(None)

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, as many as asked; fewer only at the end."""
        parts: list[bytes] = []
        have = 0
        while size < 0 or have < size:
            block = self._left or self._blocks.get()
            if self._broken:
                raise Hangup
            if not block:
                self._blocks.put(None)
                break
            want = len(block) if size < 0 else size - have
            parts.append(block[:want])
            self._left = block[want:]
            have += len(parts[-1])
        return b"".join(parts)


class Uploads:
    """A few uploads at once, each on a thread of its own."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="upload")
        self._running = 0

    async def take(
        self, body: AsyncIterator[bytes], stated: int, keep: Callable[[Readable], T]
    ) -> T:
        """What `keep` makes of the body."""
        try:
            if stated > self._most:
                raise TooLarge(self._most)
            if self._running >= AT_ONCE:
                raise Busy(f"{self._running} uploads are in hand", 5)
            self._running += 1
            try:
                return await self._carry(body, keep)
            finally:
                self._running -= 1
        except Trouble:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    async for _ in body:
                        """A client that still sends would see a broken connection instead."""
            raise

    async def _carry(self, body: AsyncIterator[bytes], keep: Callable[[Readable], T]) -> T:
        pipe = Pipe()

        def work() -> T:
            try:
                return keep(pipe)
            finally:
                pipe.over.set()

        kept = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            await self._feed(body, pipe)
        except BaseException:
            await asyncio.to_thread(pipe.fail)
            # What became of the rest does not matter: the client is told why its upload was cut.
            with suppress(Exception):
                await kept
            raise
        return await kept

    async def _feed(self, body: AsyncIterator[bytes], pipe: Pipe) -> None:
        block, size = bytearray(), 0
        async for chunk in body:
            size += len(chunk)
            if size > self._most:
                raise TooLarge(self._most)
            block += chunk
            if len(block) >= _BLOCK:
                await asyncio.to_thread(pipe.give, bytes(block))
                block.clear()
            if pipe.over.is_set():
                return
        if block:
            await asyncio.to_thread(pipe.give, bytes(block))
        await asyncio.to_thread(pipe.give, None)
