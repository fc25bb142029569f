"""Where what a command shows is written: the standard output, whose failures have a word.

In    the standard output as the process was given it: a terminal, a pipe, a file, or none.
Out   the same while a command runs, which raises `Unwritten` where a disk is full.
Why   whoever sends the output to a file must learn that it is not all there, and whoever reads but
      its beginning must not be told that anything went wrong.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast

from stanch.vocabulary.trouble import Unwritten


class ReadNoFurther(Exception):  # noqa: N818  it is no failure
    """Whoever read the output closed it, as `head` does."""


class Written:
    """A text stream that says in words of ours why it took nothing."""

    def __init__(self, stream: TextIO | None) -> None:
        """The stream; of none, that it is closed is said when something is written to it."""
        self._closed = stream is None
        self._stream = stream if stream is not None else nowhere()

    def write(self, text: str) -> int:
        """How many letters were taken."""
        if self._closed and text:
            raise Unwritten("it is closed")
        with _in_words():
            return self._stream.write(text)

    def flush(self) -> None:
        """Everything is where it belongs."""
        with _in_words():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def written() -> Iterator[None]:
    """The standard streams for the length of one command."""
    before = sys.stdout, sys.stderr
    sys.stdout = cast("TextIO", Written(sys.stdout))
    sys.stderr = sys.stderr or nowhere()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def give_up() -> None:
    """What is still to be written goes nowhere, and leaving the process says nothing of it."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def places_taken() -> None:
    """Nothing; what is opened from now on gets no number of a standard stream that is closed.

    Else a file of evidence would have it, and whatever a library says would be written into it.
    """
    while (place := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(place, True)
    os.close(place)


_STDERR = 2


def nowhere() -> TextIO:
    """A stream that keeps nothing."""
    return Path(os.devnull).open("w", encoding="utf-8")


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise ReadNoFurther from error
    except OSError as error:
        raise Unwritten((error.strerror or str(error)).lower()) from error
