import numpy as np
from numpy.typing import NDArray

from stanch.triage.verdict.observations import Base, Now, Observations, Signal
from stanch.triage.verdict.observe import observe
from stanch.triage.verdict.residuals import turned
from stanch.vocabulary.ids import PrincipalId

PEOPLE = 20
USUAL = np.array([[1000, 1000, 1000], [400, 200, 20]])
"""Labels of the baseline at three levels of sureness, and how many say the model was wrong."""
KNOWN = np.zeros(PEOPLE, np.bool_)


def told(wrong: list[int], labels: int = 30) -> NDArray[np.int64]:
    """Labels of twenty principals, as wrong as the baseline's; the first has these wrong ones."""
    own = np.tile(np.array([[labels] * 3, [12, 6, 1]]), (PEOPLE, 1, 1))
    own[0, 1] = wrong
    return own


def nats(wrong: list[int], harder: float = 1.0) -> float:
    found = turned(told(wrong), USUAL, harder, KNOWN)
    assert found is not None
    assert found[1:].max() < 1.0
    return float(found[0])


def test_wrong_labels_on_sure_answers_say_more_than_as_many_on_doubted_ones() -> None:
    assert nats([12, 6, 9]) > 3 * nats([20, 6, 1])
    assert nats([12, 6, 1]) == 0.0


def test_a_model_that_errs_for_all_accuses_nobody() -> None:
    own = np.tile(np.array([[30, 30, 30], [24, 14, 5]]), (PEOPLE, 1, 1))
    found = turned(own, USUAL, 1.0, KNOWN)
    assert found is not None
    assert found.max() < 2.0


def test_who_asks_what_is_harder_may_have_more_wrong_labels() -> None:
    assert nats([14, 9, 6], harder=3.0) < nats([14, 9, 6]) / 3


def test_a_model_may_err_a_little_oftener_for_one_honest_principal_and_not_much() -> None:
    many = np.tile(10 * USUAL, (PEOPLE, 1, 1))
    a_little, much = many.copy(), many.copy()
    a_little[0, 1] = [4480, 2240, 224]
    much[0, 1] = [6400, 3200, 320]
    little, more = (turned(own, USUAL, 1.0, KNOWN) for own in (a_little, much))
    assert little is not None
    assert more is not None
    assert little[0] == 0.0
    assert more[0] > 5


def test_a_newcomer_may_ask_what_is_as_hard_as_anybody_known() -> None:
    own = told([12, 6, 9])
    own[1, 1] = [16, 12, 6]
    new = KNOWN.copy()
    new[0] = True
    known, newcomer = turned(own, USUAL, 1.0, KNOWN), turned(own, USUAL, 1.0, new)
    assert known is not None
    assert newcomer is not None
    assert newcomer[0] < known[0] - 3


def test_without_labels_there_is_no_answer() -> None:
    assert turned(told([12, 6, 1]) * 0, USUAL, 1.0, KNOWN) is None
    assert turned(told([12, 6, 1]), USUAL * 0, 1.0, KNOWN) is None


def window(sure: NDArray[np.int64] | None) -> Observations:
    """The first has eight labels more of the one kind, none of which its number tells."""
    cells = np.tile(np.array([[40, 10], [10, 30]]), (PEOPLE, 1, 1))
    cells[0] = [[40, 10], [18, 22]]
    now = Now(
        principals=tuple(PrincipalId(f"p{n}") for n in range(PEOPLE)),
        rows=np.full(PEOPLE, 90),
        cells=cells,
        sure=sure,
    )
    base = Base(classes=("no", "yes"), cells=np.array([[1333, 333], [333, 1001]]), sure=USUAL)
    return observe(now, base)


def test_how_sure_the_model_was_names_who_turned_labels_and_the_pair() -> None:
    without, seen = window(None), window(told([12, 6, 9]))
    assert without.signals[Signal.PAIR_WHO] < 1
    assert seen.signals[Signal.PAIR_WHO] > 6
    assert seen.suspects[0].principal == "p0"
    assert seen.suspects[0].share > 0.9
    assert seen.pair is not None
    assert (seen.pair.predicted, seen.pair.told) == ("yes", "no")
