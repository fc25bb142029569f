"""Tallies: what the guards of one asset let through of what is limited, told to one another.

In    what each guard charged since it last told, and the key that it told it with.
Out   what the others of its sort charged meanwhile, and among how many they are.
Why   a limit is of the asset. A caller who is spread over four processes of a service would get it
      four times, and one whose connection stays at one of them a fourth, were it cut into parts.

Guards of different sorts may stand one behind the other and see the same requests: they never hear
of each other. Kept in memory for a minute, as a limit forgets as well; where several processes
serve one database, each tells the others by one row.

A key may be stolen, and who has it can invent guards and amounts. So room and shares go by key:
inventing guards makes nobody's part smaller but that of those who share the key (decision 0380).
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from secrets import token_hex

import msgspec

from stanch.engine.clock import monotonic
from stanch.engine.ports import Store
from stanch.engine.tallied import Charged, Group, Processes
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import BadInput

SORTS = ("envoy", "gateway", "service")
MOST_NAMES = 2000
LONGEST_NAME = 1000
MOST_GUARDS = 1000
"""Guards of one sort before one asset with one key."""
MOST_AMOUNT = 1e9
"""No guard lets more through between two tallies; sums of it stay far from infinity."""
RELAY_SECONDS = 0.25
SWEEP_SECONDS = 10.0
_ROW = "_tallied/"
"""The setting of a group; the underscore hides it from lists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What one guard charged since it last told."""

    guard: str
    sort: str
    """Guards of one sort never see the same request: `service`, `gateway` or `envoy`."""
    after: str = ""
    """Up to where it heard of the others, as it was told; empty when it begins."""
    charged: Mapping[str, float] = field(default_factory=dict)
    """By what is limited: `principal/NAME`, `cost/NAME` or `overall/`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Others:
    """What a guard is told."""

    among: int
    """How many guards share the limits, with the one that asks."""
    parts: int
    """Into how many parts a limit is cut for this one, were each to hold its own: as many for each
    key as there are keys, cut again among the guards of that key."""
    upto: str
    charged: Mapping[str, Charged] = field(default_factory=dict)


Place = tuple[AssetId, str]


class Tallies:
    """Tells guards of each other."""

    def __init__(
        self,
        store: Store,
        *,
        shared: bool = False,
        known: Callable[[AssetId], object] | None = None,
    ) -> None:
        """`shared`: other processes on the store hear guards too.

        `known`: raises for what has no policy.
        """
        self._store, self._shared = store, shared
        self._known = known or self._asset
        self._name = token_hex(8)
        self._groups: dict[Place, Group] = {}
        self._room: Counter[str] = Counter()
        self._swept = monotonic()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._groups)

    def exchange(self, asset: AssetId, tally: Tally, key: str = "") -> Others:
        """Takes in what this guard charged, and tells what the others did."""
        _check(tally)
        now = monotonic()
        charged = {name: n for name, n in tally.charged.items() if n > 0}
        guard = (key, tally.guard)
        if (asset, tally.sort) not in self._groups:
            self._known(asset)
        with self._lock:
            if now - self._swept >= SWEEP_SECONDS:
                self._sweep(now)
            group = self._groups.setdefault((asset, tally.sort), Group(self._room))
            if not group.heard(guard, now, MOST_GUARDS):
                raise BadInput(
                    f"{MOST_GUARDS:,} guards with this key count the limits of {asset} already. "
                    "Give each service a key of its own: stanch key create --scope guard."
                )
            if charged:
                group.says(guard, charged, now)
            if self._shared and now - group.looked >= RELAY_SECONDS:
                self._relay((asset, tally.sort), group, now)
            after = self._place(tally.after, group)
            living = group.living(now)
            keys = Counter(of for of, _ in living)
            return Others(
                among=len(living),
                parts=len(keys) * keys[key],
                upto=f"{self._name}:{group.number}",
                charged=group.others(guard, after, now),
            )

    def _asset(self, asset: AssetId) -> None:
        with self._store.look() as tx:
            if tx.policies.now(asset) is None:
                tx.assets.get(asset)

    def _place(self, after: str, group: Group) -> int:
        """Up to where this guard has heard.

        Who heard another process that shares the store was told by it what is told here: it begins
        with what comes now. Else that process was this one before it started anew: what is told
        here came since then.
        """
        name, _, number = after.partition(":")
        if name == self._name and number.isdecimal() and len(number) < len(str(2**63)):
            return int(number)
        return group.number if after and self._shared else 0

    def _sweep(self, now: float) -> None:
        """Forget the groups of which nobody told anything for a while, and their rows."""
        self._swept = now
        for place, group in list(self._groups.items()):
            if group.idle(now):
                group.leave()
                if self._shared:
                    self._gone(place, group, now)
                del self._groups[place]

    def _relay(self, place: Place, group: Group, now: float) -> None:
        """Tell the other processes, and hear them."""
        group.looked = now
        group.turn += 1
        row = _row(place)
        with self._store.begin() as tx:
            heard = group.hear(self._told(tx.settings.get(row)), now)
            heard[self._name] = group.word(now)
            tx.settings.put(row, msgspec.json.encode(heard).decode())

    def _gone(self, place: Place, group: Group, now: float) -> None:
        """Take this process's word out of the row, and the row away where it was the last."""
        row = _row(place)
        with self._store.begin() as tx:
            heard = group.hear(self._told(tx.settings.get(row)), now)
            if heard:
                tx.settings.put(row, msgspec.json.encode(heard).decode())
            else:
                tx.settings.forget(row)

    def _told(self, text: str | None) -> Processes:
        """What the other processes told."""
        told = msgspec.json.decode(text, type=Processes) if text else {}
        told.pop(self._name, None)
        return told


def _row(place: Place) -> str:
    return f"{_ROW}{place[0]}/{place[1]}"


def _check(tally: Tally) -> None:
    names = (tally.guard, tally.sort, *tally.charged)
    if len(tally.charged) > MOST_NAMES or max(map(len, names)) > LONGEST_NAME:
        raise BadInput("This tally is too long for a guard's. Update the guard.")
    if tally.sort not in SORTS:
        raise BadInput(f"A guard is of the sort {', '.join(SORTS)}, not {tally.sort[:40]!r}.")
    for name, amount in tally.charged.items():
        if not (isfinite(amount) and 0 <= amount <= MOST_AMOUNT):
            raise BadInput(
                f"{name[:80]!r} is charged {amount!r}: no guard lets that through. An amount is "
                f"from 0 to {MOST_AMOUNT:,.0f}."
            )
