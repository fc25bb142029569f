"""The tally: what the alarms are told of a minute."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.alarms.reading import Stream
from stanch.detect.alarms.watch import Watch
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.record import Record
from stanch.detect.window import Baseline
from stanch.engine.watch.golden import Seasons
from stanch.engine.watch.minutes import Minute
from stanch.engine.watch.tally import Tally
from stanch.vocabulary.span import Span

HOUR = Span(start=examples.START, end=examples.START + timedelta(hours=1))


def tally() -> Tally:
    known = examples.reference()
    golden = known.learned.golden
    whole = Baseline(
        plan=known.learned.plan,
        golden=golden.summary,
        digest=known.digest,
        habits=golden.ledger.seal(),
    )
    return Tally(
        asset=examples.asset(),
        version="v7",
        baseline=Seasons(whole, {}, {}),
        alarms=Watch(plan=known.ready.digest),
    )


def shifted(share: int, *, one: bool) -> Columns:
    """A minute in which all but one row in `share` are moved, by one principal or by everybody."""
    rows = examples.columns(2000, 77)
    loud = np.arange(rows.n) % share != 0
    who = np.where(loud & one, examples.ODD_ONE, rows.principals).astype(np.int32)
    return replace(rows, principals=who, numbers=rows.numbers + 0.5 * loud[:, None])


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("one", [False, True])
def test_a_shift_is_told_when_it_comes_from_everybody_and_not_from_a_burst(
    one: bool, over: bool
) -> None:
    held = tally()
    rows = shifted(4, one=one)
    held.add(examples.START, Minute(counted=counted(examples.reference().ready, rows)))
    if over:
        assert held.seal(HOUR.end)
    reading = held.window(HOUR, Record()).readings[Stream.NUMBERS]
    assert reading.alarm is not one
