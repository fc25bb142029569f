"""The stream: in order, nothing lost for who comes back, and a gap is said."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest

from stanch.engine.stream import LATEST, LISTENERS, Gap, Stream
from stanch.vocabulary.kept import Announced
from stanch.vocabulary.trouble import Busy, Unreachable

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Announcements:
    """Announcements in memory, of which the oldest can be forgotten."""

    def __init__(self) -> None:
        self.kept: list[Announced] = []
        self.last = 0
        self.loop: asyncio.AbstractEventLoop | None = None
        self.asked = asyncio.Event()
        """A listener has found its place."""

    def add(self, kind: str = "incident", key: str = "i") -> None:
        self.last += 1
        self.kept.append(Announced(seq=self.last, kind=kind, id=key, at=NOON))

    def announced(self, after: int, limit: int = 500) -> tuple[Announced, ...]:
        return tuple(one for one in self.kept if one.seq > after)[:limit]

    def latest(self) -> int:
        last = self.last
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.asked.set)
        return last


async def taken(stream: Stream, after: int | None, count: int) -> list[int | None]:
    """The numbers of the next few that a listener hears; a gap is negative."""
    found: list[int | None] = []
    listening = stream.listen(after, 5)
    async for one in listening:
        match one:
            case Gap(seq=seq):
                found.append(-seq)
            case None:
                found.append(None)
            case Announced(seq=seq):
                found.append(seq)
        if len(found) == count:
            break
    await listening.aclose()
    return found


def test_a_stream_goes_on_when_the_database_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stanch.engine.stream.LOOK_EVERY", 0.0)

    class Away(Announcements):
        times = 3

        def announced(self, after: int, limit: int = 500) -> tuple[Announced, ...]:
            if self.times:
                self.times -= 1
                raise Unreachable("the database", "it starts again")
            return super().announced(after, limit)

    async def story() -> None:
        kept = Away()
        stream = Stream(kept)
        kept.loop = asyncio.get_running_loop()
        hearing = asyncio.create_task(taken(stream, None, 1))
        await kept.asked.wait()
        kept.add()
        pumping = asyncio.create_task(stream.pump())
        done, _ = await asyncio.wait({hearing, pumping}, return_when=asyncio.FIRST_COMPLETED)
        assert done == {hearing}
        assert (hearing.result(), kept.times) == ([1], 0)
        pumping.cancel()
        await asyncio.wait({pumping})

    asyncio.run(story())


def test_a_listener_hears_what_is_new_in_order() -> None:
    async def story() -> None:
        kept = Announcements()
        kept.add()
        stream = Stream(kept)
        kept.loop = asyncio.get_running_loop()
        hearing = asyncio.create_task(taken(stream, None, 3))
        await kept.asked.wait()
        for _ in range(3):
            kept.add()
        assert await stream.look() == 3
        assert await hearing == [2, 3, 4]
        assert stream.listening == 0

    asyncio.run(story())


def test_who_comes_back_gets_what_was_missed() -> None:
    async def story() -> None:
        kept = Announcements()
        for _ in range(5):
            kept.add()
        assert await taken(Stream(kept), 2, 3) == [3, 4, 5]

    asyncio.run(story())


def test_what_is_too_long_ago_is_a_gap() -> None:
    async def story() -> None:
        kept = Announcements()
        for _ in range(LATEST + 10):
            kept.add()
        stream = Stream(kept)
        del kept.kept[:100]
        assert await taken(stream, 5, 2) == [-100, 101]

    asyncio.run(story())


def test_a_number_from_another_life_is_a_gap() -> None:
    async def story() -> None:
        assert await taken(Stream(Announcements()), 99, 1) == [0]

    asyncio.run(story())


def test_silence_is_a_heartbeat_and_closing_ends_it() -> None:
    async def story() -> None:
        stream = Stream(Announcements())
        beats = [one async for one in _until_closed(stream)]
        assert beats == [None]

    asyncio.run(story())


async def _until_closed(stream: Stream) -> AsyncGenerator[Announced | Gap | None, None]:
    async for one in stream.listen(None, 0.01):
        yield one
        stream.close()


def test_the_listener_too_many_is_told_to_wait() -> None:
    async def story() -> None:
        stream = Stream(Announcements())
        stream.listening = LISTENERS
        with pytest.raises(Busy):
            await anext(stream.listen(None, 1))

    asyncio.run(story())


def test_a_change_is_waited_for_by_name() -> None:
    async def story() -> None:
        kept = Announcements()
        stream = Stream(kept)
        waiting = asyncio.create_task(stream.changed("policy", "a", 5))
        await asyncio.sleep(0)
        kept.add("policy", "b")
        kept.add("policy", "a")
        await stream.look()
        assert await waiting is True
        assert await stream.changed("policy", "a", 0.01) is False

    asyncio.run(story())
