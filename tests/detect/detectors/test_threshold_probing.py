"""Who asks close to the boundary feels along it, or copies it: how alike the inputs are tells."""

from dataclasses import replace

import numpy as np

from stanch.detect import examples
from stanch.detect.detectors.threshold_probing import DETECTOR
from stanch.detect.summaries.columns import Columns
from stanch.vocabulary.finding import AttackKind, Finding

ROWS = 30


def found(width: float) -> Finding:
    """What is said of one who asks where two classes are level, over inputs this far apart."""

    def near(rows: Columns) -> Columns:
        mine = np.flatnonzero(rows.principals == examples.ODD_ONE)
        asked, said, scores = rows.numbers.copy(), rows.predictions.copy(), rows.scores
        assert scores is not None
        scores = scores.copy()
        asked[mine] = np.random.default_rng(5).normal(0, width, asked[mine].shape)
        said[mine], scores[mine] = 1, [0.02, 0.49, 0.49]
        return replace(rows, numbers=asked, predictions=said, scores=scores)

    (one,) = DETECTOR.seen_in(examples.window(near, n=ROWS * len(examples.NAMES)))
    assert isinstance(one, Finding)
    assert one.suspects[0].principal == examples.NAMES[examples.ODD_ONE]
    return one


def test_far_apart_along_the_whole_boundary_is_how_a_copy_is_made() -> None:
    one = found(8.0)
    assert max(one.points_to, key=lambda k: one.points_to[k]) is AttackKind.EXTRACTION
    assert "lie far from each other" in one.says


def test_like_inputs_on_one_side_of_the_boundary_are_felt_along_it() -> None:
    one = found(0.2)
    assert max(one.points_to, key=lambda k: one.points_to[k]) is AttackKind.THRESHOLD_PROBING
    assert "lie far from each other" not in one.says
