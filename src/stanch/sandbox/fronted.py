"""A victim behind a front: a service for each version, and a gateway or Envoy before them.

In    what the victim is; what stands before it.
Out   the same as a victim with a guard of its own: an address, starts, kills, an end.
Why   many services are guarded from outside. Versions are known to a front before they exist, as an
      address; which of them answers is the policy's word.
"""

import socket
import threading
from dataclasses import replace
from pathlib import Path

import msgspec

from stanch.engine.clock import monotonic
from stanch.sandbox.options import Through
from stanch.sandbox.processes import FIRST_SECONDS, Process, Victim
from stanch.sandbox.victims.spec import FrontSpec, Spec
from stanch.vocabulary.trouble import CouldNotTell

CURRENT = "v1"
VERSIONS = ("v0.9", CURRENT, "v2")


class Fronted(Victim):
    """A service for each version, and a gateway or Envoy before them, each in its own process."""

    def __init__(self, spec: Spec, folder: Path, through: Through) -> None:
        super().__init__(spec)
        self._folder = folder
        self._through = through
        self._services: dict[str, tuple[Process, str]] = {}

    def start(self) -> None:
        """Starts what is not up; returns when it answers."""
        self.starts += 1
        for version in VERSIONS:
            if version not in self._services:
                tells = self._through is Through.ENVOY
                spec = replace(self.spec, boot=self.boot, only=version, tells=tells, port=0)
                made = Process("stanch.sandbox.victims", (), msgspec.json.encode(spec))
                self._services[version] = made, made.line().decode().strip()
        self.port = self.port or free_port()
        envoy = self._through is Through.ENVOY
        self._process = self._envoy() if envoy else self._gateway()
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def boot(self) -> str:
        """The services outlive the front, and so do their ids."""
        return f"{self.spec.boot}.1"

    def stop(self) -> None:
        """As a person would."""
        super().stop()
        for made, _ in self._services.values():
            made.stop()
        self._services.clear()

    def _upstreams(self) -> dict[str, str]:
        return {version: url for version, (_, url) in self._services.items()}

    def _gateway(self) -> Process:
        spec = FrontSpec(
            asset=self.spec.asset,
            server=self.spec.server,
            key=self.spec.key,
            upstreams=self._upstreams(),
            default=CURRENT,
            doors=self.spec.doors,
            boot=self.boot,
            port=self.port,
            last_good=self.spec.last_good,
        )
        made = Process("stanch.sandbox.victims.front", (), msgspec.json.encode(spec))
        made.line()
        return made

    def _envoy(self) -> Process:
        """As a person would start it, with keys in files that only they can read."""
        keys, secret = self._folder / "callers", self._folder / "guard.key"
        _only_ours(secret, self.spec.key)
        lines = "".join(f"{key} {name}\n" for key, name in self.spec.doors.items())
        _only_ours(keys, lines)
        upstreams = [f"--upstream={v}={url}" for v, url in self._upstreams().items()]
        arguments = (
            *("gateway", f"--asset={self.spec.asset}", *upstreams, f"--default={CURRENT}"),
            *(f"--identify=bearer:{keys}", f"--server={self.spec.server}", f"--key=@{secret}"),
            *(f"--listen=127.0.0.1:{self.port}", f"--envoy={self._folder / 'envoy'}"),
            *("--no-telemetry", "--json"),
        )
        made = Process("stanch.sandbox.tether", arguments)
        made.line()
        _until_open(self.port, made)
        return made


def _only_ours(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_open(port: int, process: Process) -> None:
    end, pause = monotonic() + FIRST_SECONDS, threading.Event()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if monotonic() > end or not process.alive:
                raise CouldNotTell(
                    "Envoy did not start; `stanch gateway --envoy` says why"
                ) from None
            pause.wait(0.05)
        else:
            return
