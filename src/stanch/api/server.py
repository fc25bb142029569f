"""The server: granian inside this process, on one loop.

In    an ASGI application, an address, and what to do once it listens.
Out   returns when asked to stop (SIGTERM, ^C, SIGHUP), after the requests in hand were answered, or
      took too long for somebody who waits for the end.
Why   one process is the default, so that one machine needs nothing else.
"""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from granian.constants import Interfaces
from granian.server.embed import Server

from stanch.api.wire import Application
from stanch.engine import ending
from stanch.vocabulary.trouble import BadInput

_NO_ADDRESS = (errno.EADDRNOTAVAIL, socket.EAI_NONAME, socket.EAI_AGAIN)
_LAST_SECONDS = 10
"""What requests in hand get at the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """What a client on this machine writes."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}"


def free_address(host: str, port: int) -> Address:
    """The address, with a free port in place of 0; `BadInput` when somebody else listens there.

    Asked before granian binds, because it shares ports (SO_REUSEPORT): a second server would
    quietly get half of the first one's requests.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            by = "--host" if error.errno in _NO_ADDRESS else "--port"
            raise BadInput(
                f"Cannot listen on {host}:{port}: {error.strerror}. Choose another with {by}."
            ) from error
        return Address(host=host, port=int(probe.getsockname()[1]))


async def listen(
    application: Application,
    address: Address,
    listening: Callable[[], Awaitable[None]],
    stopping: Callable[[], None],
) -> None:
    """Answer until told to stop; `listening` runs once requests are taken, `stopping` first."""
    server = Server(
        application,
        address=address.host,
        port=address.port,
        interface=Interfaces.ASGINL,
        websockets=False,
        backpressure=512,
        log_enabled=False,
    )
    told = asyncio.Event()

    def stop() -> None:
        stopping()
        server.stop()
        told.set()

    loop = asyncio.get_running_loop()
    with ending.instead(lambda: loop.call_soon_threadsafe(stop)):
        serving = asyncio.create_task(server.serve())
        if await _answers(address, serving):
            await listening()
        await _over(serving, told)


async def _over(serving: "asyncio.Task[None]", told: asyncio.Event) -> None:
    """Nothing, once it ended, or was told to and is still at work after its last seconds."""
    asked = asyncio.create_task(told.wait())
    await asyncio.wait((serving, asked), return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    await asyncio.wait((serving,), timeout=_LAST_SECONDS)
    if serving.done():
        serving.result()
    else:
        # What is answered from now on has nobody to be told.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)


async def _answers(address: Address, serving: "asyncio.Task[None]") -> bool:
    """Whether connections are taken; not, when the server ended first."""
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(address.host, address.port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            await writer.wait_closed()
            return True
    return False
