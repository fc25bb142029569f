"""Processes of a drill: a real server and its victims, each ended whatever happens.

In    a folder; what to start.
Out   addresses that answer; a kill without warning for drills that want one.
Why   a drill tests what a user runs: `stanch up`, and a model service in a process of its own.
"""

import select
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from stanch.sandbox.victims.spec import Spec
from stanch.sandbox.wire import Api
from stanch.vocabulary.trouble import CouldNotTell

_LAST_SECONDS = 20.0
FIRST_SECONDS = 180.0
"""What a process may take to say its first word; a machine that needs longer plays no drill."""


class Process:
    """A child that answers on an address, and ends when its stdin does."""

    def __init__(self, module: str, arguments: tuple[str, ...], first: bytes = b"") -> None:
        self._child = subprocess.Popen(  # noqa: S603  our own modules with our own arguments
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # What a terminal tells everybody in it is not for this one: its starter ends it.
            process_group=0,
        )
        if first:
            self.say(first)

    def say(self, line: bytes) -> None:
        """Tells it one line; `CouldNotTell` when it has ended."""
        if self._child.stdin is None:
            return
        try:
            self._child.stdin.write(line + b"\n")
            self._child.stdin.flush()
        except OSError as error:
            raise CouldNotTell("a process of the drill has ended") from error

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._child.poll() is None

    def line(self) -> bytes:
        """The next line it says; `CouldNotTell` when it ended instead."""
        out = self._child.stdout
        try:
            said = out.readline() if out else b""
        except ValueError:
            said = b""  # stopped by another thread while it was listened to
        if not said:
            raise CouldNotTell("a process of the drill ended before it answered")
        return said

    def soon(self) -> None:
        """Nothing, once it has begun to speak; `CouldNotTell` when that takes too long."""
        out = self._child.stdout
        if out is not None and not select.select([out], [], [], FIRST_SECONDS)[0]:
            raise CouldNotTell(
                f"a process of the drill said nothing for {FIRST_SECONDS:.0f} s; "
                "this machine is too slow or too busy now, try fewer --jobs"
            )

    def kill(self) -> None:
        """Ends it without a warning."""
        self._child.kill()
        self._child.wait(_LAST_SECONDS)
        self._close()

    def stop(self) -> None:
        """Asks it to end, and makes it end when it does not."""
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(_LAST_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait(_LAST_SECONDS)
        self._close()

    def _close(self) -> None:
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


class Server:
    """A real `stanch up` on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: Process | None = None
        self.api = Api(url="", key="")

    def start(self, port: int = 0) -> None:
        """Starts it; returns when it answers."""
        arguments = ("up", "--data", str(self.folder), "--port", str(port), "--json")
        self._process = Process("stanch.sandbox.tether", arguments)
        self._process.soon()
        said = b""
        while not said.rstrip().endswith(b"}"):
            said += self._process.line()
        told = msgspec.json.decode(said, type=dict[str, Any])
        if "url" not in told:
            raise CouldNotTell(
                f"the server did not start: {told.get('detail', 'it does not say why')}"
            )
        secret = told["secret"] or (self.folder / "admin.key").read_text().strip()
        self.api = Api(url=str(told["url"]), key=str(secret))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.api.url.rpartition(":")[2])

    def kill(self) -> None:
        """As the power would."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """As a person would."""
        if self._process is not None:
            self._process.stop()


class Victim:
    """A model service in a process of its own."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._process: Process | None = None
        self.url = ""
        self.port = 0
        self.starts = 0

    @property
    def boot(self) -> str:
        """What keeps the ids of this start apart from those of earlier ones."""
        return f"{self.spec.boot}.{self.starts}"

    def start(self) -> None:
        """Starts it, on its old port when it had one; returns when it answers."""
        self.starts += 1
        spec = replace(self.spec, boot=self.boot, port=self.port)
        self._process = Process("stanch.sandbox.victims", (), msgspec.json.encode(spec))
        self._process.soon()
        self.url = self._process.line().decode().strip()
        self.port = int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """As the power would."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """As a person would."""
        if self._process is not None:
            self._process.stop()


def repeated(step: Callable[[], None], every: float, stop: threading.Event) -> threading.Thread:
    """A thread that does this again and again until it is told to stop."""

    def run() -> None:
        while not stop.wait(every):
            step()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
