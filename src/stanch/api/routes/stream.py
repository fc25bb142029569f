"""The stream: server-sent events of what changed. `Last-Event-ID` goes on where it stopped."""

from collections.abc import AsyncIterator

import msgspec
from litestar import Request, get
from litestar.datastructures.state import State
from litestar.params import FromQuery
from litestar.response import Stream as Streamed

from stanch.api.asking import TheHouse, needs
from stanch.engine.stream import Gap, Stream
from stanch.vocabulary.kept import Announced
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import BadInput

_LONGEST_NUMBER = 18


@get("/stream", opt=needs(Scope.READ), media_type="text/event-stream")
async def stream(
    house: TheHouse, request: Request[Caller, None, State], after: FromQuery[str] = ""
) -> Streamed:
    """What changes from now on, or from `Last-Event-ID` (or `?after=`) on, as `{id, at}`."""
    last = _number(request.headers.get("last-event-id") or after)
    return Streamed(
        _written(house.stream, last, house.heartbeat),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _written(source: Stream, after: int | None, heartbeat: float) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    async for one in source.listen(after, heartbeat):
        match one:
            case None:
                yield b": still here\n\n"
            case Gap(seq=seq):
                yield _event(seq, "gap", {})
            case Announced():
                yield _event(one.seq, one.kind, {"id": one.id, "at": one.at.isoformat()})


def _event(seq: int, kind: str, data: dict[str, str]) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (seq, kind.encode(), msgspec.json.encode(data))


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise BadInput("Last-Event-ID is the number of the last event that was seen.")
    return int(text)


ROUTES = (stream,)
