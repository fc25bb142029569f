"""The ledger: exact counts for each principal, bounded in memory, and exact under merge.

A live ledger (one minute) keeps every principal up to 1,024. Past that it keeps those whose hash
ends in enough zero bits (`level`), and everyone on `watch`, who the shell names beforehand: the
heaviest of the minutes before. The level that a ledger needs grows with its principals, so the
union of shards needs at least the level of each shard, and a principal kept there was kept in every
shard: counts are exact and the bytes do not depend on the sharding (property-tested).

`buckets` counts everybody, in 64 buckets by hash, always exact: whoever is not named is in there.

When its minute is over, a ledger is sealed: the 64 heaviest by answers, the 64 heaviest by late
labels and the 64 who asked most canaries stay named (ties by name), the others remain in the
buckets. Merging sealed ledgers adds the
same names; a principal's count is then exact for the minutes in which it was among the heaviest,
and a lower bound overall.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from stanch.detect.summaries.arrays import Hashes, Ints, Octets
from stanch.detect.summaries.blocks import BLOCK_SHAPES, BUCKETS, PLACES, WIDTH
from stanch.detect.summaries.codec import Array, packed, unpacked
from stanch.detect.summaries.kernels import kernels
from stanch.detect.summaries.parts import CARD, CARD_BEFORE, SAMPLED, Block
from stanch.detect.summaries.sketch import SMALL, estimate
from stanch.detect.summaries.strange import hash_of
from stanch.vocabulary.ids import Digest, digest_of, parse_digest
from stanch.vocabulary.trouble import BadFile, BadInput

MOST_LIVE = 1024
MOST_NAMED = 64
"""Heaviest principals by answers, and again as many by late labels: who labels seldom asks."""
_ARRAYS = ("inputs", "cells", "keys", "cards", "buckets")
LATER = (
    *(Block.PAIRS, Block.CANARIES, Block.BETWEEN),
    *(Block.UNUSUAL, Block.FAR, Block.SURE, Block.DOUBTED, Block.STRAYED),
)
"""Blocks at the end of a line that ledgers of older versions do not have."""
WATCHED = 64
"""The level of a principal on watch: above every other."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ledger:
    """What each principal did, in counts."""

    plan: Digest
    names: tuple[str, ...]
    """The kept principals, sorted."""
    table: Ints
    """(P, WIDTH); use `block` and `of` to read it."""
    inputs: Octets
    """(P, 256) sketch of different inputs."""
    cells: Octets
    """(P, 256) sketch of different neighbourhoods: rows minus these are near-duplicates."""
    keys: Ints
    """(P, 64) the sample of different inputs, smallest hash first; 0 is an empty place."""
    cards: Octets
    """(P, 64, 24) what is known of each of them; see `sample`."""
    buckets: Ints
    """(64, WIDTH) everybody, by hash."""
    level: int = 0
    watch: tuple[str, ...] = ()
    sealed: bool = False

    @property
    def n(self) -> int:
        """How many answers, of everybody."""
        return int(self.buckets[:, PLACES[Block.ROWS]].sum())

    @property
    def digest(self) -> Digest:
        """What a finding cites."""
        return digest_of(self.to_bytes())

    def block(self, which: Block) -> Ints:
        """One kind of count for all kept principals: (P, ...)."""
        return self.table[:, PLACES[which]].reshape(len(self.names), *BLOCK_SHAPES[which])

    def everybody(self, which: Block) -> Ints:
        """One kind of count over everybody, kept or not."""
        return self.buckets[:, PLACES[which]].sum(axis=0).reshape(BLOCK_SHAPES[which])

    def of(self, name: str) -> Mapping[Block, Ints]:
        """All counts of one kept principal; of an unknown one, zeros."""
        row = (
            self.table[self.names.index(name)] if name in self.names else np.zeros(WIDTH, np.int64)
        )
        return {b: row[PLACES[b]].reshape(s) for b, s in BLOCK_SHAPES.items()}

    def different_inputs(self) -> tuple[float, ...]:
        """About how many different inputs each kept principal sent (6 %)."""
        return tuple(estimate(row) for row in self.inputs)

    def merge(self, other: "Ledger") -> "Ledger":
        """Both together: shards of one live minute, or sealed minutes."""
        if self.plan != other.plan or self.sealed != other.sealed:
            raise BadInput("Ledgers of different plans, or a live and a sealed one, do not merge.")
        if not self.sealed and self.watch != other.watch:
            raise BadInput("Shards of one minute must watch the same principals.")
        names = tuple(sorted({*self.names, *other.names}))
        places = {name: i for i, name in enumerate(names)}
        table = np.zeros((len(names), WIDTH), np.int64)
        inputs = np.zeros((len(names), SMALL), np.uint8)
        cells = np.zeros((len(names), SMALL), np.uint8)
        keys = np.zeros((len(names), SAMPLED), np.int64)
        cards = np.zeros((len(names), SAMPLED, CARD), np.uint8)
        for part in (self, other):
            at = np.array([places[n] for n in part.names], np.int64)
            table[at] += part.table
            known = keys[at, 0] > 0
            free, both = at[~known], at[known]
            keys[free], cards[free] = part.keys[~known], part.cards[~known]
            ours, more = (keys[both], cards[both]), (part.keys[known], part.cards[known])
            keys[both], cards[both] = kernels().united(ours, more)
            inputs[at] = np.maximum(inputs[at], part.inputs)
            cells[at] = np.maximum(cells[at], part.cells)
        whole = Ledger(
            plan=self.plan,
            names=names,
            table=table,
            inputs=inputs,
            cells=cells,
            keys=keys,
            cards=cards,
            buckets=self.buckets + other.buckets,
            level=max(self.level, other.level),
            watch=tuple(sorted({*self.watch, *other.watch})),
            sealed=self.sealed,
        )
        return whole if self.sealed else whole._bounded()

    def seal(self, most: int = MOST_NAMED) -> "Ledger":
        """The ledger of a minute that is over: its heaviest principals by name."""
        reasons = (Block.ROWS, Block.LABELLED, Block.CANARIES)
        kept = {place for which in reasons for place in self._heaviest(which, most)}
        return self._only(sorted(kept), level=0, sealed=True)

    def _heaviest(self, which: Block, most: int) -> list[int]:
        """The places of those with most of this; nobody who has none."""
        count = self.table[:, PLACES[which].start]
        order = sorted(range(len(self.names)), key=lambda i: (-int(count[i]), self.names[i]))
        return [i for i in order[:most] if count[i] > 0]

    def _bounded(self) -> "Ledger":
        """The same, at the lowest level that fits."""
        kept, level = kept_of(levels_of(hashes_of(self.names)), self.names, self.watch, self.level)
        same = len(kept) == len(self.names) and level == self.level
        return self if same else self._only(kept, level=level, sealed=False)

    def _only(self, kept: list[int], *, level: int, sealed: bool) -> "Ledger":
        return Ledger(
            plan=self.plan,
            names=tuple(self.names[i] for i in kept),
            table=self.table[kept],
            inputs=self.inputs[kept],
            cells=self.cells[kept],
            keys=self.keys[kept],
            cards=self.cards[kept],
            buckets=self.buckets,
            level=level,
            watch=self.watch,
            sealed=sealed,
        )

    def to_bytes(self) -> bytes:
        """The canonical bytes: equal counts, equal bytes, however the rows were sharded."""
        header = {
            "plan": self.plan,
            "names": self.names,
            "level": self.level,
            "watch": self.watch,
            "sealed": self.sealed,
        }
        arrays = {
            **{_part(block): self.table[:, place] for block, place in PLACES.items()},
            "inputs": self.inputs,
            "cells": self.cells,
            "keys": self.keys,
            "cards": self.cards,
            "buckets": self.buckets,
        }
        return packed("ledger", header, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Ledger":
        """The ledger that these bytes hold, or `BadFile`."""
        read = unpacked("ledger", data)
        head, arrays = read.header, read.arrays
        try:
            names = tuple(str(n) for n in head["names"])
            found = cls(
                plan=parse_digest(head["plan"]),
                names=names,
                level=int(head["level"]),
                watch=tuple(str(n) for n in head["watch"]),
                sealed=bool(head["sealed"]),
                table=np.concatenate([_columns(arrays, block, names) for block in PLACES], axis=1),
                **{name: arrays[name] for name in ("inputs", "cells", "keys")},
                cards=_lengthened(arrays["cards"]),
                buckets=_widened(arrays["buckets"]),
            )
        except (KeyError, TypeError, ValueError, BadInput) as error:
            raise BadFile("ledger", f"lacks a part ({error})") from None
        size = len(names)
        drawn = (size, SAMPLED), (size, SAMPLED, CARD)
        wanted = ((size, SMALL), (size, SMALL), *drawn, (BUCKETS, WIDTH))
        shapes = tuple(getattr(found, name).shape for name in _ARRAYS)
        if found.table.shape != (size, WIDTH) or shapes != wanted:
            raise BadFile("ledger", "has not the shape of a ledger")
        if list(names) != sorted(set(names)):
            raise BadFile("ledger", "names somebody twice, or out of order")
        return found


def _columns(arrays: Mapping[str, Array], block: Block, names: tuple[str, ...]) -> Ints:
    """A block's columns; zeros for one that was not counted yet when the ledger was written."""
    if block in LATER and _part(block) not in arrays:
        return np.zeros((len(names), math.prod(BLOCK_SHAPES[block])), np.int64)
    return arrays[_part(block)]


def _widened(buckets: Array) -> Ints:
    """The buckets, with zeros for what was not counted yet when they were written."""
    lacks = WIDTH - buckets.shape[-1]
    added = accumulate(math.prod(BLOCK_SHAPES[block]) for block in reversed(LATER))
    if lacks not in set(added):
        return buckets
    return np.pad(buckets, ((0, 0), (0, lacks)))


def _lengthened(cards: Array) -> Octets:
    """The cards, with zeros for the single numbers that were not kept when they were written."""
    lacks = CARD - CARD_BEFORE if cards.shape[-1] == CARD_BEFORE else 0
    return np.pad(cards, ((0, 0), (0, 0), (0, lacks)))


def _part(block: Block) -> str:
    """The name of a block's columns in the bytes: each is as narrow as its own counts allow."""
    return f"table {block}"


def hashes_of(names: Sequence[str]) -> Hashes:
    """The hash of each principal."""
    return np.fromiter(map(hash_of, names), np.uint64, len(names))


def levels_of(hashes: Hashes) -> Ints:
    """How many zero bits each hash ends in: half of all have more than none."""
    lowest = hashes & (~hashes + np.uint64(1))
    return np.where(lowest == 0, 63, np.frexp(lowest.astype(np.float64))[1] - 1).astype(np.int64)


def kept_of(
    levels: Ints, names: Sequence[str], watch: tuple[str, ...], least: int
) -> tuple[list[int], int]:
    """The places of those that a live ledger of all these keeps, and its level, `least` or more."""
    watched = [n in watch for n in names] if watch else [False] * len(names)
    free = np.sort(levels[~np.array(watched, np.bool_)])[::-1]
    level = least
    if (free >= least).sum() > MOST_LIVE:
        level = max(level, int(free[MOST_LIVE]) + 1)
    return np.flatnonzero(np.array(watched, np.bool_) | (levels >= level)).tolist(), level


def bucket_of(name: str) -> int:
    """The bucket that this principal counts in."""
    return hash_of(name) >> 58


def nobody(plan: Digest, watch: tuple[str, ...] = ()) -> Ledger:
    """A ledger of nothing."""
    return Ledger(
        plan=plan,
        names=(),
        table=np.zeros((0, WIDTH), np.int64),
        inputs=np.zeros((0, SMALL), np.uint8),
        cells=np.zeros((0, SMALL), np.uint8),
        keys=np.zeros((0, SAMPLED), np.int64),
        cards=np.zeros((0, SAMPLED, CARD), np.uint8),
        buckets=np.zeros((BUCKETS, WIDTH), np.int64),
        watch=tuple(sorted(watch)),
    )
