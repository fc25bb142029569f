"""The crew: who helps with jobs that are too large for one process.

In    how many processes, or the address of a Dask scheduler; the files of a job.
Out   the job's results, piece by piece, whoever made them and whoever died over them.
Why   a baseline of a year and a hunt through it take as long as one machine needs, unless others
      read along. Small jobs are done here: a process takes longer to start than they do.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

from stanch.vocabulary.trouble import CouldNotTell, Missing, Unreachable

A = TypeVar("A")
B = TypeVar("B")
LARGE = 1024**3
"""Bytes of files from which others are asked."""
PATIENCE = 5.0
"""Seconds in which a scheduler answers."""
AGAIN = 3
"""How often a cluster gives a piece to another worker when one died over it."""


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
        return bool(there) and sum(map(os.path.getsize, files)) >= self.large

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
            return _cluster(self.cluster, self.patience)
        # A fork would copy locks that other threads of a server hold.
        return ProcessPoolExecutor(self.processes, mp_context=get_context("spawn"))


def _made(handed: Sequence[Future[B]], work: Callable[[A], B], piece: A) -> B:
    """The result of the worker; a pool that lost a process does no more, so we do."""
    with suppress(BrokenExecutor):
        for one in handed:
            return one.result()
    return work(piece)


@contextmanager
def _cluster(address: str, patience: float) -> Iterator[Executor]:
    """The workers of a Dask cluster, as an executor."""
    try:
        import distributed  # noqa: PLC0415  large, and only where a cluster is set
    except ImportError:
        raise Missing("STANCH_CLUSTER", "dask", "dask") from None
    try:
        client = distributed.Client(address, timeout=patience, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Unreachable(f"The Dask scheduler {address}", str(error)[:200]) from error
    with client:
        try:
            yield client.get_executor(retries=AGAIN)
        except distributed.KilledWorker as error:
            raise CouldNotTell(
                f"{AGAIN + 1} workers of the cluster died over one piece; give them more memory"
            ) from error
