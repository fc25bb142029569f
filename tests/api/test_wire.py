"""The wire: a body is read to its stated end, and not beyond; where a request comes from."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from stanch.api.application import Api
from stanch.api.house import described
from stanch.api.wire import Hangup, Message, Receive, Scope, Send, read_body, source_of, until_whole
from stanch.app.serving import _source
from stanch.vocabulary.trouble import TooLarge


def read(headers: Mapping[str, str], pieces: list[bytes], cap: int = 100) -> tuple[bytes, int]:
    """The body, and how many messages were waited for; after the last piece the client is gone."""
    asked = 0

    async def receive() -> Message:
        nonlocal asked
        asked += 1
        if asked > len(pieces):
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces[asked - 1], "more_body": True}

    return asyncio.run(read_body(headers, receive, cap)), asked


def test_what_was_stated_is_the_end_and_nothing_more_is_waited_for() -> None:
    assert read({"content-length": "5"}, [b"ab", b"cde", b""]) == (b"abcde", 2)
    assert read({"content-length": "0"}, [b"", b""]) == (b"", 1)


@pytest.mark.parametrize("headers", [{"content-length": "6"}, {}, {"content-length": "+5"}])
def test_one_who_leaves_before_the_end_sent_nothing(headers: dict[str, str]) -> None:
    with pytest.raises(Hangup):
        read(headers, [b"ab", b"cde"])


def test_who_leaves_in_the_middle_of_a_body_is_no_fault_and_who_leaves_after_it_is_heard() -> None:
    def told(*pieces: Message) -> Receive:
        left = iter(pieces)

        async def receive() -> Message:
            return next(left)

        return until_whole(receive)

    async def read(receive: Receive) -> list[str]:
        return [(await receive())["type"] for _ in range(2)]

    part: Message = {"type": "http.request", "body": b"a", "more_body": True}
    whole: Message = {"type": "http.request", "body": b"b", "more_body": False}
    gone: Message = {"type": "http.disconnect"}
    assert asyncio.run(read(told(whole, gone))) == ["http.request", "http.disconnect"]
    with pytest.raises(Hangup):
        asyncio.run(read(told(part, gone)))


@pytest.mark.parametrize("headers", [{"content-length": "101"}, {"content-length": "99"}, {}])
def test_more_than_the_cap_is_refused_whatever_was_stated(headers: dict[str, str]) -> None:
    with pytest.raises(TooLarge):
        read(headers, [b"x" * 60, b"x" * 60])


@pytest.mark.parametrize(
    ("proxies", "peer", "said", "source"),
    [
        ((), "127.0.0.1", "198.51.100.9", "127.0.0.1"),
        (("127.0.0.1",), "127.0.0.1", "192.0.2.1, 198.51.100.9", "198.51.100.9"),
        (("127.0.0.1",), "203.0.113.5", "198.51.100.9", "203.0.113.5"),
        (("127.0.0.1",), "127.0.0.1", "nonsense", "127.0.0.1"),
    ],
)
def test_where_a_request_comes_from_is_what_a_named_proxy_says_and_nobody_else(
    proxies: tuple[str, ...], peer: str, said: str, source: str
) -> None:
    heard: list[str] = []

    async def rest(scope: Scope, _receive: Receive, _send: Send) -> None:
        heard.append(source_of(scope))

    api = Api(replace(described(), source=_source(",".join(proxies))))
    api._rest = rest
    headers = [(b"x-forwarded-for", said.encode())]
    scope = {"type": "http", "method": "GET", "path": "/x", "client": (peer, 9), "headers": headers}
    asyncio.run(api(scope, _nothing, _nowhere))
    assert heard == [source]


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


async def _nowhere(_message: Message) -> None:
    """Nobody reads it."""
