"""POST /api/v1/events, without a framework: what a system tells us, as fast as it tells it.

In    a JSON array, NDJSON or an Arrow IPC stream; from guards, exchanges whose bodies we read.
Out   202 with what became of it, once it is on disk.
Why   this is the one hot route. Reading costs the loop nothing but the bytes; parsing and the disk
      have threads of their own, and when all are busy the sender is told to wait.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from stanch.api.gate import asked_by
from stanch.api.house import House
from stanch.api.wire import Inbox, Receive, Send, answer, discard, headers_of, read_body, source_of
from stanch.api.wire import Scope as HttpScope
from stanch.engine.access import authorise
from stanch.vocabulary.event import EXCHANGES
from stanch.vocabulary.people import Scope
from stanch.vocabulary.receipt import Receipt
from stanch.vocabulary.trouble import Busy, Trouble, UnknownFormat

PATH = "/api/v1/events"
MEDIA_TYPES = (
    "application/json",
    "application/x-ndjson",
    "application/vnd.apache.arrow.stream",
    EXCHANGES,
)
_PATIENCE = 10.0
"""Seconds that a refused sender may go on sending before it hears so."""
_WAITING = 64
"""Batches in hand before a sender is told to wait."""


@dataclass(slots=True)
class Counts:
    """What came in since the start."""

    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    batches: int = 0

    def add(self, receipt: Receipt) -> None:
        """Counts one batch."""
        self.accepted += receipt.accepted
        self.duplicate += receipt.duplicate
        self.rejected += len(receipt.rejected)
        self.batches += 1


class EventsRoute:
    """The route, with its threads."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._pool = ThreadPoolExecutor(house.intake_threads, thread_name_prefix="intake")
        self._waiting = 0
        self.counts = Counts()

    async def post(self, scope: HttpScope, receive: Receive, send: Send) -> None:
        """Take one batch in and say what became of it."""
        inbox = Inbox(receive)
        try:
            receipt = await self._take(scope, inbox)
        except Trouble:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await discard(inbox, self._house.body_cap * 4)
            raise
        self.counts.add(receipt)
        sent = {"content-type": "application/json", "cache-control": "no-store"}
        await answer(send, 202, sent, msgspec.json.encode(receipt))

    async def _take(self, scope: HttpScope, receive: Receive) -> Receipt:
        headers = headers_of(scope)
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        encoding = headers.get("content-encoding", "")
        caller = await asked_by(self._house.access, "POST", headers, source_of(scope))
        authorise(caller, Scope.INGEST)
        if media_type not in MEDIA_TYPES:
            raise UnknownFormat(media_type[:64], ", ".join(MEDIA_TYPES))
        if self._waiting >= _WAITING:
            raise Busy(f"{self._waiting} batches are being taken in", 1)
        self._waiting += 1
        try:
            body = await read_body(headers, receive, self._house.body_cap)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(
                self._pool, self._house.intake.take, body, media_type, encoding
            )
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Waits for batches in hand, then lets the threads go."""
        self._pool.shutdown(wait=True)
