"""Near the boundary are the least sure answers, and none that is sure."""

import numpy as np
import pytest

from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.learn import SURE, Schema, learned
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.ready import ready


def answers(margins: np.ndarray) -> Columns:
    n = len(margins)
    return Columns(
        numbers=np.random.default_rng(3).normal(size=(n, 2)),
        principals=np.zeros(n, np.int32),
        names=("one",),
        categories=np.zeros((n, 0), np.int32),
        predictions=np.zeros(n, np.int32),
        ticks=np.zeros(n, np.int64),
        scores=np.stack([(1 + margins) / 2, (1 - margins) / 2], axis=1),
    )


def test_a_model_that_is_nearly_always_sure_has_few_answers_near_its_boundary() -> None:
    dice = np.random.default_rng(5)
    sure = 1 - dice.exponential(0.001, 2_000)
    sure[:4] = 0.2
    found = learned(Schema(numbers=("a", "b"), classes=("x", "y")), answers(sure))
    assert found.plan.near == SURE
    later = counted(ready(found.plan), answers(1 - 2 * (1 - sure[4:])))
    assert found.golden.summary.sums[Part.NEAR] == 4
    assert later.summary.sums[Part.NEAR] == 0


def test_of_a_model_that_doubts_the_least_sure_twentieth_is_near() -> None:
    margins = np.random.default_rng(5).uniform(0, 1, 2_000)
    found = learned(Schema(numbers=("a", "b"), classes=("x", "y")), answers(margins))
    assert found.plan.near == pytest.approx(np.quantile(margins, 0.05))
