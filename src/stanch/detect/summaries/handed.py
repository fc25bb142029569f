"""Handed in: rows that somebody brought for training, each with its label and what the model said.

In    rows as columns, with the label each was handed in with, and the id of its event.
Out   `Handed`: whose each row is, its inputs by bin, its label, the answer of the model in service.
Why   what a version will learn can be looked at before it is learnt. A trigger is in few rows of
      many hands and shows in no count of one column, so rows are kept, by their bins.

At most `MOST` rows of a minute are kept: those whose label contradicts the model first, then those
whose id has the smallest hash. Both are properties of the row alone, so that merging is exact and
knows no order; `brought` counts all rows of each hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from stanch.detect.summaries.arrays import Codes, Flags, Ints, Octets, own
from stanch.detect.summaries.codec import packed, unpacked
from stanch.detect.summaries.columns import MISSING_CODE, Columns
from stanch.detect.summaries.kernels import kernels
from stanch.detect.summaries.parts import BINS
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.ready import Ready
from stanch.detect.summaries.strange import hash_of
from stanch.vocabulary.ids import Digest, digest_of, parse_digest
from stanch.vocabulary.trouble import BadFile, BadInput

MOST = 4096
NOBODY = ""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Handed:
    """Rows that were handed in, in the order in which they are kept."""

    plan: Digest
    events: tuple[str, ...]
    ticks: Ints
    """(n,) microseconds since the epoch."""
    by: tuple[str, ...]
    """The hand of each row."""
    given: Ints
    """(n,) the place of its label among the classes; less than 0 for none of them."""
    said: Ints
    """(n,) the answer of the model in service, likewise."""
    slots: Ints
    """(n, F + K) the bin of each number, then the place of each category."""
    members: Ints
    """(n, G) whether it is of a group."""
    brought: Mapping[str, int]
    """All rows of each hand, kept or not."""

    @property
    def n(self) -> int:
        """How many rows are kept."""
        return len(self.events)

    @property
    def contradicts(self) -> Flags:
        """(n,) whether label and model name different classes."""
        return (self.given >= 0) & (self.said >= 0) & (self.given != self.said)

    def different(self) -> Ints:
        """The rows with a label and an answer; of those that are the same, one."""
        known = np.flatnonzero((self.given >= 0) & (self.said >= 0))
        lines = np.concatenate([self.slots, self.given[:, None]], axis=1)[known]
        _, first = np.unique(lines, axis=0, return_index=True)
        return np.sort(known[first])

    def newest(self, rows: Ints) -> int:
        """The one of these rows that came last."""
        return max(rows.tolist(), key=lambda i: (self.ticks[i], self.events[i]))

    def at(self, row: int) -> datetime:
        """When it was handed in."""
        return EPOCH + timedelta(microseconds=int(self.ticks[row]))

    @property
    def digest(self) -> Digest:
        """What a finding cites."""
        return digest_of(self.to_bytes())

    def merge(self, other: "Handed") -> "Handed":
        """Both together, of different rows."""
        if self.plan != other.plan:
            raise BadInput(f"Rows on the plans {self.plan} and {other.plan} do not merge.")
        brought = {
            name: self.brought.get(name, 0) + other.brought.get(name, 0)
            for name in sorted({*self.brought, *other.brought})
        }
        return _bounded(
            Handed(
                plan=self.plan,
                events=(*self.events, *other.events),
                ticks=np.concatenate([self.ticks, other.ticks]),
                by=(*self.by, *other.by),
                given=np.concatenate([self.given, other.given]),
                said=np.concatenate([self.said, other.said]),
                slots=np.concatenate([self.slots, other.slots]),
                members=np.concatenate([self.members, other.members]),
                brought=brought,
            )
        )

    def to_bytes(self) -> bytes:
        """The canonical bytes; `Handed.from_bytes` gives the same back."""
        header = {
            "plan": self.plan,
            "events": self.events,
            "by": self.by,
            "brought": self.brought,
        }
        arrays = {
            "ticks": self.ticks,
            "given": self.given,
            "said": self.said,
            "slots": self.slots,
            "members": self.members,
        }
        return packed("handed", header, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Handed":
        """The rows that these bytes hold, or `BadFile`."""
        read = unpacked("handed", data)
        head, arrays = read.header, read.arrays
        try:
            found = cls(
                plan=parse_digest(head["plan"]),
                events=tuple(str(e) for e in head["events"]),
                by=tuple(str(b) for b in head["by"]),
                brought={str(name): int(rows) for name, rows in head["brought"].items()},
                ticks=arrays["ticks"],
                given=arrays["given"],
                said=arrays["said"],
                slots=arrays["slots"],
                members=arrays["members"],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadFile("handed", f"lacks a part ({error})") from None
        lengths = {len(found.by), *(len(a) for a in arrays.values())}
        if lengths != {found.n} or {found.slots.ndim, found.members.ndim} != {2}:
            raise BadFile("handed", "has not the shape of rows")
        return found


def handed_of(plan: Ready, rows: Columns, given: Codes, events: Sequence[str]) -> Handed:
    """These rows, of which the predictions are what the model in service said."""
    numbers = own(rows.numbers, np.float64)
    bins: Octets = kernels().bins(numbers, plan.numbers)[0]
    members = np.zeros((rows.n, len(plan.plan.groups)), np.int64)
    for group, which in rows.groups:
        members[which, group] = 1
    by = [NOBODY if place < 0 else rows.names[place] for place in rows.principals.tolist()]
    return _bounded(
        Handed(
            plan=plan.digest,
            events=tuple(events),
            ticks=rows.ticks.astype(np.int64),
            by=tuple(by),
            given=given.astype(np.int64),
            said=rows.predictions.astype(np.int64),
            slots=np.concatenate([bins.astype(np.int64), _places(rows.categories)], axis=1),
            members=members,
            brought={name: by.count(name) for name in sorted(set(by))},
        )
    )


def names_of(plan: Plan) -> tuple[str, ...]:
    """What the columns of `slots` are."""
    return (*plan.numbers, *(known.name for known in plan.categories))


def _places(codes: Codes) -> Ints:
    """(n, K) the place of each category: known values, new, missing."""
    special = np.where(codes == MISSING_CODE, BINS + 1, BINS)
    return np.where(codes >= 0, codes, special).astype(np.int64)


def _bounded(rows: Handed) -> Handed:
    """The rows that are kept, in their order."""
    odd = rows.contradicts
    order = sorted(range(rows.n), key=lambda i: (not odd[i], hash_of(rows.events[i]), i))[:MOST]
    return Handed(
        plan=rows.plan,
        events=tuple(rows.events[i] for i in order),
        ticks=rows.ticks[order],
        by=tuple(rows.by[i] for i in order),
        given=rows.given[order],
        said=rows.said[order],
        slots=rows.slots[order],
        members=rows.members[order],
        brought=rows.brought,
    )
