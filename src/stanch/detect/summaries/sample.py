"""The sample: of each principal's different inputs, the 64 whose hash is smallest.

In    a batch's input hashes, what is to be known of each row, and whose it is.
Out   (P, 64) hashes and (P, 64, 24) cards; the merge of two samples.
Why   who searches, probes or copies asks inputs that lie close to each other in a way ordinary
      inputs do not; that shows in pairs, and pairs need points. The smallest hashes are a fair
      draw of the different inputs: a repeated input is drawn once, up to 64 none is left out, and
      a point kept by the union was kept by its shard, so merging is exact and knows no order.

A card is what is known of one input: its side of the median along 24 axes (3 bytes), the answer,
flags, the sixteenth of the margin, its place along the ten main axes in sixteenths of SIGMA, and
the places of eight single numbers (`ready.singles_of`) in the same. When one input had several
answers, the card of the smallest answer, flags and margin is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stanch.detect.summaries.arrays import Codes, Flags, Hashes, Ints, Octets, Shorts
from stanch.detect.summaries.dice import mixed
from stanch.detect.summaries.parts import (
    AXES,
    CARD,
    CARD_BEFORE,
    MAIN_AXES,
    SAMPLED,
    SINGLES,
    Block,
)

SIDES = slice(0, 3)
SAID, FLAGS, MARGIN = 3, 4, 5
PLACE = slice(6, 16)
ALONE = slice(CARD_BEFORE, CARD)
FLAGGED = (Block.NEAR, Block.OFF, Block.ODD, Block.BETWEEN, Block.STRAYED)
"""What a card says of its input, the lowest bit of the flags first."""
NEAR = 1 << FLAGGED.index(Block.NEAR)
NO_MARGIN = 255
STEP = 2
"""A place is kept in units of 2 ** STEP, a sixteenth of a standard deviation."""
_LAST = np.int64(np.iinfo(np.int64).max)
Sampled = tuple[Ints, Octets]
"""Keys and cards of samples, a line each."""


def keys_of(prints: Hashes) -> Ints:
    """(n,) what the draw goes by: hashes as positive numbers, for 0 is an empty place."""
    return ((prints >> np.uint64(1)) | np.uint64(1)).astype(np.int64)


def told_of(said: Ints, flags: Sequence[Flags], margin: Ints) -> Codes:
    """(n,) answer, flags (in the order of `FLAGGED`) and margin of each row as one number."""
    told = (said << 16) | np.where(margin < 0, NO_MARGIN, margin)
    for place, flag in enumerate(flags):
        told |= flag.astype(np.int64) << (8 + place)
    return told.astype(np.int32)


def drawn(lines: Ints, keys: Ints, told: Codes, size: int) -> Ints:
    """(size, 64) the rows that each line's sample keeps, -1 where there are no more.

    Rows on a negative line are nobody's.
    """
    order = np.lexsort((told, keys, lines))
    order = order[lines[order] >= 0]
    line, key = lines[order], keys[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (line[1:] != line[:-1]) | (key[1:] != key[:-1])
    order, line = order[first], line[first]
    rank = np.arange(len(line)) - np.searchsorted(line, line, side="left")
    out = np.full((size, SAMPLED), -1, np.int64)
    kept = rank < SAMPLED
    out[line[kept], rank[kept]] = order[kept]
    return out


def places_of(along: Codes) -> Octets:
    """(n, 10) the places along the main axes."""
    return _kept(along[:, :MAIN_AXES])


def alone_of(z: Shorts, singles: Ints) -> Octets:
    """(n, 8) the places of these single numbers; zeros where there are fewer."""
    return np.pad(_kept(z[:, singles]), ((0, 0), (0, SINGLES - len(singles))))


def _kept(units: Codes | Shorts) -> Octets:
    """Places as a card keeps them."""
    return np.clip(units >> STEP, -128, 127).astype(np.int8).view(np.uint8)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Points:
    """What a sample is drawn from; each (n,), places (n, 10)."""

    keys: Ints
    told: Codes
    sides: Codes
    places: Octets
    alone: Octets
    """(n, 8) places of single numbers; zeros where there are fewer."""


def cards_of(rows: Ints, points: Points) -> tuple[Ints, Octets]:
    """(..., ) the keys and (..., 24) the cards of these rows; empty ones are zeros."""
    keys, cards = np.zeros(rows.shape, np.int64), np.zeros((*rows.shape, CARD), np.uint8)
    there = rows >= 0
    at = rows[there]
    found = np.zeros((len(at), CARD), np.uint8)
    told = points.told[at]
    for n in range(3):
        found[:, n] = (points.sides[at] >> (8 * n)) & 0xFF
    found[:, SAID], found[:, FLAGS], found[:, MARGIN] = told >> 16, (told >> 8) & 0xFF, told & 0xFF
    found[:, PLACE] = points.places[at]
    found[:, ALONE] = points.alone[at]
    keys[there], cards[there] = points.keys[at], found
    return keys, cards


def hashed_sides(codes: Hashes) -> Codes:
    """(n,) 24 bits of the categories, for an asset without numbers: like only when equal."""
    return (mixed(codes) & np.uint64((1 << AXES) - 1)).astype(np.int32)


def united(ours: Sampled, others: Sampled) -> Sampled:
    """The sample of both together, line by line."""
    keys = np.concatenate([ours[0], others[0]], axis=1)
    cards = np.concatenate([ours[1], others[1]], axis=1)
    keys[keys == 0] = _LAST
    told = cards[..., SAID].astype(np.int64) << 16
    told |= cards[..., FLAGS].astype(np.int64) << 8
    told |= cards[..., MARGIN]
    order = np.lexsort((told, keys))
    keys = np.take_along_axis(keys, order, axis=1)
    twice = np.zeros(keys.shape, np.bool_)
    twice[:, 1:] = keys[:, 1:] == keys[:, :-1]
    again = np.argsort(np.where(twice, _LAST, keys), axis=1, kind="stable")[:, :SAMPLED]
    keys = np.take_along_axis(np.where(twice, _LAST, keys), again, axis=1)
    order = np.take_along_axis(order, again, axis=1)
    cards = np.take_along_axis(cards, order[..., None], axis=1)
    empty = keys == _LAST
    keys[empty], cards[empty] = 0, 0
    return keys, cards
