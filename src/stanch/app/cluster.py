"""The workers of a Dask cluster, as an executor that does not wait for nobody.

In    the address of a scheduler, how long it may take to answer.
Out   an executor; `Unreachable` or `CouldNotTell` where the cluster cannot do the job.
Why   Dask waits for workers for as long as it takes. Whoever hunts wants to be told that there are
      none, that the scheduler left, or that a worker has another stanch.
"""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from typing import Any

from stanch.vocabulary.trouble import CouldNotTell, Missing, Unreachable

AGAIN = 3
"""How often a cluster gives a piece to another worker when one died over it."""
_ALONE = 6
"""After so many times its patience a cluster that lost all workers is given up; until then somebody
may start them anew."""
_US = "stanch"


@contextmanager
def workers_of(address: str, patience: float) -> Iterator[Executor]:
    """The workers of the cluster, for as long as the block runs."""
    try:
        import distributed  # noqa: PLC0415  large, and only where a cluster is set
    except ImportError:
        raise Missing("STANCH_CLUSTER", "dask", "dask") from None
    # What the library tells of a line that broke is what we say, on thirty lines and with no name.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    scheduler = f"The Dask scheduler {address}"
    try:
        client = distributed.Client(address, timeout=patience, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Unreachable(scheduler, str(error)[:200]) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=patience)
        except TimeoutError as error:
            raise _deserted(address, "has no worker") from error
        _same(client)
        hands = client.get_executor(retries=AGAIN)
        with _watched(client, hands, _ALONE * patience) as lost:
            try:
                yield hands
            except CancelledError as error:
                if lost.is_set():
                    raise _deserted(address, "lost all its workers during the job") from error
                raise Unreachable(scheduler, "it left during the job") from error
            except distributed.KilledWorker as error:
                raise CouldNotTell(
                    f"{AGAIN + 1} workers of the cluster died over one piece; give them more memory"
                ) from error


def _deserted(address: str, how: str) -> CouldNotTell:
    start = f"start them: dask worker {address}"
    return CouldNotTell(f"the Dask scheduler {address} {how}; {start}")


def _same(client: Any) -> None:
    """Nothing, where all workers have our stanch."""
    told = client.get_versions(packages=[_US])
    ours = told["client"]["packages"][_US]
    for worker, facts in told["workers"].items():
        theirs = facts["packages"][_US]
        if theirs != ours:
            has = f"stanch {theirs}" if theirs else "no stanch"
            raise CouldNotTell(
                f"the worker {worker} of the cluster has {has}, and this is stanch {ours}; "
                "install the same on both"
            )


@contextmanager
def _watched(client: Any, hands: Executor, alone: float) -> Iterator[threading.Event]:
    """Whether all workers were gone for so long that the job was let go."""
    lost, over = threading.Event(), threading.Event()

    def watch() -> None:
        seen = time.monotonic()
        while not over.wait(alone / (2 * _ALONE)):
            try:
                workers = client.scheduler_info()["workers"]
            except OSError:
                return
            if workers:
                seen = time.monotonic()
            elif time.monotonic() - seen >= alone:
                lost.set()
                hands.shutdown(wait=False)
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield lost
    finally:
        over.set()
