"""Late labels as the algebra takes them: what the model gave the true class."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from stanch.detect import examples
from stanch.engine.watch.labels import labels_of

PLAN = replace(examples.reference().learned.plan, classes=("a", "b", "c"))


def test_the_score_of_a_label_is_that_of_its_class_and_unknown_where_there_is_none() -> None:
    scores = [[0.7, 0.2, 0.1], [0.7, None, 0.3], None, [0.6, 0.4], [0.1, 0.1, 0.8]]
    rows = pa.table(
        {
            "label": ["b", "b", "a", "a", "new"],
            "prediction": ["a"] * 5,
            "contributor": ["one"] * 5,
            "principal": ["two"] * 5,
            "scores": pa.array(scores, pa.list_(pa.float64())),
            "groups": pa.array([None] * 5, pa.map_(pa.string(), pa.string())),
        }
    )
    given = labels_of(rows, PLAN).given
    assert given is not None
    np.testing.assert_allclose(given, [0.2, np.nan, np.nan, np.nan, np.nan])
