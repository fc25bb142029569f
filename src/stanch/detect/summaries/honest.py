"""Honest: what no counting of rows can give, whoever did it.

In    counts that came from elsewhere.
Out   why they cannot be; nothing when they can.
Why   counts add up over places, so one that is below nothing would take another place's away, and
      one that is past all measure would turn the sum around.
"""

import numpy as np

from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.blocks import PLACES
from stanch.detect.summaries.count import Counted
from stanch.detect.summaries.parts import Block, Part

MOST = 1 << 50
"""What a minute's sum cannot reach."""
_BOTH_WAYS = frozenset({Part.WAVES, Part.MOMENTS, Part.COST})
_BLOCKS_BOTH_WAYS = frozenset({Block.WAVES, Block.MOMENTS, Block.COST})


def impossible(found: Counted) -> str:
    """Why nobody can have counted this; empty when somebody can."""
    sums, ledger = found.summary.sums, found.ledger
    if any(_past(one) for one in (*sums.values(), ledger.table, ledger.buckets)):
        return "it counts more than there can be"
    lines = [
        part[:, place]
        for part in (ledger.table, ledger.buckets)
        for block, place in PLACES.items()
        if block not in _BLOCKS_BOTH_WAYS
    ]
    counts = [one for part, one in sums.items() if part not in _BOTH_WAYS]
    if any(one.size and int(one.min()) < 0 for one in (*counts, *lines)):
        return "it counts less than nothing"
    return ""


def _past(counts: Ints) -> bool:
    return bool(counts.size) and int(np.abs(counts).max()) > MOST
