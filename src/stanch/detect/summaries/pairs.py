"""Pairs: where an answer and the label that contradicts it are counted, in a line of 64 places.

In    classes as places, and how many classes there are.
Out   the place of each pair.
Why   whoever flips labels flips one pair, and that shows in few labels of one hand; a table of all
      pairs for every hand would be as large as all its other counts.
Math  Up to 8 classes every pair has a place of its own. With more, pairs share places: the pairs
      of one answer are spread over all of them, so that two pairs of one answer seldom meet.
"""

import numpy as np

from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.parts import BLOCK_PAIRS

OWN = 8
"""So many classes have a place for each pair."""
STRIDE = 11
"""With more classes, pairs of the next answer begin so many places on."""


def pair_places(said: Ints, given: Ints, classes: int) -> Ints:
    """The place of each pair of what was answered and what the label gives.

    Classes that the plan does not know, and none at all, count as the classes after the last.
    """
    if classes <= OWN:
        return np.minimum(said, OWN - 1) * OWN + np.minimum(given, OWN - 1)
    return (said * STRIDE + given) % BLOCK_PAIRS
