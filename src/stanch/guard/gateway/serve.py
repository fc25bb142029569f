"""Run a gateway until it is told to stop.

In    a GatewayConfig, and a socket where somebody took one before. Out   nothing; it serves.
Why   uvicorn where it is installed (measured faster, decision 0074), else granian, which is always.

An upstream that breaks off ends its caller's connection by an error that the server would write
down with all of its stack, for each caller; the guard has said it in one line.
"""

import asyncio
import gc
import importlib.util
import logging
import os
import signal
from contextlib import suppress
from socket import AF_INET, AF_INET6, create_server, socket

from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.gateway.line import Gone
from stanch.guard.gateway.proxy import gateway
from stanch.vocabulary.trouble import BadInput, Missing

_WAITING = 2048
"""Callers that may wait to be let in."""
_GARBAGE = (20_000, 20, 20)
"""Objects between two looks for garbage: what a request makes is freed without being looked for."""


def listening(config: GatewayConfig) -> socket:
    """The place where it serves, taken; BadInput where somebody else has it."""
    family = AF_INET6 if ":" in config.host else AF_INET
    try:
        return create_server((config.host, config.port), family=family, backlog=_WAITING)
    except OSError as error:
        why = (
            f"{config.host}:{config.port} cannot be listened on ({os.strerror(error.errno or 0)})."
        )
        raise BadInput(f"{why} Give another --listen.") from error


def run(config: GatewayConfig, place: socket | None = None) -> None:
    """Serve until interrupted."""
    settle()
    if importlib.util.find_spec("uvicorn") is not None:
        _uvicorn(config, place or listening(config))
    elif importlib.util.find_spec("granian") is not None:
        if place is not None:
            place.close()
        _granian(config)
    else:
        raise Missing("The gateway", "server", "server")


def settle() -> None:
    """Have the collector pass over what stays for good; a look at all of it delays requests.

    Only where the process is ours: inside of a host's, its collector is its own affair.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


def _uvicorn(config: GatewayConfig, place: socket) -> None:
    import uvicorn  # noqa: PLC0415  loaded only where a gateway runs

    said = uvicorn.Config(
        gateway(config),
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        http="httptools",
        ws="none",
        lifespan="on",
    )
    logging.getLogger("uvicorn.error").addFilter(_unsaid)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(said).run(sockets=[place])


def _unsaid(record: logging.LogRecord) -> bool:
    """Whether the guard has not said this already."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (Gone, TimeoutError))


def _granian(config: GatewayConfig) -> None:
    from granian.constants import Interfaces  # noqa: PLC0415  loaded only where a gateway runs
    from granian.server.embed import Server  # noqa: PLC0415  likewise

    server = Server(
        gateway(config), address=config.host, port=config.port, interface=Interfaces.ASGI
    )

    async def served() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop)
        await server.serve()

    asyncio.run(served())
