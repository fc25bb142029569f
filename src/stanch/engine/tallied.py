"""What was told of limits by the guards of one sort before one asset, kept for a minute.

In    what each guard charged, by its key and its name; what other processes on the store were told.
Out   what the others charged since; who lives; the word for the other processes.
Why   what is told is only as true as who tells it. Each key has so much room and no more: where it
      is full, the oldest that was told with that key is forgotten, never anybody else's.
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

KEPT_SECONDS = 60.0
"""What was charged longer ago is told to nobody."""
ALIVE_SECONDS = 10.0
"""A guard that told nothing for longer is not counted among the others."""
ROOM = 16_000_000
"""Bytes that are kept of what was told with one key, about all assets."""
ANSWER = 2_000_000
"""Bytes that a guard is told at most, of each key a fair part; the newest first."""
_EACH = 100
"""Bytes that a name takes beside its letters."""
_RELAYED = 3.0
"""Seconds of what a process tells the others, who look more often."""

Teller = tuple[str, str]
"""The key with which something was told, and the name of the guard."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Charged:
    """What others charged to one name."""

    amount: float
    age: float
    """Seconds since the first of it."""
    by: str = ""
    """Who charged most of it: the guard, and the key that it has."""


class Word(msgspec.Struct):
    """What a process tells the others: that it lives, which guards it hears, what they charged."""

    turn: int
    guards: list[Teller]
    said: list[tuple[int, Teller, dict[str, float]]]


Processes = dict[str, Word]


@dataclass(frozen=True, slots=True)
class _Said:
    number: int
    at: float
    who: Teller
    charged: Mapping[str, float]
    here: bool
    """Whether the guard told this process, and not another."""
    size: int


@dataclass(slots=True)
class _Process:
    """What was heard of another process."""

    turn: int
    at: float
    """When it last told something new, by our clock."""
    guards: frozenset[Teller]
    upto: int


class Group:
    """The guards of one sort before one asset."""

    def __init__(self, room: "Counter[str]") -> None:
        """`room`: how much is kept by key, of all groups together."""
        self._room = room
        self._said: dict[str, deque[_Said]] = {}
        """By key, the oldest first."""
        self.number = 0
        self._seen: dict[Teller, float] = {}
        self._processes: dict[str, _Process] = {}
        """The others on the same database."""
        self.turn, self.looked = 0, float("-inf")

    def heard(self, who: Teller, now: float, most: int) -> bool:
        """Whether this guard is one of so many with its key; then it lives."""
        if who not in self._seen:
            self._forget(now)
            if sum(key == who[0] for key, _ in self._seen) >= most:
                return False
        self._seen[who] = now
        return True

    def says(
        self, who: Teller, charged: Mapping[str, float], now: float, *, here: bool = True
    ) -> None:
        """Keep it, for as long as it is told to anybody and there is room."""
        key, size = who[0], sum(map(len, charged)) + _EACH * len(charged)
        said = self._said.setdefault(key, deque())
        while said and (now - said[0].at > KEPT_SECONDS or self._room[key] + size > ROOM):
            self._room[key] -= said.popleft().size
        self.number += 1
        if self._room[key] + size <= ROOM:
            self._room[key] += size
            said.append(_Said(self.number, now, who, charged, here, size))

    def living(self, now: float) -> frozenset[Teller]:
        """The guards that told something lately, here or elsewhere."""
        self._forget(now)
        return frozenset(self._seen).union(*(one.guards for one in self._processes.values()))

    def idle(self, now: float) -> bool:
        """Whether nobody told anything for as long as it matters; what is too old is let go."""
        for key, said in list(self._said.items()):
            while said and now - said[0].at > KEPT_SECONDS:
                self._room[key] -= said.popleft().size
            if not said:
                del self._said[key]
        self._forget(now)
        return not self._said and not self._seen

    def leave(self) -> None:
        """Nothing is kept of it any more."""
        for key, said in self._said.items():
            self._room[key] -= sum(one.size for one in said)
        self._said.clear()

    def word(self, now: float) -> Word:
        """What the other processes are told."""
        said = [
            (one.number, one.who, dict(one.charged))
            for some in self._said.values()
            for one in some
            if one.here and now - one.at <= _RELAYED
        ]
        return Word(turn=self.turn, guards=sorted(self._seen), said=sorted(said))

    def hear(self, told: Processes, now: float) -> Processes:
        """The words of the processes that live; what each tells is taken in once."""
        heard = {name: word for name, word in told.items() if self._hears(name, word, now)}
        self._processes = {name: self._processes[name] for name in heard}
        return heard

    def _hears(self, name: str, word: Word, now: float) -> bool:
        known = self._processes.get(name)
        if known is None:
            known = _Process(turn=word.turn, at=now, guards=frozenset(), upto=0)
            self._processes[name] = known
        if known.turn != word.turn:
            known.turn, known.at = word.turn, now
        if now - known.at > ALIVE_SECONDS:
            return False
        known.guards = frozenset(word.guards)
        for number, who, charged in word.said:
            if number > known.upto:
                known.upto = number
                self.says(who, charged, now, here=False)
        return True

    def others(self, who: Teller, after: int, now: float) -> dict[str, Charged]:
        """What the others charged since then, as far as one answer has room."""
        most: dict[str, dict[Teller, float]] = {}
        age: dict[str, float] = {}
        room = ANSWER // max(1, len(self._said))
        for said in self._said.values():
            for one in _newest(said, after, now - KEPT_SECONDS, room):
                if one.who == who:
                    continue
                ago = round(now - one.at, 3)
                for name, amount in one.charged.items():
                    by = most.setdefault(name, {})
                    by[one.who] = by.get(one.who, 0.0) + amount
                    age[name] = max(ago, age.get(name, 0.0))
        return {
            name: Charged(
                amount=sum(by.values()), age=age[name], by=_named(max(by, key=by.__getitem__))
            )
            for name, by in most.items()
        }

    def _forget(self, now: float) -> None:
        self._seen = {who: at for who, at in self._seen.items() if now - at <= ALIVE_SECONDS}


def _newest(said: "deque[_Said]", after: int, oldest: float, room: int) -> Iterator[_Said]:
    """What came since then, the newest first, as far as there is room."""
    for one in reversed(said):
        room -= one.size
        if one.number <= after or one.at < oldest or room < 0:
            break
        yield one


def _named(who: Teller) -> str:
    key, guard = who
    return f"{guard[:80]} with {key}" if key else guard[:80]
