"""The wire: a body is read to its stated end, and not beyond."""

import asyncio
from collections.abc import Mapping

import pytest

from stanch.api.wire import Hangup, Message, read_body
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


@pytest.mark.parametrize("headers", [{"content-length": "101"}, {"content-length": "99"}, {}])
def test_more_than_the_cap_is_refused_whatever_was_stated(headers: dict[str, str]) -> None:
    with pytest.raises(TooLarge):
        read(headers, [b"x" * 60, b"x" * 60])
