"""Long answers: whoever leaves is not worked for, and those who hunt leave threads to others."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from tests.processes import PATIENCE

from stanch.api.askers import Asker, Askers
from stanch.api.server import free_address
from stanch.api.wire import Hangup, Receive, Scope, Send
from stanch.vocabulary.trouble import CouldNotTell


class Work:
    """Work that ends only when it is told to."""

    def __init__(self) -> None:
        self.begun, self.told = threading.Event(), threading.Event()

    def __call__(self, asker: Asker) -> str:
        with asker.waits(self.told.set):
            self.begun.set()
            assert self.told.wait(PATIENCE)
        if asker.left:
            raise CouldNotTell("whoever asked left")
        return "told"


async def stays() -> Mapping[str, object]:
    await asyncio.Event().wait()
    return {}


def leaves(after: threading.Event) -> Callable[[], Awaitable[Mapping[str, object]]]:
    async def receive() -> Mapping[str, object]:
        await asyncio.to_thread(after.wait, PATIENCE)
        return {"type": "http.disconnect"}

    return receive


def test_who_stays_is_answered_and_who_leaves_is_not_worked_for() -> None:
    async def asked() -> None:
        askers, work = Askers(), Work()
        assert await askers.answer(stays, lambda _: 7) == 7
        with pytest.raises(Hangup):
            await askers.answer(leaves(work.begun), work)
        assert work.told.is_set()

    asyncio.run(asked())


def test_a_few_are_answered_at_once_and_who_leaves_in_the_queue_is_never_worked_for() -> None:
    async def asked() -> None:
        askers, first, second = Askers(at_once=1), Work(), Work()
        one = asyncio.create_task(askers.answer(stays, first))
        assert await asyncio.to_thread(first.begun.wait, PATIENCE)
        with pytest.raises(Hangup):
            await askers.answer(leaves(first.begun), second)
        first.told.set()
        assert await one == "told"
        assert await askers.answer(stays, lambda _: 7) == 7
        assert not second.begun.is_set()

    asyncio.run(asked())


def test_a_server_that_stops_ends_what_is_at_work_and_says_so_to_all_who_wait() -> None:
    async def asked() -> None:
        askers, work = Askers(at_once=1), Work()
        waiting = [asyncio.create_task(askers.answer(stays, work)) for _ in range(2)]
        assert await asyncio.to_thread(work.begun.wait, PATIENCE)
        askers.close()
        for one in waiting:
            with pytest.raises(CouldNotTell, match="the server stops"):
                await one
        with pytest.raises(CouldNotTell, match="the server stops"):
            await askers.answer(stays, work)

    asyncio.run(asked())


def test_a_client_that_closes_its_connection_has_left() -> None:
    askers, work = Askers(), Work()

    async def application(_scope: Scope, receive: Receive, _send: Send) -> None:
        await askers.answer(receive, work)

    async def asked() -> None:
        where = free_address("127.0.0.1", 0)
        server = Server(
            application,
            address=where.host,
            port=where.port,
            interface=Interfaces.ASGINL,
            websockets=False,
            log_enabled=False,
        )
        serving = asyncio.create_task(server.serve())
        try:
            await asyncio.to_thread(left_after, work.begun, (where.host, where.port))
            assert await asyncio.to_thread(work.told.wait, PATIENCE)
        finally:
            work.told.set()
            server.stop()
            await serving

    asyncio.run(asked())


def left_after(begun: threading.Event, where: tuple[str, int]) -> None:
    """Asks as soon as somebody listens there, and leaves once work has begun."""
    while not begun.is_set():
        try:
            line = socket.create_connection(where, timeout=PATIENCE)
        except ConnectionRefusedError:
            continue
        with line:
            line.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert begun.wait(PATIENCE)
