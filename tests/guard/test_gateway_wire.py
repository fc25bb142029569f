"""The gateway on a real socket, between raw callers and upstreams that misbehave."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from stanch.contain.policy import canonical
from stanch.guard.asgi import Guard
from stanch.guard.core import Choices
from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.gateway.proxy import Proxy, gateway
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.policy import Policy

P = Policy(asset=AssetId("a"), version=1)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
POST = b"POST /p HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"
GET = b"GET /p HTTP/1.1\r\nhost: x\r\n\r\n"
Script = Callable[["Up", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Up:
    """An upstream that says exactly what a script says, and what it was asked."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.heads: list[bytes] = []
        self.lines = 0
        self.gone = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()

    async def request(self, reader: asyncio.StreamReader) -> bytes:
        """The body of the next request on this line."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        told = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length:")]
        return await reader.readexactly(int(told[0].split(b":")[1])) if told else b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        self.tasks.add(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._script(self, reader, writer)
        finally:
            await _closed(writer)


class Caller:
    """A raw connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, content: bytes) -> tuple[int, bytes]:
        """The status and the body of one answer that states its length."""
        self.writer.write(content)
        head = await self.reader.readuntil(b"\r\n\r\n")
        told = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length:")]
        body = b""
        if told and not content.startswith(b"HEAD"):
            body = await self.reader.readexactly(int(told[0].split(b":")[1]))
        return int(head.split()[1]), body


class Place:
    """A gateway, its upstream and ways to speak to it."""

    def __init__(self, up: Up, guard: Guard, port: int) -> None:
        self.up, self.guard, self.port = up, guard, port
        self._open: list[Caller] = []

    async def caller(self) -> Caller:
        one = Caller(*await asyncio.open_connection("127.0.0.1", self.port))
        self._open.append(one)
        return one

    async def ask(self, content: bytes) -> tuple[int, bytes]:
        return await (await self.caller()).ask(content)

    async def close(self) -> None:
        for one in self._open:
            await _closed(one.writer)


def _between(script: Script, then: Callable[[Place], Awaitable[None]], **said: Any) -> None:
    async def main() -> None:
        up = Up(script)
        server = await asyncio.start_server(up.serve, "127.0.0.1", 0)
        config = GatewayConfig(
            asset="a",
            upstreams={"v1": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"},
            server="http://127.0.0.1:9",
            key="k",
            choices=Choices(wait=1, telemetry=False),
            **said,
        )
        guard = cast("Guard", gateway(config))
        guard.core.keeper.accept(canonical(P))
        said_so = uvicorn.Config(
            guard, log_level="critical", http="httptools", ws="none", proxy_headers=False
        )
        said_so.load()
        state = ServerState()
        front = await asyncio.get_running_loop().create_server(
            lambda: HttpToolsProtocol(said_so, state, {}), "127.0.0.1", 0
        )
        place = Place(up, guard, front.sockets[0].getsockname()[1])
        try:
            async with asyncio.timeout(60):
                await then(place)
        finally:
            await place.close()
            await cast("Proxy", guard.app).close()
            guard.core.stop()
            front.close()
            server.close()
            left = (*state.tasks, *up.tasks)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    asyncio.run(main())


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110  the gateway has no event to wait for
        await asyncio.sleep(0.001)


def _saying(*answers: bytes) -> Script:
    async def script(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await up.request(reader)
            writer.write(answer)
            await writer.drain()
        await reader.read()

    return script


async def _closing(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await up.request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\nto the end")


CUT = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nnot all of it"
TWO = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "frames",
    [
        b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + GET,
        b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n" + GET,
        b"content-length: 2\r\ncontent-length: 40\r\n\r\n{}" + GET,
        b"content-length: +2\r\n\r\n{}" + GET,
        b"content-length: 2, 2\r\n\r\n{}" + GET,
        b"transfer-encoding: xchunked\r\n\r\n{}" + GET,
        b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n" + GET,
        b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n" + GET,
        b"x: 1\r\n transfer-encoding: chunked\r\ncontent-length : 2\r\n\r\n{}" + GET,
        b"x: a\rcontent-length: 2\r\n\r\n{}" + GET,
    ],
)
def test_a_request_that_two_servers_would_cut_differently_never_goes_upstream(
    frames: bytes,
) -> None:
    async def then(place: Place) -> None:
        status, _ = await place.ask(b"POST /p HTTP/1.1\r\nhost: x\r\n" + frames)
        assert status == 400
        assert place.up.heads == []

    _between(_saying(OK, OK), then)


def test_a_line_is_kept_and_says_nothing_of_the_callers_own_connection() -> None:
    async def then(place: Place) -> None:
        one = await place.caller()
        hop = b"connection: keep-alive, x-hop\r\nx-hop: 1\r\nte: trailers\r\n"
        told = hop + b"x-forwarded-for: 6.6.6.6\r\nx-real-ip: 6.6.6.6\r\nstanch-probe: x\r\n"
        for _ in range(3):
            assert await one.ask(POST[:-6] + b"\r\n" + told + b"\r\n{}") == (200, b"ok")
        assert place.up.lines == 1
        head = place.up.heads[0].lower()
        assert b"x-forwarded-for: 127.0.0.1\r\n" in head
        for name in (b"6.6.6.6", b"x-hop", b"te:", b"connection:", b"stanch-probe"):
            assert name not in head

    _between(_saying(OK, OK, OK), then)


def test_what_follows_an_answer_unasked_is_never_the_next_answer() -> None:
    async def then(place: Place) -> None:
        one = await place.caller()
        assert await one.ask(POST) == (200, b"ok")
        status, body = await one.ask(POST)
        assert (status, body) == (200, b"ok")
        assert place.up.lines == 2

    evil = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"
    _between(_saying(OK + evil, evil), then)


@pytest.mark.parametrize(
    "answer",
    [
        TWO,
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nok",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 300_000,
        b"HTTP/1.1 103 Hints\r\n\r\n" * 20_000,
    ],
)
def test_an_answer_that_is_none_is_a_502(answer: bytes) -> None:
    async def then(place: Place) -> None:
        assert (await place.ask(POST))[0] == 502
        assert place.guard.core.measured()["upstream_failed"] == 1

    _between(_saying(answer), then)


def test_answers_without_a_body_end_where_they_should() -> None:
    async def then(place: Place) -> None:
        one = await place.caller()
        head = b"HEAD /p HTTP/1.1\r\nhost: x\r\n\r\n"
        assert await one.ask(head) == (200, b"")
        assert await one.ask(GET) == (200, b"")

    async def script(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        interim = b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
        await up.request(reader)
        length = b"2" if up.heads[-1].startswith(b"HEAD") else b"0"
        writer.write(interim + b"HTTP/1.1 200 OK\r\ncontent-length: " + length + b"\r\n\r\n")
        await reader.read()

    _between(script, then)


def test_an_answer_that_the_end_of_the_connection_ends_is_whole() -> None:
    async def then(place: Place) -> None:
        one = await place.caller()
        one.writer.write(GET)
        assert b"to the end" in await one.reader.readuntil(b"0\r\n\r\n")

    _between(_closing, then)


def test_an_answer_that_is_cut_is_cut_for_the_caller_too() -> None:
    async def script(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await up.request(reader)
        writer.write(CUT)
        await writer.drain()

    async def then(place: Place) -> None:
        one = await place.caller()
        one.writer.write(GET)
        head = await one.reader.readuntil(b"\r\n\r\n")
        assert b"content-length: 100000" in head
        assert await one.reader.read() == b"not all of it"

    _between(script, then)


def test_a_kept_line_that_died_is_tried_again_only_for_what_may_be_repeated() -> None:
    async def once(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await up.request(reader)
        writer.write(OK)
        await up.request(reader)

    async def then(place: Place) -> None:
        assert await place.ask(GET) == (200, b"ok")
        assert await place.ask(GET) == (200, b"ok")
        assert (await place.ask(POST))[0] == 502
        assert len(place.up.heads) == 4

    _between(once, then)


def test_an_upstream_that_is_slow_or_full_has_a_limit() -> None:
    async def never(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await up.request(reader)
        await reader.read()

    async def is_slow(place: Place) -> None:
        assert (await place.ask(POST))[0] == 504

    async def is_full(place: Place) -> None:
        one = await place.caller()
        one.writer.write(POST)
        await _until(lambda: len(place.up.heads) > 0)
        assert (await place.ask(POST))[0] == 503

    _between(never, is_slow, read_seconds=0.2)
    _between(never, is_full, connect_seconds=0.1, connections=1)


def test_parts_of_a_stream_pass_when_they_come_and_end_with_their_caller() -> None:
    async def events(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await up.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
        writer.write(b"transfer-encoding: chunked\r\n\r\n6\r\ndata\n\n\r\n")
        assert await reader.read() == b""
        up.gone.set()

    async def then(place: Place) -> None:
        one = await place.caller()
        one.writer.write(POST)
        assert b"data" in await one.reader.readuntil(b"data\n\n")
        one.writer.close()
        await place.up.gone.wait()

    _between(events, then)


def test_a_caller_that_leaves_before_the_answer_ends_its_request_upstream() -> None:
    async def never(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await up.request(reader)
        await reader.read()
        up.gone.set()

    async def then(place: Place) -> None:
        one = await place.caller()
        one.writer.write(POST)
        await _until(lambda: len(place.up.heads) > 0)
        one.writer.close()
        await place.up.gone.wait()
        await _until(lambda: place.guard.core.counts["callers_left"] > 0)
        assert place.guard.core.counts["callers_left"] == len(place.up.heads) == 1

    _between(never, then, read_seconds=1.0)


def test_an_answer_may_come_before_the_request_is_whole() -> None:
    async def early(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig")
        await reader.read()

    async def then(place: Place) -> None:
        one = await place.caller()
        asked = b"POST /p HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"
        assert await one.ask(asked) == (413, b"big")

    _between(early, then)


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_in_parts_arrives_whole_and_only_whole(chunked: bool) -> None:
    async def echo(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            up.heads.append(head)
            if b"chunked" in head:
                body = await reader.readuntil(b"0\r\n\r\n")
            else:
                body = await reader.readexactly(6)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    async def then(place: Place) -> None:
        one = await place.caller()
        framed = b"transfer-encoding: chunked" if chunked else b"content-length: 6"
        parts = (b"3\r\nabc\r\n", b"3\r\ndef\r\n0\r\n\r\n") if chunked else (b"abc", b"def")
        one.writer.write(b"POST /p HTTP/1.1\r\nhost: x\r\n" + framed + b"\r\n\r\n" + parts[0])
        await _until(lambda: len(place.up.heads) > 0)
        status, body = await one.ask(parts[1])
        assert status == 200
        assert body.replace(b"3\r\n", b"").replace(b"\r\n", b"").strip(b"0") == b"abcdef"
        other = await place.caller()
        other.writer.write(b"POST /p HTTP/1.1\r\nhost: x\r\n" + framed + b"\r\n\r\n" + parts[0])
        await _until(lambda: len(place.up.heads) > 1)
        other.writer.close()
        await _until(lambda: place.guard.core.counts["callers_left"] > 0)

    _between(echo, then)


def test_a_slow_caller_holds_the_upstream_back() -> None:
    sent = 0

    async def flood(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await up.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 200000000\r\n\r\n")
        part = b"x" * 100_000
        for _ in range(2000):
            writer.write(part)
            await writer.drain()
            sent += len(part)

    async def then(place: Place) -> None:
        one = await place.caller()
        one.writer.write(GET)
        await one.reader.readuntil(b"\r\n\r\n")
        before, still = -1, 0
        while still < 20:
            still = still + 1 if sent == before else 0
            before = sent
            await asyncio.sleep(0.01)
        assert sent < 40_000_000

    _between(flood, then)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"GET /p HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", 501),
        (b"TRACE /p HTTP/1.1\r\nhost: x\r\n\r\n", 405),
        (b"CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n", 400),
    ],
)
def test_what_is_not_carried_is_refused_and_never_goes_upstream(asked: bytes, status: int) -> None:
    async def then(place: Place) -> None:
        assert (await place.ask(asked))[0] == status
        assert place.up.heads == []

    _between(_saying(OK), then)


def test_the_upstreams_own_host_and_path_are_asked() -> None:
    async def then(place: Place) -> None:
        asked = b"GET http://evil.example/a%20b?q=1 HTTP/1.1\r\nhost: evil.example\r\n\r\n"
        assert (await place.ask(asked))[0] == 200
        assert place.up.heads[0].startswith(b"GET /a%20b?q=1 HTTP/1.1\r\nhost: 127.0.0.1:")

    _between(_saying(OK), then)


def test_a_fallback_answers_for_an_upstream_that_is_gone() -> None:
    async def hang_up(up: Up, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await up.request(reader)

    async def then(place: Place) -> None:
        assert (await place.ask(POST))[0] == 502
        place.guard.core.keeper.accept(canonical(replace(P, version=2, fallback='{"a": 1}')))
        assert await place.ask(POST) == (200, b'{"a": 1}')

    _between(hang_up, then)
