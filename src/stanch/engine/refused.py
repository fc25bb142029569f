"""Refused: who tried to come in and was not let, counted minute by minute.

In    each login and each key that opens nothing, and the address that it came from.
Out   entries in the evidence log, a handful a minute however many tries there are; a notice to the
      admins when there are many.
Why   who tries passwords here attacks the responders. A line for each try would let them fill the
      log. The whole address stands in the server's own log, which is let go some day.
"""

import logging
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from types import MappingProxyType

from stanch.engine.clock import Clock
from stanch.engine.notices import keep
from stanch.engine.ports import Store
from stanch.engine.refused_lines import MOST, Line, Try, Way, in_words, lines_of
from stanch.engine.telling import Notice
from stanch.vocabulary.people import Role
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.words import counted

LOG = logging.getLogger("stanch.refused")
DOOR = "the door"
"""What the entries are about; no thing has a space in its id."""
EVERY = 60.0
"""Seconds from one entering of what was refused to the next."""
MANY = ((600.0, 20, "ten minutes"), (86_400.0, 60, "day"))
"""So many in so many seconds are more than somebody who forgot a password."""
AGAIN = MappingProxyType({Way.LOGIN: 3600.0, Way.KEY: 6 * 3600.0})
"""Seconds until people are told again: a machine goes on with a key that ended for weeks."""
_APART = 1000
"""Tries of one minute that are told apart."""
_LONGEST = 200


class Refused:
    """Counts who was refused. Safe from many threads."""

    def __init__(self, store: Store, clock: Clock, seconds: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._seconds = seconds
        self._tries: Counter[Try] = Counter()
        self._entered = -EVERY
        self._lately: dict[Way, deque[tuple[float, int]]] = defaultdict(deque)
        self._next: dict[Way, float] = {}
        """When people may be told again."""
        self._lock = threading.Lock()
        self._total: Counter[Way] = Counter()

    def login(self, name: str, source: str) -> None:
        """Counts a login that was refused, or not even looked at."""
        mark = name.casefold()[:_LONGEST]
        self._count(Try(way=Way.LOGIN, mark=mark if mark.isprintable() else "", source=source))

    def key(self, key: str, source: str) -> None:
        """Counts a key that opens nothing, by the id that it names."""
        self._count(Try(way=Way.KEY, mark=key, source=source))

    def turn(self) -> int:
        """How many entries were made; at most once a minute."""
        return self.flush() if self._seconds() - self._entered >= EVERY else 0

    def flush(self) -> int:
        """How many entries were made of what was counted."""
        with self._lock:
            taken = Counter(self._tries)
        if not taken:
            return 0
        at = self._clock()
        with self._store.begin() as tx:
            lines = tuple(lines_of(tx, taken, at))
            for one in lines:
                deed = Deed.ACCESS_REFUSED
                tx.record(Entry(at=at, deed=deed, actor="stanch", about=DOOR, facts=one.facts))
        with self._lock:
            self._tries -= taken
        self._entered = self._seconds()
        LOG.warning("refused at the door: %s", ", ".join(_sources(taken)))
        for way in Way:
            self._weigh(way, [one for one in lines if one.way is way], at)
        return len(lines)

    def measures(self) -> Iterator[tuple[str, str, float]]:
        """What is counted, for who watches from outside."""
        for way in Way:
            yield f'stanch_refused_total{{way="{way}"}}', "counter", self._total[way]

    def _count(self, one: Try) -> None:
        with self._lock:
            self._total[one.way] += 1
            apart = one in self._tries or len(self._tries) < _APART
            self._tries[one if apart else Try(way=one.way, rest=True)] += 1

    def _weigh(self, way: Way, lines: Sequence[Line], at: datetime) -> None:
        """Tells the admins when there were many of late, and they were not told just now."""
        if not lines:
            return
        now = self._entered
        self._lately[way].append((now, sum(one.times for one in lines)))
        how_many = self._many(way, now)
        if how_many and now >= self._next.get(way, now):
            self._lately[way].clear()
            self._next[way] = now + AGAIN[way]
            with self._store.begin() as tx:
                keep(tx, _notice(way, how_many, lines[0], at), at)

    def _many(self, way: Way, now: float) -> str:
        """How many of late and since when, when they are many; else nothing."""
        lately = self._lately[way]
        while lately and now - lately[0][0] > MANY[-1][0]:
            lately.popleft()
        for seconds, limit, words in MANY:
            count = sum(n for then, n in lately if now - then <= seconds)
            if count >= limit:
                return f"{counted(count, way)} opened nothing here in the last {words}"
        return ""


def _notice(way: Way, how_many: str, most: Line, at: datetime) -> Notice:
    says = f"{how_many}. {in_words(most.facts)}. {_REMEDY[way]} All of them: /audit?of=refused"
    return Notice(key=f"refused/{way}/{at:%Y-%m-%dT%H}", to=Role.ADMIN, says=says)


_REMEDY = {
    Way.LOGIN: "Somebody may be trying passwords: refuse that network in front of the server, and "
    "give a new password where one may be known.",
    Way.KEY: "If it is a machine of yours, give it a new key; if not, refuse that network in front "
    "of the server.",
}


def _sources(taken: Counter[Try]) -> Iterator[str]:
    """From where, by the whole address."""
    by_source: Counter[tuple[str, Way]] = Counter()
    for one, times in taken.items():
        by_source[one.source, one.way] += times
    for (source, way), times in by_source.most_common(MOST):
        yield f"{counted(times, way)} from {source or 'elsewhere'}"
