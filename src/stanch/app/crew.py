"""The crew: who helps with jobs that are too large for one process.

In    how many processes, or the address of a Dask scheduler; the files of a job.
Out   the job's results, piece by piece, whoever made them and whoever died over them.
Why   a baseline of a year and a hunt through it take as long as one machine needs, unless others
      read along. Small jobs are done here: a process takes longer to start than they do.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from stanch.app.cluster import workers_of

A = TypeVar("A")
B = TypeVar("B")
LARGE = 1024**3
"""Bytes of files from which others are asked."""
PATIENCE = 5.0
"""Seconds in which a scheduler answers and has a worker."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Crew:
    """The processes, or the cluster, that were set."""

    processes: int = 0
    """Processes on this machine; 0: none but this one."""
    cluster: str = ""
    """The address of a Dask scheduler; its workers are asked instead."""
    large: int = LARGE
    patience: float = PATIENCE

    def worth(self, files: Sequence[str]) -> bool:
        """Whether others shall read these files."""
        there = self.processes > 0 or self.cluster
        return bool(there) and sum(map(_size, files)) >= self.large

    def each(self, work: Callable[[A], B], pieces: Sequence[A]) -> Iterator[B]:
        """What the work makes of each piece, in their order."""
        with self._hands() as hands:
            handed: list[Future[B]] = []
            try:
                with suppress(BrokenExecutor):
                    handed += (hands.submit(work, one) for one in pieces)
                for place, piece in enumerate(pieces):
                    yield _made(handed[place : place + 1], work, piece)
            finally:
                for one in handed:
                    one.cancel()

    def _hands(self) -> AbstractContextManager[Executor]:
        if self.cluster:
            return workers_of(self.cluster, self.patience)
        # A fork would copy locks that other threads of a server hold.
        return ProcessPoolExecutor(self.processes, mp_context=get_context("spawn"))


def _made(handed: Sequence[Future[B]], work: Callable[[A], B], piece: A) -> B:
    """The result of the worker; a pool that lost a process does no more, so we do."""
    with suppress(BrokenExecutor):
        for one in handed:
            return one.result()
    return work(piece)


def _size(file: str) -> int:
    """How large a file is; one that is gone has nothing to hand out, and is named by its reader."""
    with suppress(OSError):
        return Path(file).stat().st_size
    return 0
