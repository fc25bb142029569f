"""Strange values: the new categories and unknown columns that the plan has no place for, by name.

The count of all of them is exact (in `Part.CATEGORIES`). Here at most 32 different ones are kept
with exact counts: those whose hash is smallest. A kept value was among the smallest of every shard
it came in, so merging is exact; up to 32 different values none is left out, and past that it is a
fair sample of them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")

KEPT = 32
LONGEST = 128
"""Characters of a value that are kept."""


@lru_cache(maxsize=1 << 16)
def hash_of(text: str) -> int:
    """64 bits of a text, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True, kw_only=True, slots=True)
class Strange:
    """Counts of values that the plan does not know, by where they stood, then by value."""

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def merge(self, other: "Strange") -> "Strange":
        """Both together."""
        return strange_of([self.counts, other.counts])

    def top(self, where: str, count: int = 3) -> tuple[str, ...]:
        """The most frequent kept ones, ties by text."""
        ranked = sorted(self.counts.get(where, {}).items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple(value for value, _ in ranked[:count])


def strange_of(several: Iterable[Mapping[str, Mapping[str, int]]]) -> Strange:
    """The strange values of several batches together."""
    sums: dict[str, dict[str, int]] = {}
    for counts in several:
        for where, values in counts.items():
            into = sums.setdefault(where[:LONGEST], {})
            for value, count in values.items():
                key = value[:LONGEST]
                into[key] = into.get(key, 0) + count
    kept = {where: _kept(values) for where, values in _kept(sums).items()}
    return Strange(counts=kept)


def _kept(values: Mapping[str, T]) -> dict[str, T]:
    """The ones whose hash is smallest, in the order of their text."""
    least = sorted(values, key=lambda text: (hash_of(text), text))[:KEPT]
    return {text: values[text] for text in sorted(least)}
