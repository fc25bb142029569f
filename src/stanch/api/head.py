"""HEAD: what GET would answer, without its body.

In    a request with HEAD, and what answers GET.
Out   the status and the headers of GET; whoever was writing a body is stopped.
Why   monitors and caches ask so, of every page; and a stream without end has a head too.
"""

import asyncio
from contextlib import suppress

from stanch.api.wire import Application, Message, Receive, Scope, Send


async def head(get: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the head of what GET answers."""
    told = asyncio.Event()

    async def only_head(message: Message) -> None:
        if message["type"] == "http.response.start" and not told.is_set():
            await send(message)
            told.set()

    asked: Scope = {**scope, "method": "GET"}
    work = asyncio.ensure_future(get(asked, receive, only_head))
    heard = asyncio.ensure_future(told.wait())
    try:
        await asyncio.wait((work, heard), return_when=asyncio.FIRST_COMPLETED)
        if told.is_set():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await work
    finally:
        for one in (work, heard):
            one.cancel()
            with suppress(asyncio.CancelledError):
                await one
