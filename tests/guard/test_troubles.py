"""What goes wrong with a guard is said once, where its people look; an end loses no event."""

import asyncio
import errno
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from stanch.contain.policy import canonical
from stanch.guard.asgi import Guard
from stanch.guard.core import Choices
from stanch.guard.identity import Scope, by_address
from stanch.guard.keeper import Keeper
from stanch.guard.link import Link, Server
from stanch.guard.telemetry import Buffer
from stanch.guard.wire import Answer, Wire
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.trouble import BadInput

A = AssetId("fraud-scorer")
P = Policy(asset=A, version=7)
AWAY = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")


class _Line:
    """A line to a server that answers questions for the policy as a test says."""

    def __init__(self, *answers: Answer | OSError) -> None:
        self._answers = list(answers)
        self.told: list[dict[str, Any]] = []

    def ask(self, method: str, path: str, *, body: bytes = b"", headers: object = None) -> Answer:
        if method == "POST":
            self.told.append(
                msgspec.json.decode(b"".join(body) if isinstance(body, list) else body)
            )
            return 200, b"", {}
        one = self._answers.pop(0)
        if isinstance(one, OSError):
            raise one
        return one


def _asked(keeper: Keeper, *answers: Answer | OSError) -> _Line:
    """The line, after a link has asked so often for the policy."""
    line = _Line(*answers)
    link = Link(Server(url="http://u:p@house:8484", key="k"), keeper, Buffer(), "g")
    link.stands = lambda: "That stands."
    for _ in answers:
        try:
            link._fetch(cast("Wire", line))
        except OSError:
            continue
    return line


def _said(log: pytest.LogCaptureFixture) -> list[str]:
    """The warnings."""
    told = [one for one in log.records if one.levelno > logging.INFO]
    return [one.getMessage().removeprefix(f"{A}: ") for one in told]


def test_a_server_that_is_away_is_said_once_and_so_is_its_return(
    caplog: pytest.LogCaptureFixture,
) -> None:
    keeper = Keeper(A)
    line = _asked(keeper, AWAY, AWAY, (200, canonical(P), {}), (304, b"", {}))
    assert _said(caplog) == [
        "The server http://house:8484 cannot be reached (Connection refused). That stands.",
        "The server http://house:8484 answers again.",
    ]
    assert line.told[-1]["troubles"] == []


@pytest.mark.parametrize(
    ("status", "word"), [(401, "key create"), (403, "key create"), (404, "address"), (500, "500")]
)
def test_a_server_that_refuses_the_guard_is_said_with_what_to_do(
    caplog: pytest.LogCaptureFixture, status: int, word: str
) -> None:
    _asked(Keeper(A), (status, b"", {}), (status, b"", {}))
    (sentence,) = _said(caplog)
    assert word in sentence


def test_a_policy_that_is_refused_is_said_here_and_to_the_server_until_one_is_taken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    keeper = Keeper(A)
    older, newer = replace(P, version=3), replace(P, version=8)
    line = _asked(keeper, *((200, canonical(one), {}) for one in (P, older, older, newer)))
    sentence, over = _said(caplog)
    assert sentence.startswith("A policy was refused, version 7 stays in force. It is older")
    assert over == "Policy version 8 was taken."
    assert [one["troubles"] for one in line.told] == [[], [sentence], [sentence], []]


def test_what_a_full_disk_refuses_leaves_nothing_behind_and_is_written_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    place = tmp_path / "last"
    keeper = Keeper(A, path=place)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert keeper.accept(canonical(P))
        assert list(tmp_path.iterdir()) == []
    _asked(keeper, (304, b"", {}))
    assert Keeper(A, path=place).version == 7
    sentence, over = _said(caplog)
    assert "No space left on device" in sentence
    assert over.endswith("again.")


def test_a_function_of_the_hosts_that_fails_is_said_once_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def identify(_: Scope) -> str:
        raise KeyError("user")

    guard = Guard(_host, asset=A, server="", key="k", identify=identify)
    guard.core.keeper.accept(canonical(P))
    for _ in range(3):
        assert _statuses(guard, {"type": "http", "path": "/", "method": "POST"}) == [401]
    (record,) = caplog.records
    assert record.exc_info is not None
    assert guard.core.measured()["internal_errors"] >= 3


def test_a_guard_that_never_had_a_policy_says_what_it_does() -> None:
    guard = Guard(_host, asset=A, server="", key="k", identify=by_address)
    assert "served, and nothing is enforced (fail=open)" in guard.core.stands()
    guard.core.keeper.accept(canonical(P))
    assert guard.core.stands() == "Policy version 7 stays in force."


@pytest.mark.parametrize("url", ["house:8484", "127.0.0.1:9", "http://house:port", "http://"])
def test_what_is_no_server_is_refused_at_once(url: str) -> None:
    with pytest.raises(BadInput, match="is no server"):
        Guard(_host, asset=A, server=url, key="k", identify=by_address)


def test_a_service_begins_with_its_policy_and_ends_with_its_events_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = _Line(*[(200, canonical(P), {})] + [(304, b"", {})] * 5_000)
    closing = _Closing(line)
    monkeypatch.setattr("stanch.guard.wire.Wire", closing.opened)
    choices = Choices(wait=0)
    guard = Guard(
        _host, asset=A, server="http://house", key="k\n", identify=by_address, choices=choices
    )
    seen: list[bool] = []

    def begun() -> None:
        seen.append(guard.core.started)
        guard.core.tell({"principal": "late"})

    asyncio.run(_lived(guard, begun))
    assert seen == [True]
    assert any(isinstance(one, list) for one in line.told)


class _Closing:
    def __init__(self, line: _Line) -> None:
        self.ask, self.close = line.ask, lambda: None

    def opened(self, *_: object) -> "_Closing":
        """Itself, to whomever it is opened for."""
        return self


async def _lived(guard: Guard, begun: Callable[[], None]) -> None:
    """A host that starts and ends."""
    coming = iter(("lifespan.startup", "lifespan.shutdown"))

    async def receive() -> dict[str, Any]:
        return {"type": next(coming)}

    async def send(message: Any) -> None:
        if message["type"] == "lifespan.startup.complete":
            begun()

    await guard({"type": "lifespan"}, receive, send)


async def _host(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for _ in range(2):
            await send({"type": (await receive())["type"] + ".complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


def _statuses(guard: Guard, scope: dict[str, Any]) -> list[int]:
    messages: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    guard.core.start = lambda: None  # type: ignore[method-assign]  # nobody is asked
    asyncio.run(guard({"headers": [], "client": ("198.51.100.1", 1), **scope}, receive, send))
    return [one["status"] for one in messages if "status" in one]


@pytest.fixture(autouse=True)
def loud(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="stanch.guard")
