"""One victim in a process of its own: `python -m stanch.sandbox.victims`, told on stdin.

In    one line of JSON (a `Spec`) on stdin.
Out   one line with the address on stdout; then answers until stdin ends.
Why   the process ends when whoever started it ends, however that happens: nothing is left behind.
"""

import asyncio
import os
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from stanch.engine.clock import utc_now
from stanch.guard.asgi import Guard
from stanch.guard.core import Choices
from stanch.guard.identity import bearer
from stanch.sandbox.victims.registry import Registry
from stanch.sandbox.victims.service import Service, told
from stanch.sandbox.victims.spec import Spec, latency_ms
from stanch.sandbox.victims.telling import App, Telling
from stanch.sandbox.wire import Api
from stanch.vocabulary.asset import Fails
from stanch.vocabulary.trouble import Trouble


def guarded(spec: Spec, port: int) -> Guard:
    """The victim's service behind its guard."""

    def loaded(version: str, digest: str) -> None:
        guard.core.tell({"kind": "deployment", "version": version, "digest": digest})

    service = Service(_registry(spec), classes=spec.classes, loaded=loaded, work=_work())
    guard = Guard(
        service,
        asset=spec.asset,
        server=spec.server,
        key=spec.key,
        identify=bearer(spec.doors.get),
        choices=Choices(
            fail=Fails(spec.fail),
            trusted_proxies=("127.0.0.1",),
            last_good=Path(spec.last_good) if spec.last_good else None,
            extract=told(spec.asset, spec.boot),
            wait=5,
            address=f"http://127.0.0.1:{port}/",
            name=f"drill-{spec.asset}",
        ),
    )
    return guard


def unguarded(spec: Spec) -> App:
    """One version of the victim, behind a guard elsewhere."""
    api = Api(url=spec.server, key=spec.key)

    def loaded(version: str, digest: str) -> None:
        event = {
            "id": f"{spec.asset}-{spec.boot}-{version}-{digest[-12:]}",
            "ts": utc_now().isoformat(),
            "kind": "deployment",
            "asset": spec.asset,
            "version": version,
            "digest": digest,
        }
        with suppress(Trouble):
            api.send("POST", "/api/v1/events", [event])

    service = Service(
        _registry(spec), classes=spec.classes, loaded=loaded, work=_work(), only=spec.only
    )
    return Telling(service, spec) if spec.tells else service


def _registry(spec: Spec) -> Registry:
    folder = Path(spec.registry)
    if not spec.mlflow:
        return Registry(folder)
    from stanch.sandbox.victims.mlflow_registry import MlflowRegistry  # noqa: PLC0415  an option

    return MlflowRegistry(folder)


def main() -> None:
    """Serve until stdin ends."""
    from granian.constants import Interfaces  # noqa: PLC0415  part of the server extra
    from granian.server.embed import Server  # noqa: PLC0415  heavy

    spec = msgspec.json.decode(sys.stdin.buffer.readline(), type=Spec)
    port = spec.port or _free()
    guard = None if spec.only else guarded(spec, port)
    server = Server(
        guard or unguarded(spec),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
    )
    threading.Thread(target=_until_alone, daemon=True).start()
    asyncio.run(_serve(server, guard, port))


def _work() -> Callable[[], Awaitable[float]]:
    """The time that a larger model would take, with its spread."""
    dice = np.random.default_rng()

    async def work() -> float:
        took = latency_ms(dice)
        await asyncio.sleep(took / 1000)
        return took

    return work


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _serve(server: Any, guard: Guard | None, port: int) -> None:
    serving = asyncio.create_task(server.serve())
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            break
    if guard is not None:
        guard.core.start()
    sys.stdout.write(f"http://127.0.0.1:{port}\n")
    sys.stdout.flush()
    await serving


def _until_alone() -> None:
    """Ends the process as soon as nobody holds the other end of stdin."""
    while os.read(0, 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
