"""The record: discrete events in a window, as counts of who did what, and the rare ones whole.

In    access, tool, training, dataset and deployment events.
Out   counts by deed; happenings in the order of time.
Why   some detectors read events, not answers. Bounded, and exact under merge.

Bounds: of the deeds at most 4,096 different ones are kept, those whose hash is smallest; of the
happenings the first 512 by time. `seen` and `totals` count all of them, so what is left out is
known. Both rules are exact under merge, for the reason `strange` gives.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from stanch.detect.summaries.strange import hash_of
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.happening import Happening

MOST_DEEDS = 4096
MOST_HAPPENINGS = 512


class Deed(NamedTuple):
    """Who did what to which thing, and how it ended."""

    kind: EventKind
    principal: str
    action: str
    """The action (access), the tool (tool_call), else empty."""
    resource: str
    outcome: str
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What happened besides answers."""

    deeds: Mapping[Deed, int] = field(default_factory=dict)
    totals: Mapping[tuple[EventKind, str, str], int] = field(default_factory=dict)
    """Counts by kind, action and outcome, over everybody; at most 4,096 too."""
    happenings: tuple[Happening, ...] = ()
    seen: int = 0
    """How many happenings there were, kept or not."""

    def merge(self, other: "Record") -> "Record":
        """Both together, of disjoint events."""
        return Record(
            deeds=_least(_added((self.deeds, other.deeds))),
            totals=_least(_added((self.totals, other.totals))),
            happenings=_first((*self.happenings, *other.happenings)),
            seen=self.seen + other.seen,
        )

    def of(self, *kinds: EventKind) -> tuple[Happening, ...]:
        """The happenings of these kinds, in the order of time."""
        return tuple(h for h in self.happenings if h.kind in kinds)


def record_of(deeds: Iterable[tuple[Deed, int]], happenings: Iterable[Happening] = ()) -> Record:
    """The record of these events."""
    counts: dict[Deed, int] = {}
    totals: dict[tuple[EventKind, str, str], int] = {}
    for deed, count in deeds:
        counts[deed] = counts.get(deed, 0) + count
        total = (deed.kind, deed.action, deed.outcome)
        totals[total] = totals.get(total, 0) + count
    rare = tuple(happenings)
    return Record(
        deeds=_least(counts), totals=_least(totals), happenings=_first(rare), seen=len(rare)
    )


K = TypeVar("K", bound=tuple[str, ...])


def _added(several: Iterable[Mapping[K, int]]) -> dict[K, int]:
    sums: dict[K, int] = {}
    for counts in several:
        for key, count in counts.items():
            sums[key] = sums.get(key, 0) + count
    return sums


def _least(counts: Mapping[K, int]) -> dict[K, int]:
    """The keys whose hash is smallest, in the order of the keys."""
    keys = sorted(counts)
    if len(keys) > MOST_DEEDS:
        keys = sorted(sorted(keys, key=lambda k: (hash_of("\0".join(k)), k))[:MOST_DEEDS])
    return {key: counts[key] for key in keys}


def _first(happenings: tuple[Happening, ...]) -> tuple[Happening, ...]:
    ordered = sorted(happenings, key=lambda h: (h.at, h.event, h.kind, h.principal, h.what))
    return tuple(ordered[:MOST_HAPPENINGS])
