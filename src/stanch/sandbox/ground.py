"""The ground of a drill: an empty folder, and a server that starts in it beside other work.

In    nothing; whoever stages a drill.
Out   a folder and a server, both gone once the ground is closed.
Why   a server takes seconds to start. Whoever plays many drills starts the next one's while the
      last one is taken back; each drill has a server and a folder that nobody used before.
"""

import tempfile
import threading
from pathlib import Path

from stanch.sandbox.processes import Server


class Ground:
    """An empty machine for one drill."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="stanch-drill-")
        self.folder = Path(self._folder.name)
        self.server = Server(self.folder / "data")
        self._starting: threading.Thread | None = None
        self._failed: Exception | None = None

    def begin(self) -> None:
        """Begins to start the server; it may have begun already."""
        if self._starting is None:
            self._starting = threading.Thread(target=self._start, daemon=True)
            self._starting.start()

    def ready(self) -> None:
        """Nothing, once the server answers; raises what went wrong."""
        self.begin()
        if self._starting is not None:
            self._starting.join()
        if self._failed is not None:
            raise self._failed

    def close(self) -> None:
        """Ends the server, wherever it got to, and throws its folder away."""
        # What is in the folder is thrown away with it: there is nothing to bring home first.
        self.server.kill()
        if self._starting is not None:
            self._starting.join()
            self.server.kill()
        self._folder.cleanup()

    def _start(self) -> None:
        try:
            self.server.start()
        except Exception as error:  # noqa: BLE001  border: told to whoever waits for the server
            self._failed = error


class Grounds:
    """The ground of the drill that is played, and of the next one once that is called for."""

    def __init__(self) -> None:
        self._next: Ground | None = None

    def take(self) -> Ground:
        """A ground for this drill: the one that was prepared, or a new one."""
        found, self._next = self._next, None
        return found or Ground()

    def prepare(self) -> None:
        """Starts the server of the next drill meanwhile."""
        if self._next is None:
            self._next = Ground()
            self._next.begin()

    def close(self) -> None:
        """Ends what was prepared and not used."""
        if self._next is not None:
            self._next.close()
            self._next = None
