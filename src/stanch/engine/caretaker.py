"""The caretaker: chores that run for as long as the server, and never die unseen.

In    chores: a name, what to do, how often.
Out   each done on its own thread; one that raises is tried again after a growing pause.
Why   a roll-up that stopped last week must be seen today: what is wrong stands in /readyz and in
      `stanch doctor`, with the sentence of the last error. A registry that is down is told
      apart: it keeps nobody from being served here.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from stanch.vocabulary.trouble import Trouble

_LOG = logging.getLogger("stanch.caretaker")
LONGEST_PAUSE = 60.0
"""Seconds; of what is done often, ten: it goes on soon after its cause is gone."""
REST = 1.0
"""Seconds that a chore without news rests."""
UNWELL_AFTER = 3
"""Failures in a row before people are told; one may be a disk that was slow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chore:
    """One thing to do again and again."""

    name: str
    work: Callable[[], object]
    every: float
    """Seconds from the end of one to the start of the next."""
    at_end: bool = False
    """Whether it is done once more when the server stops."""
    news: Callable[[], object] | None = None
    """What differs once there is something to do: until then it is done every `REST` seconds, for
    what only time brings. Asked often, so it costs nothing."""
    steady: bool = False
    """Whether it keeps its pace when it fails: one of many that it serves may be away for long."""
    outside: bool = False
    """Whether it fails for what is away outside: the server serves and keeps events without it."""


@dataclass(kw_only=True, slots=True)
class Standing:
    """How a chore is doing."""

    name: str
    done: int = 0
    failed_in_a_row: int = 0
    last_error: str = field(default="")
    outside: bool = False

    @property
    def unwell(self) -> bool:
        """Whether people are told that it keeps failing."""
        return self.failed_in_a_row >= UNWELL_AFTER


class Caretaker:
    """Does the chores until it is cancelled."""

    def __init__(self, chores: Sequence[Chore]) -> None:
        self._chores = tuple(chores)
        self.standings = {one.name: Standing(name=one.name, outside=one.outside) for one in chores}

    async def run(self) -> None:
        """Runs every chore, each at its own pace, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for chore in self._chores:
                group.create_task(self._keep(chore), name=chore.name)

    def finish(self) -> None:
        """Does what must be done once more before the end."""
        for chore in self._chores:
            if chore.at_end:
                self._once(chore)

    def unwell(self, *, outside: bool = False, why: bool = True) -> tuple[str, ...]:
        """A sentence for each cause why chores of our own, or those outside, keep failing; `why`:
        with the cause, which may name systems, people and places.
        """
        return tuple(
            f"{names} failed {max(one.failed_in_a_row for one in some)} times in a row"
            + (f": {cause}" if why else ".")
            for names, cause, some in self.failing(UNWELL_AFTER, outside=outside)
        )

    def failing(
        self, times: int, *, outside: bool
    ) -> Iterator[tuple[str, str, tuple[Standing, ...]]]:
        """Each cause for which chores failed so often in a row, with their names."""
        causes: dict[str, list[Standing]] = {}
        for one in self.standings.values():
            if one.failed_in_a_row >= times and one.outside is outside:
                causes.setdefault(one.last_error, []).append(one)
        for cause, some in causes.items():
            yield ", ".join(one.name for one in some), cause, tuple(some)

    async def _keep(self, chore: Chore) -> None:
        while True:
            news = chore.news() if chore.news is not None else None
            good = await asyncio.to_thread(self._once, chore)
            failed = self.standings[chore.name].failed_in_a_row
            longest = chore.every if chore.steady else min(LONGEST_PAUSE, max(10.0, chore.every))
            pause = chore.every if good else min(longest, 0.25 * 2 ** min(failed, 10))
            await asyncio.sleep(pause)
            if good and chore.news is not None:
                await _rest(chore, chore.news, news)

    def _once(self, chore: Chore) -> bool:
        standing = self.standings[chore.name]
        try:
            chore.work()
        except Exception as error:  # noqa: BLE001  the border: a chore that fails is tried again
            standing.failed_in_a_row += 1
            standing.last_error = _said(error)
            failed = standing.failed_in_a_row
            if failed.bit_count() == 1:  # at 1, 2, 4, 8: it fails often
                _LOG.warning("%s failed (%d): %s", chore.name, failed, standing.last_error)
            return False
        if standing.unwell:
            _LOG.warning(
                "%s works again, after it failed %d times", chore.name, standing.failed_in_a_row
            )
        standing.done += 1
        standing.failed_in_a_row = 0
        return True


def _said(error: Exception) -> str:
    """The house's own sentences as they are; of others the first line, and what it is."""
    first = (str(error).splitlines() or [""])[0]
    return str(error) if isinstance(error, Trouble) else f"{type(error).__name__}: {first}"


async def _rest(chore: Chore, now: Callable[[], object], known: object) -> None:
    """Waits while nothing is new; what came while it worked is."""
    rested = chore.every
    while now() == known and rested < REST:
        await asyncio.sleep(chore.every)
        rested += chore.every
