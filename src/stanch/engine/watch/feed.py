"""Feeds: where the watcher's rows come from, and how far they were counted.

In    one spool that is ours alone; or the spools of every process, of which we count our share.
Out   the next rows, and a commit that says they were counted, in the watcher's own transaction.
Why   alone, one position is enough. Among several, each part of the assets has its own position in
      each spool, so that whoever takes a part over goes on at the very row where it was left. The
      rows are read before that transaction begins; it finds everything as it was, or is `Stale`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import numpy as np
import pyarrow as pa

from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.schema import conform
from stanch.engine.ports import Transaction
from stanch.engine.shares import SLOTS, Split, slot_of
from stanch.engine.watch.lane import Lane
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import Stale

READER = "watch"
ROWS = 50_000
"""Rows that are read at once; the spool keeps the rest."""
MINUTES = 1_000
"""Different minutes that they lie in at most: each is some 200 kB while it is counted."""
_COUNTED = "watched/"
_POKED = "poked/"
_POSITIONS = msgspec.json.Decoder(dict[int, int])
_KEYS = msgspec.json.Decoder(list[tuple[str, ...]])


class Spool(Protocol):
    """Rows in the order they came."""

    @property
    def start(self) -> int:
        """The first position that can still be read."""
        ...

    @property
    def end(self) -> int:
        """The position after the last row."""
        ...

    def read(self, after: int, limit: int) -> pa.Table:
        """Up to `limit` rows from this position on."""
        ...


class NamedSpool(Spool, Protocol):
    """One of several."""

    @property
    def name(self) -> str:
        """Which spool this is."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """Rows to count."""

    rows: pa.Table
    counted: Callable[[Transaction], None]
    """Has them count as counted once this transaction commits, or raises `Stale`."""
    more: bool = False
    """Whether others wait behind them: what comes next may be of the same minutes."""
    anew: bool = False
    """Whether what is in memory must be read again before these rows are counted."""
    poked: tuple[Lane, ...] = ()
    """What is counted by itself, and whose counts in the store somebody else added to."""


class Feed(Protocol):
    """Where rows come from."""

    def take(self, tx: Transaction) -> Taken:
        """The next rows; nothing is kept yet."""
        ...

    def poke(self, tx: Transaction, lane: Lane) -> bool:
        """Whether somebody else watches the asset, who is now told to read its counts again."""
        ...


class Solo:
    """One spool, and nobody beside us."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def take(self, tx: Transaction) -> Taken:
        """The next rows of the spool."""
        position = tx.positions.get(READER)
        since = max(position.at, self._spool.start)
        rows = few(conform(self._spool.read(since, ROWS)))

        def counted(tx: Transaction) -> None:
            if rows.num_rows:
                tx.positions.move(position, since + rows.num_rows)

        return Taken(rows=rows, counted=counted, more=since + rows.num_rows < self._spool.end)

    def poke(self, tx: Transaction, lane: Lane) -> bool:  # noqa: ARG002  a feed's
        """Never: whoever watches it is us."""
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Move:
    """How far some parts of the assets were counted in one spool; others keep theirs beside."""

    name: str
    before: Mapping[int, int]
    after: Mapping[int, int]

    def made(self, tx: Transaction) -> None:
        """Moves our parts on, whatever others did to theirs; `Stale` when somebody moved ours."""
        now = _positions(tx, self.name)
        for number in self.after:
            was, found = self.before.get(number, 0), now.get(number, 0)
            if found != was:
                raise Stale("count of a spool", was, found)
        tx.settings.put(self.name, msgspec.json.encode(now | dict(self.after)).decode())


class Several:
    """The spools of all processes, of which we count the assets that are ours."""

    def __init__(self, split: Split, spools: Callable[[], Sequence[NamedSpool]]) -> None:
        self._split = split
        self._spools = spools
        self._slots: frozenset[int] = frozenset()

    def take(self, tx: Transaction) -> Taken:
        """The next rows of our assets, from every spool."""
        slots = self._split.slots(tx)
        anew, self._slots = slots != self._slots, slots
        parts = [conform(pa.table({"id": pa.array([], pa.string())}))]
        moves: list[_Move] = []
        more = False
        for spool in self._spools() if slots else ():
            name = _COUNTED + spool.name
            before, after = _positions(tx, name), dict[int, int]()
            for rows, reached in _read(spool, before, slots):
                parts.append(rows)
                after |= reached
            end = spool.end
            more |= any(reached < end for reached in after.values())
            if after:
                moves.append(_Move(name=name, before=before, after=after))
        pokes = {_poke(n): text for n in slots if (text := tx.settings.get(_poke(n)))}
        keys = tuple(_lane(key) for text in pokes.values() for key in _KEYS.decode(text))
        return Taken(
            rows=pa.concat_tables(parts),
            counted=lambda tx: self._counted(tx, slots, moves, pokes),
            more=more,
            anew=anew or bool(keys),
            poked=keys,
        )

    def _counted(
        self,
        tx: Transaction,
        slots: frozenset[int],
        moves: Sequence[_Move],
        pokes: Mapping[str, str],
    ) -> None:
        self._split.sure(tx, slots)
        for move in moves:
            move.made(tx)
        for name, text in pokes.items():
            now = tx.settings.get(name) or ""
            if now != text:
                raise Stale("word of a site", len(text), len(now))
            tx.settings.put(name, "")

    def poke(self, tx: Transaction, lane: Lane) -> bool:
        """Whether somebody else watches it; they find the word in the store, and look."""
        number = slot_of(lane.asset)
        if number in self._split.slots(tx):
            return False
        text = tx.settings.get(_poke(number))
        keys = {*(_KEYS.decode(text) if text else ()), tuple(lane if lane.condition else lane[:2])}
        tx.settings.put(_poke(number), msgspec.json.encode(sorted(keys)).decode())
        return True


def few(rows: pa.Table) -> pa.Table:
    """The first of these rows: all that come before those of one minute too many."""
    minutes = pc.floor_temporal(rows["ts"], unit="minute").to_numpy()
    begins = np.unique(minutes, return_index=True)[1]
    return rows if len(begins) <= MINUTES else rows.slice(0, int(np.sort(begins)[MINUTES]))


def _positions(tx: Transaction, name: str) -> dict[int, int]:
    return _POSITIONS.decode(tx.settings.get(name) or "{}")


def counted_upto(tx: Transaction, spool: NamedSpool) -> int:
    """The position up to which every part of the assets was counted in a spool."""
    positions = _positions(tx, _COUNTED + spool.name)
    return min(positions.get(number, 0) for number in range(SLOTS))


def _read(
    spool: NamedSpool, positions: Mapping[int, int], slots: frozenset[int]
) -> Iterator[tuple[pa.Table, dict[int, int]]]:
    """The rows of these parts and where each part then stands, read once for each position."""
    start, end = spool.start, spool.end
    groups: dict[int, list[int]] = {}
    for number in sorted(slots):
        groups.setdefault(max(positions.get(number, 0), start), []).append(number)
    for since, numbers in sorted(groups.items()):
        if since >= end:
            continue
        rows = few(conform(spool.read(since, ROWS)))
        assets = [a for a in rows["asset"].unique().to_pylist() if slot_of(a) in numbers]
        own = rows.filter(pc.is_in(rows["asset"], pa.array(assets, pa.string())))
        yield own, dict.fromkeys(numbers, since + rows.num_rows)


def _lane(key: tuple[str, ...]) -> Lane:
    return Lane(AssetId(key[0]), *key[1:])


def _poke(number: int) -> str:
    return f"{_POKED}{number}"
