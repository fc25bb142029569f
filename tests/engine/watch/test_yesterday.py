from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.summaries.count import Counted, counted
from stanch.detect.window import Usage, Window
from stanch.engine.observing import observed
from stanch.engine.watch.hop import HOP
from stanch.engine.watch.memory import OF_A_DAY, use_in, used, windows_of
from stanch.engine.watch.minutes import Minute
from stanch.engine.watch.yesterday import of_answers
from stanch.triage.verdict.observations import Signal
from stanch.triage.verdict.past import TASTES
from stanch.vocabulary.span import Span

START = examples.START
BASE = examples.window().baseline
ROWS = 500


def hop(seed: int, *, odd: int = 0) -> Counted:
    """Answers of one hop; the odd one sends so many whose numbers are of different rows."""
    rows = examples.columns(ROWS, seed)
    numbers = rows.numbers.copy()
    his = np.flatnonzero(rows.principals == examples.ODD_ONE)[:odd]
    dice = np.random.default_rng(5)
    for column in range(numbers.shape[1]):
        numbers[his, column] = dice.permutation(rows.numbers[:, column])[: len(his)]
    return counted(examples.reference().ready, replace(rows, numbers=numbers))


@pytest.fixture(scope="module")
def day() -> tuple[Usage, ...]:
    """The hops of a few hours, kept one after the other."""
    kept: tuple[Usage, ...] = ()
    for n in range(14):
        minute = Minute(counted=hop(40 + n))
        kept = used(kept, use_in(START - (14 - n) * HOP, [minute], BASE))
    return kept


def window(usage: tuple[Usage, ...], seen: Counted) -> Window:
    """These answers, after those hops."""
    return replace(
        examples.window(),
        span=Span(start=START, end=START + 2 * HOP),
        now=seen.summary,
        ledger=seen.ledger.seal(),
        usage=windows_of(usage, START),
    )


def test_a_hop_keeps_what_a_verdict_of_tomorrow_asks_and_no_names() -> None:
    use = of_answers(Usage(start=START, events=ROWS), [hop(40), hop(41)], BASE)
    assert use.unusual == pytest.approx(2 * ROWS * 0.1, rel=0.5)
    assert sum(map(sum, use.places)) == 2 * ROWS * 4
    assert len(use.stood) == len(TASTES)
    assert use.people == len(examples.NAMES)
    assert use.stood[0] <= use.stood[-1]
    bare = Usage(start=START, events=ROWS)
    assert of_answers(bare, [], BASE) == bare == of_answers(bare, [hop(40)], None)


def test_two_hops_are_told_as_one_window_and_after_a_day_the_places_are_let_go() -> None:
    one = Usage(start=START, events=1, places=((1, 2),), stood=(0.5,), unusual=3, people=4)
    two = replace(one, start=START + HOP, places=(), stood=(1.0,), people=5)
    (both,) = windows_of((one, two), START + 2 * HOP)
    assert (both.places, both.stood, both.unusual, both.people) == (((1, 2),), (1.5,), 6, 5)
    kept: tuple[Usage, ...] = ()
    for n in range(OF_A_DAY + 3):
        kept = used(kept, replace(one, start=START + n * HOP))
    assert [bool(u.places) for u in kept].count(True) == OF_A_DAY
    assert not kept[0].places
    assert kept[0].unusual == 3


def test_odd_rows_of_one_say_more_after_hours_in_which_people_were_alike(
    day: tuple[Usage, ...],
) -> None:
    seen = hop(77, odd=12)
    loud = tuple(replace(u, stood=tuple(20.0 for _ in TASTES)) for u in day)
    alike, unlike = (observed(window(u, seen)).signals[Signal.OFF_WHO] for u in (day, loud))
    assert alike > 1.1 * unlike > 5


def test_a_past_that_is_short_or_was_counted_otherwise_is_not_asked(
    day: tuple[Usage, ...],
) -> None:
    seen = hop(77)
    old = tuple(replace(u, stood=(), places=(), unusual=0) for u in day)
    thin = tuple(replace(u, scored=u.scored // 20) for u in day)
    other = tuple(replace(u, plan="of before") for u in day)
    late = tuple(replace(u, start=u.start - timedelta(days=2)) for u in day)
    assert observed(window(day, seen)).moved is not None
    for hops in (old, thin, other, late, day[:6]):
        assert observed(window(hops, seen)).moved is None
