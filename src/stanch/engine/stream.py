"""The stream: what just changed, told to whoever listens.

In    the announcements that transactions made, read from the store in their order.
Out   the same, in order, to each listener; one that comes back says where it stopped and gets the
      rest, or a `Gap` when that is too long ago to know.
Why   a console that polls is late and dear. A listener is only a place in the list: a slow one
      falls behind, and costs no memory.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from stanch.engine.clock import monotonic
from stanch.vocabulary.kept import Announced
from stanch.vocabulary.trouble import Busy, Trouble

LISTENERS = 200
LATEST = 1000
"""Announcements at hand without asking the store."""
LOOK_EVERY = 0.2
"""Seconds between two looks at the store."""


class Announcements(Protocol):
    """Where announcements are kept."""

    def announced(self, after: int, limit: int = 500) -> tuple[Announced, ...]:
        """What changed since then, in order."""
        ...

    def latest(self) -> int:
        """The number of the newest announcement."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """Some announcements are too old to know; look everything up again."""

    seq: int


class Stream:
    """Tells every listener what changed. One loop owns it, and runs `pump` there."""

    def __init__(self, kept: Announcements) -> None:
        self._kept = kept
        self._newest = self._oldest = kept.latest()
        self._recent: deque[Announced] = deque(maxlen=LATEST)
        self._news = asyncio.Event()
        self._closed = False
        self.listening = 0
        """How many listen now."""

    async def pump(self) -> None:
        """Looks for what is new and wakes the listeners, until cancelled."""
        while True:
            with suppress(Trouble):  # what is missed while the database is away is found after
                await self.look()
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> int:
        """How many announcements are new since the last look."""
        new = await asyncio.to_thread(self._kept.announced, self._newest)
        if not new:
            return 0
        self._recent.extend(new)
        self._newest = new[-1].seq
        if len(self._recent) == LATEST:
            self._oldest = self._recent[0].seq - 1
        self._wake()
        return len(new)

    def close(self) -> None:
        """Ends every listener's stream, so that the server can stop."""
        self._closed = True
        self._wake()

    async def listen(
        self, after: int | None, heartbeat: float
    ) -> AsyncGenerator[Announced | Gap | None, None]:
        """What changed after that number and from now on; None when nothing did for a heartbeat."""
        if self.listening >= LISTENERS:
            raise Busy(f"{LISTENERS} listeners already", 30)
        self.listening += 1
        try:
            latest = await asyncio.to_thread(self._kept.latest)
            place = latest if after is None else after
            if place > latest:
                place = latest
                yield Gap(seq=place)
            while not self._closed:
                page = await self._after(place)
                if page and page[0].seq > place + 1 and place < self._oldest:
                    yield Gap(seq=page[0].seq - 1)
                for one in page:
                    place = one.seq
                    yield one
                if not page and not await self._woken(heartbeat):
                    yield None
        finally:
            self.listening -= 1

    async def changed(self, kind: str, key: str, seconds: float) -> bool:
        """Whether this thing changed within these seconds."""
        end = monotonic() + seconds
        place = self._newest
        while (left := end - monotonic()) > 0 and not self._closed:
            if not await self._woken(left):
                return False
            page = await self._after(place)
            if any(one.kind == kind and one.id == key for one in page):
                return True
            place = page[-1].seq if page else place
        return False

    async def _after(self, place: int) -> tuple[Announced, ...]:
        if place >= self._newest:
            return ()
        if place >= self._oldest:
            return tuple(one for one in self._recent if one.seq > place)
        page = await asyncio.to_thread(self._kept.announced, place)
        return tuple(one for one in page if one.seq <= self._newest)

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _woken(self, seconds: float) -> bool:
        news = self._news
        try:
            async with asyncio.timeout(seconds):
                await news.wait()
        except TimeoutError:
            return False
        return True
