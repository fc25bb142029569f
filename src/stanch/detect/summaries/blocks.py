"""The blocks of a principal's line: what is counted of each, and where in the line it stands.

In    the sizes of the parts.
Out   `BLOCK_SHAPES`, `PLACES`, and the `WIDTH` of a line.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

from stanch.detect.summaries.parts import (
    BLOCK_CLASSES,
    BLOCK_LEVELS,
    BLOCK_PAIRS,
    BLOCK_SURE,
    BLOCK_TICKS,
    BLOCK_WAVES,
    MAIN_AXES,
    STATUSES,
    Block,
)

BUCKETS = 64
"""Lines of everybody, by hash."""

BLOCK_SHAPES: Mapping[Block, tuple[int, ...]] = MappingProxyType(
    {
        Block.ROWS: (1,),
        Block.MARGIN: (BLOCK_LEVELS,),
        Block.PREDICTIONS: (BLOCK_CLASSES + 2,),
        Block.WAVES: (BLOCK_WAVES,),
        Block.MOMENTS: (2, MAIN_AXES),
        Block.OFF: (1,),
        Block.ODD: (1,),
        Block.NEAR: (1,),
        Block.HITS: (1,),
        Block.COST: (1,),
        Block.TOKENS: (1,),
        Block.STATUS: (STATUSES,),
        Block.TICKS: (BLOCK_TICKS,),
        Block.LABELLED: (2,),
        Block.GUESSED: (BLOCK_CLASSES + 2,),
        Block.MISSED: (BLOCK_CLASSES + 2,),
        Block.GIVEN: (BLOCK_CLASSES + 2,),
        Block.PAIRS: (BLOCK_PAIRS,),
        Block.CANARIES: (1,),
        Block.BETWEEN: (1,),
        Block.UNUSUAL: (1,),
        Block.FAR: (1,),
        Block.SURE: (2, BLOCK_SURE),
        Block.DOUBTED: (BLOCK_PAIRS + 1,),
        Block.STRAYED: (1,),
    }
)


def _places() -> Mapping[Block, slice]:
    at = 0
    places: dict[Block, slice] = {}
    for block, shape in BLOCK_SHAPES.items():
        places[block] = slice(at, at + math.prod(shape))
        at += math.prod(shape)
    return MappingProxyType(places)


PLACES = _places()
WIDTH = max(place.stop for place in PLACES.values())
