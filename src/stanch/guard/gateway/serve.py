"""Run a gateway until it is told to stop.

In    a GatewayConfig. Out   nothing; it serves.
Why   uvicorn where it is installed (measured faster, decision 0074), else granian, which is always.
"""

import asyncio
import gc
import importlib.util

from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.gateway.proxy import gateway
from stanch.vocabulary.trouble import Missing

_GARBAGE = (20_000, 20, 20)
"""Objects between two looks for garbage: what a request makes is freed without being looked for."""


def run(config: GatewayConfig) -> None:
    """Serve until interrupted."""
    settle()
    if importlib.util.find_spec("uvicorn") is not None:
        _uvicorn(config)
    elif importlib.util.find_spec("granian") is not None:
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


def _uvicorn(config: GatewayConfig) -> None:
    import uvicorn  # noqa: PLC0415  loaded only where a gateway runs

    uvicorn.run(
        gateway(config),
        host=config.host,
        port=config.port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        http="httptools",
        ws="none",
        lifespan="on",
    )


def _granian(config: GatewayConfig) -> None:
    from granian.constants import Interfaces  # noqa: PLC0415  loaded only where a gateway runs
    from granian.server.embed import Server  # noqa: PLC0415  likewise

    server = Server(
        gateway(config), address=config.host, port=config.port, interface=Interfaces.ASGI
    )
    asyncio.run(server.serve())
