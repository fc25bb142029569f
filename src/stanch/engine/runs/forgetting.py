"""Forgetting: what only a run at work needs is let go some time after it ended.

In    runs that ended; the durable engine.
Out   their memories and their hops' records gone. The run itself and its lines in the log stay.
Why   each hop is a handful of rows; without this a busy year is millions that nobody reads.
"""

from datetime import datetime, timedelta
from typing import Protocol

from stanch.engine.ports import Store
from stanch.vocabulary.ids import RunId

KEPT_FOR = timedelta(days=7)
"""Long enough to look into a run that went wrong."""
AT_ONCE = 100


class Records(Protocol):
    """Who keeps the records of hops."""

    def forget(self, run: RunId, hops: int) -> None:
        """Lets go of the records of a run that has ended."""
        ...


def forget_ended(
    store: Store, records: Records, at: datetime, *, kept_for: timedelta = KEPT_FOR
) -> int:
    """How many runs that ended before then were forgotten."""
    forgotten = 0
    while True:
        with store.look() as tx:
            over = tx.runs.many(tx.memories.over(at - kept_for, AT_ONCE))
        if not over:
            return forgotten
        for run in over:
            records.forget(run.id, run.hop + 1)
            with store.begin() as tx:
                tx.memories.forget(run.id)
            forgotten += 1
