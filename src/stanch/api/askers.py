"""Askers: who waits for long answers, and what ends when they leave.

In    a request, and the work of its answer, which is told who waits for it.
Out   the answer; `Hangup` where the client went away first.
Why   a hunt may read for minutes and takes every core. Nobody reads on for who is gone, and those
      who hunt leave the other threads to those who look: a few hunt at once, the rest in turn.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from stanch.api.wire import Hangup
from stanch.vocabulary.trouble import CouldNotTell

T = TypeVar("T")
Receive = Callable[[], Awaitable[Mapping[str, object]]]
AT_ONCE = 4
_ENDS = "the server stops; ask again once it is back"
_AGAIN_S = 0.1
"""A stop that came a moment before the work it is for is not heard; so it is said again."""


class Asker:
    """Whoever waits for one answer."""

    def __init__(self) -> None:
        self.left = False
        self._one = threading.Lock()
        self._stops: list[Callable[[], object]] = []

    @contextmanager
    def waits(self, stop: Callable[[], object]) -> Iterator[None]:
        """For as long as the block runs, `stop` is called when they leave."""
        with self._one:
            self._stops.append(stop)
        try:
            yield
        finally:
            with self._one:
                self._stops.remove(stop)

    def leave(self) -> None:
        """They are gone; what is at work for them is told so."""
        with self._one:
            self.left = True
            for stop in self._stops:
                stop()


class Askers:
    """Everybody who waits for a long answer."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="asker")
        self._all: set[Asker] = set()
        self._closed = False

    async def answer(self, receive: Receive, work: Callable[[Asker], T]) -> T:
        """What the work makes, while the client is there."""
        if self._closed:
            raise CouldNotTell(_ENDS)
        asker = Asker()
        self._all.add(asker)
        made = self._pool.submit(work, asker)
        answer, gone = asyncio.wrap_future(made), asyncio.create_task(_hung_up(receive))
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() and not answer.done():
                await _stopped(asker, made)
                raise Hangup
            return await answer
        except (CouldNotTell, asyncio.CancelledError):
            if self._closed:
                raise CouldNotTell(_ENDS) from None
            raise
        finally:
            gone.cancel()
            self._all.discard(asker)

    def close(self) -> None:
        """Whoever waits is told that the server stops."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for asker in self._all:
            asker.leave()


async def _hung_up(receive: Receive) -> None:
    """Returns when the client goes away."""
    while (await receive())["type"] != "http.disconnect":
        """What it still sends is no part of a question."""


async def _stopped(asker: Asker, made: "Future[T]") -> None:
    """Returns once nothing works for them any more."""
    while not (made.cancel() or made.done()):
        asker.leave()
        await asyncio.sleep(_AGAIN_S)
