from dataclasses import replace

import numpy as np

from stanch.detect import examples
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.ready import ready
from stanch.engine.observing import observed
from stanch.triage.verdict.observations import Signal


def test_who_sends_shuffled_rows_is_named_by_how_odd_they_are_in_a_windows_own_counts() -> None:
    window = examples.window()
    base = window.baseline
    assert base is not None
    rows = examples.columns(2000)
    quiet = counted(ready(base.plan), rows)
    dice = np.random.default_rng(5)
    numbers = rows.numbers.copy()
    his = np.flatnonzero(rows.principals == examples.ODD_ONE)[:30]
    for column in range(numbers.shape[1]):
        numbers[his, column] = dice.permutation(rows.numbers[:, column])[: len(his)]
    odd = counted(ready(base.plan), replace(rows, numbers=numbers))
    calm, seen = (
        observed(replace(window, now=one.summary, ledger=one.ledger.seal())) for one in (quiet, odd)
    )
    assert calm.signals[Signal.OFF_WHO] < 2
    assert seen.signals[Signal.OFF_WHO] > 10
    assert seen.suspects[0].principal == examples.NAMES[examples.ODD_ONE]
