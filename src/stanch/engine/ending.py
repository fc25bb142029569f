"""Ending: what a process does that is told to end by ^C, by whoever runs it, or by its terminal.

In    SIGINT, SIGTERM, SIGHUP; what a server does instead of breaking off.
Out   the first of them breaks off what runs (`Ended`, so that everything is put in order on the
      way out), or has the server stop. What comes while that is under way breaks nothing off: the
      next ^C is answered in words, and one more leaves at once.
Why   whoever asks twice is impatient, not reckless: a supervisor and a terminal often ask twice for
      one end, and what was begun (a folder, a process) would stay behind.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

TOLD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SIGNALLED = 128
"""What a shell adds to the number of a signal."""
PATIENCE = (
    b"It ends already; what was begun is put in order. "
    b"^C once more leaves at once, and what was acknowledged is kept all the same.\n"
)
_HOW = {signal.SIGINT: "by ^C", signal.SIGTERM: "by SIGTERM", signal.SIGHUP: "by SIGHUP"}


class Ended(KeyboardInterrupt):
    """The process was told to end."""

    def __init__(self, number: int = signal.SIGINT, says: str = "") -> None:
        super().__init__(says)
        self.number = number
        self.says = says or f"Ended {_HOW[signal.Signals(number)]}, before it was done."

    @property
    def code(self) -> int:
        """The exit code that a shell knows it by."""
        return SIGNALLED + self.number


class _Heard:
    """What was heard so far in this process."""

    def __init__(self) -> None:
        self.under_way = False
        self.warned = False
        self.instead: Callable[[], object] | None = None

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """One signal."""
        if not self.under_way:
            self.under_way = True
            if self.instead is None:
                raise Ended(number)
            self.instead()
        elif number == signal.SIGINT:
            if self.warned:
                os._exit(SIGNALLED + number)
            self.warned = True
            with suppress(OSError):
                os.write(2, PATIENCE)


_HEARD = _Heard()


def heard() -> None:
    """From now on this process ends in order; a signal that its starter ignores stays ignored."""
    for number in TOLD:
        if signal.getsignal(number) not in {signal.SIG_IGN, None}:
            signal.signal(number, _HEARD.hear)


@contextmanager
def instead(stop: Callable[[], object]) -> Iterator[None]:
    """For the block, being told to end does this and breaks nothing off."""
    before = {number: signal.getsignal(number) for number in TOLD}
    heard()
    _HEARD.instead = stop
    try:
        yield
    finally:
        _HEARD.instead = None
        for number, handler in before.items():
            signal.signal(number, handler)


def as_sigterm(number: int) -> None:
    """From now on this signal is that one: for a server of others, which hears that one itself."""
    if signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGTERM))


@contextmanager
def meaning(says: Callable[[], str]) -> Iterator[None]:
    """Whoever ends the process in this block is told so, and what it means here."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Ended(ended(error).number, says()) from error


def ended(error: KeyboardInterrupt) -> Ended:
    """What ended a command."""
    return error if isinstance(error, Ended) else Ended()
