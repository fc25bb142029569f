"""Our gateway before a victim, in a process of its own: `python -m stanch.sandbox.victims.front`.

In    one line of JSON (a `FrontSpec`) on stdin.
Out   one line with the address on stdout; then the gateway serves until stdin ends.
Why   the same gateway that `stanch gateway` runs, told how to read what this victim answers.
"""

import os
import socket
import sys
import threading
from pathlib import Path

import msgspec

from stanch.guard.core import Choices
from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.gateway.serve import run
from stanch.guard.identity import bearer
from stanch.sandbox.victims.service import told
from stanch.sandbox.victims.spec import FrontSpec
from stanch.vocabulary.asset import Fails


def config_of(spec: FrontSpec) -> GatewayConfig:
    """The gateway's configuration."""
    address = f"http://127.0.0.1:{spec.port}/"
    return GatewayConfig(
        asset=spec.asset,
        upstreams=spec.upstreams,
        server=spec.server,
        key=spec.key,
        default=spec.default,
        identify=bearer(spec.doors.get),
        port=spec.port,
        choices=Choices(
            fail=Fails.OPEN,
            trusted_proxies=("127.0.0.1",),
            last_good=Path(spec.last_good) if spec.last_good else None,
            extract=told(spec.asset, spec.boot),
            wait=5,
            address=address,
            name=f"drill-{spec.asset}",
        ),
    )


def main() -> None:
    """Serve until stdin ends."""
    spec = msgspec.json.decode(sys.stdin.buffer.readline(), type=FrontSpec)
    threading.Thread(target=_until_alone, daemon=True).start()
    threading.Thread(target=_once_open, args=(spec.port,), daemon=True).start()
    run(config_of(spec))


def _once_open(port: int) -> None:
    """Says the address as soon as somebody answers there."""
    pause = threading.Event()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            pause.wait(0.02)
        else:
            sys.stdout.write(f"http://127.0.0.1:{port}\n")
            sys.stdout.flush()
            return


def _until_alone() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
