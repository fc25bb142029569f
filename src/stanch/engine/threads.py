"""The threads of a server, which are waited for at its end, but not without end.

In    what a loop gives to a thread: a request, a chore.
Out   at the end a few seconds for what is at work; what needs longer is left where it is.
Why   a baseline of a year takes minutes, and nobody can interrupt a thread. Whoever stops a server
      wants it stopped: what is left is as after a kill, which loses nothing that was told to be
      kept.
"""

from concurrent.futures import ThreadPoolExecutor

from stanch.engine.clock import monotonic

PATIENCE = 5.0
"""Seconds that all of them together get at the end."""


class Threads(ThreadPoolExecutor):
    """Threads of a loop; `loop.set_default_executor(Threads())`."""

    def __init__(self, patience: float = PATIENCE) -> None:
        super().__init__(thread_name_prefix="asyncio")
        self._patience = patience

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  as the library has it
        """Begins nothing more, and waits for what is at work, if that does not take too long."""
        super().shutdown(wait=False, cancel_futures=cancel_futures or wait)
        end = monotonic() + self._patience
        for one in self._threads if wait else ():
            one.join(max(0.0, end - monotonic()))
