"""Tallies: what the guards of one asset let through of what is limited, told to one another.

In    what each guard charged since it last told.
Out   what the others of its sort charged meanwhile, and among how many they are.
Why   a limit is of the asset. A caller who is spread over four processes of a service would get it
      four times, and one whose connection stays at one of them a fourth, were it cut into parts.

Guards of different sorts may stand one behind the other and see the same requests: they never hear
of each other. Kept in memory for a minute, as a limit forgets as well; where several processes
serve one database, each tells the others by one row.
"""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex

import msgspec

from stanch.engine.clock import monotonic
from stanch.engine.ports import Store
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import BadInput

MOST_NAMES = 2000
LONGEST_NAME = 1000
KEPT_SECONDS = 60.0
"""What was charged longer ago is told to nobody."""
ALIVE_SECONDS = 10.0
"""A guard that told nothing for longer is not counted among the others."""
RELAY_SECONDS = 0.25
_RELAYED = 3.0
"""Seconds of what a process tells the others, who look more often."""
_ROW = "_tally/"
"""The setting of a group; the underscore hides it from lists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What one guard charged since it last told."""

    guard: str
    sort: str
    """Guards of one sort never see the same request."""
    after: str = ""
    """Up to where it heard of the others, as it was told; empty when it begins."""
    charged: Mapping[str, float] = field(default_factory=dict)
    """By what is limited: `principal/NAME`, `cost/NAME` or `overall/`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Charged:
    """What others charged to one name."""

    amount: float
    age: float
    """Seconds since the first of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Others:
    """What a guard is told."""

    among: int
    """How many guards share the limits, with the one that asks."""
    upto: str
    charged: Mapping[str, Charged] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Said:
    number: int
    at: float
    guard: str
    charged: Mapping[str, float]
    here: bool
    """Whether the guard told this process, and not another."""


class _Word(msgspec.Struct):
    """What a process tells the others: that it lives, which guards it hears, what they charged."""

    turn: int
    guards: list[str]
    said: list[tuple[int, str, dict[str, float]]]


_WORDS = msgspec.json.Decoder(dict[str, _Word])


@dataclass(slots=True)
class _Process:
    """What was heard of another process."""

    turn: int
    at: float
    """When it last told something new, by our clock."""
    guards: frozenset[str]
    upto: int


class _Group:
    """The guards of one sort before one asset."""

    def __init__(self) -> None:
        self.said: deque[_Said] = deque()
        self.number = 0
        self.seen: dict[str, float] = {}
        self.processes: dict[str, _Process] = {}
        """The others on the same database."""
        self.turn, self.looked = 0, -RELAY_SECONDS

    def says(
        self, guard: str, charged: Mapping[str, float], now: float, *, here: bool = True
    ) -> None:
        """Keep it, for as long as it is told to anybody."""
        while self.said and now - self.said[0].at > KEPT_SECONDS:
            self.said.popleft()
        self.number += 1
        self.said.append(_Said(self.number, now, guard, charged, here))

    def living(self, now: float) -> frozenset[str]:
        """The guards that told something lately, here or elsewhere."""
        self.seen = {g: at for g, at in self.seen.items() if now - at <= ALIVE_SECONDS}
        return frozenset(self.seen).union(*(one.guards for one in self.processes.values()))

    def word(self, now: float) -> _Word:
        """What the other processes are told."""
        said = [
            (one.number, one.guard, dict(one.charged))
            for one in self.said
            if one.here and now - one.at <= _RELAYED
        ]
        return _Word(turn=self.turn, guards=sorted(self.seen), said=said)

    def hears(self, name: str, word: _Word, now: float) -> bool:
        """Whether that process lives; what it tells is taken in once."""
        known = self.processes.get(name)
        if known is None:
            known = _Process(turn=word.turn, at=now, guards=frozenset(), upto=0)
            self.processes[name] = known
        if known.turn != word.turn:
            known.turn, known.at = word.turn, now
        if now - known.at > ALIVE_SECONDS:
            known.guards = frozenset()
            return False
        known.guards = frozenset(word.guards)
        for number, guard, charged in word.said:
            if number > known.upto:
                known.upto = number
                self.says(guard, charged, now, here=False)
        return True

    def others(self, guard: str, after: int, now: float) -> dict[str, Charged]:
        """What the others charged since then."""
        sums: dict[str, Charged] = {}
        for one in reversed(self.said):
            if one.number <= after or now - one.at > KEPT_SECONDS:
                break
            if one.guard == guard:
                continue
            for name, amount in one.charged.items():
                so_far = sums[name].amount if name in sums else 0.0
                sums[name] = Charged(amount=so_far + amount, age=round(now - one.at, 3))
        return sums


class Tallies:
    """Tells guards of each other."""

    def __init__(self, store: Store, *, shared: bool = False) -> None:
        """`shared`: other processes on the store hear guards too."""
        self._store, self._shared = store, shared
        self._name = token_hex(8)
        self._groups: dict[tuple[AssetId, str], _Group] = {}
        self._lock = threading.Lock()

    def exchange(self, asset: AssetId, tally: Tally) -> Others:
        """Takes in what this guard charged, and tells what the others did."""
        _check(tally)
        now = monotonic()
        charged = {name: n for name, n in tally.charged.items() if n > 0}
        with self._lock:
            group = self._groups.setdefault((asset, tally.sort), _Group())
            group.seen[tally.guard] = now
            if charged:
                group.says(tally.guard, charged, now)
            if self._shared and now - group.looked >= RELAY_SECONDS:
                self._relay(f"{_ROW}{asset}/{tally.sort}", group, now)
            after = self._place(tally.after, group)
            return Others(
                among=len(group.living(now)),
                upto=f"{self._name}:{group.number}",
                charged=group.others(tally.guard, after, now),
            )

    def _place(self, after: str, group: _Group) -> int:
        """Whoever heard another process before begins with what comes now."""
        name, _, number = after.partition(":")
        if name == self._name and number.isdecimal():
            return int(number)
        return group.number if after else 0

    def _relay(self, place: str, group: _Group, now: float) -> None:
        """Tell the other processes, and hear them."""
        group.looked = now
        group.turn += 1
        with self._store.begin() as tx:
            text = tx.settings.get(place)
            told = _WORDS.decode(text) if text else {}
            told.pop(self._name, None)
            heard = {name: word for name, word in told.items() if group.hears(name, word, now)}
            group.processes = {name: group.processes[name] for name in heard}
            heard[self._name] = group.word(now)
            tx.settings.put(place, msgspec.json.encode(heard).decode())


def _check(tally: Tally) -> None:
    names = (tally.guard, tally.sort, *tally.charged)
    if len(tally.charged) > MOST_NAMES or max(map(len, names)) > LONGEST_NAME:
        raise BadInput("This tally is too long for a guard's. Update the guard.")
