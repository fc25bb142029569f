"""Doubted labels: the model held for unlikely what a label names, and that tells few flips."""

from dataclasses import replace

import numpy as np
import pytest
from tests.detect.habits.test_contributors import HANDS, plan_of

from stanch.detect.alarms.rates import BAR
from stanch.detect.habits.bar import bar
from stanch.detect.habits.contributors import ENOUGH, accused_of
from stanch.detect.habits.pair_counts import doubted
from stanch.detect.summaries.columns import NEW_CODE, Labels
from stanch.detect.summaries.count import labels_counted
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import BLOCK_PAIRS, DOUBT, Block, Part

CLASSES = 10
PLAN = plan_of(CLASSES)


def labels(n: int, seed: int, wrong: float = 0.04) -> Labels:
    """Labels of a model that gives the truth half of its answer's score where it errs."""
    dice = np.random.default_rng(seed)
    said = dice.integers(0, CLASSES, n)
    hit = dice.random(n) < wrong
    truth = np.where(hit, (said + dice.integers(1, CLASSES, n)) % CLASSES, said)
    return Labels(
        truth=truth.astype(np.int32),
        predictions=said.astype(np.int32),
        confidence=np.full(n, 0.6),
        principals=dice.integers(0, HANDS, n).astype(np.int32),
        names=tuple(f"hand-{k:02}" for k in range(HANDS)),
        given=np.where(hit, 0.3, 0.6),
    )


def flipped(late: Labels, most: int, score: float) -> Labels:
    """The first labels of one hand on answers 1 name 0, to which the model gave this score."""
    mine = np.flatnonzero((late.principals == 7) & (late.truth == 1) & (late.predictions == 1))
    truth, given = late.truth.copy(), late.given
    assert given is not None
    given = given.copy()
    truth[mine[:most]], given[mine[:most]] = 0, score
    return replace(late, truth=truth, given=given)


def ledger(late: Labels) -> Ledger:
    return labels_counted(PLAN, late).ledger.seal()


def named(late: Labels, *, then: Labels | None = None) -> list[tuple[str, int, int]]:
    golden = labels_counted(PLAN, labels(4000, 1) if then is None else then)
    found = accused_of(ledger(late), golden.summary.sums[Part.LABELLED], golden.ledger.seal())
    return [(a.name, a.pair.said, a.pair.given) for a in found]


NOW = labels(2000, 22)


def test_six_labels_that_the_model_never_doubted_name_a_hand_that_six_likely_ones_do_not() -> None:
    assert named(flipped(NOW, 6, 0.01)) == [("hand-07", 1, 0)]
    assert named(flipped(NOW, 6, 0.3)) == []


def test_nobody_is_accused_under_the_bar_that_all_hands_and_looks_share() -> None:
    golden = labels_counted(PLAN, labels(4000, 1))
    then, habits = golden.summary.sums[Part.LABELLED], golden.ledger.seal()
    told = [
        one
        for most in range(1, 10)
        for score in (0.01, 0.3)
        for one in accused_of(ledger(flipped(NOW, most, score)), then, habits)
    ]
    assert told
    for one in told:
        assert one.strength >= -bar(10.0**-BAR, HANDS, 1, one.labels, ENOUGH)


def test_a_label_is_doubted_under_a_tenth_of_the_answers_score_and_not_at_it() -> None:
    below, at = (
        ledger(flipped(NOW, 3, 0.6 * share)).everybody(Block.DOUBTED)[:BLOCK_PAIRS].sum()
        for share in (DOUBT * 0.999, DOUBT * 1.001)
    )
    assert (below, at) == (3, 0)


def test_labels_of_which_no_score_is_known_are_not_counted_as_doubted_nor_as_scored() -> None:
    late = flipped(NOW, 3, 0.01)
    assert late.given is not None
    given = late.given.copy()
    given[: late.n // 2] = np.nan
    told = ledger(replace(late, given=given)).everybody(Block.DOUBTED)
    assert told[BLOCK_PAIRS] == late.n - late.n // 2
    assert not ledger(replace(late, given=None)).everybody(Block.DOUBTED).any()
    none = replace(late, confidence=np.full(late.n, np.nan))
    assert not ledger(none).everybody(Block.DOUBTED).any()


def test_without_scores_the_pairs_alone_judge() -> None:
    assert doubted(ledger(replace(NOW, given=None)), np.arange(HANDS), None, CLASSES) is None
    many = replace(flipped(NOW, 99, 0.01), given=None)
    assert named(many) == [("hand-07", 1, 0)]


def test_a_baseline_whose_labels_had_no_scores_is_no_proof_that_such_labels_are_rare() -> None:
    seen = ledger(flipped(NOW, 4, 0.01))
    before = ledger(replace(labels(4000, 1), given=None))
    told = doubted(seen, np.arange(HANDS), before, CLASSES)
    assert told is not None
    assert not told.then_rows.any()
    scored = doubted(seen, np.arange(HANDS), ledger(labels(4000, 1)), CLASSES)
    assert scored is not None
    assert scored.then_rows.sum() == 4000


def test_labels_of_others_without_scores_are_taken_off_those_that_were_not_doubted() -> None:
    late = flipped(NOW, 4, 0.01)
    assert late.given is not None
    half = replace(late, given=np.where(late.principals % 2 == 0, np.nan, late.given))
    told = doubted(ledger(half), np.arange(HANDS), None, CLASSES)
    assert told is not None
    assert told.unknown == (late.principals % 2 == 0).sum()
    _, rest = told.rest()
    everybody = told.rows.sum(axis=0) - told.rows
    assert (rest <= np.maximum(everybody - told.unknown, 9)).all()
    assert (rest >= 0).all()


def test_more_classes_than_have_places_are_judged_by_all_labels_alone() -> None:
    assert doubted(ledger(NOW), np.arange(HANDS), None, 17) is None


def test_a_label_of_a_class_nobody_knows_has_no_score_and_does_not_raise() -> None:
    late = replace(NOW, truth=np.where(np.arange(NOW.n) % 9 == 0, NEW_CODE, NOW.truth))
    assert named(replace(late, truth=late.truth.astype(np.int32))) == []


@pytest.mark.parametrize("pieces", [2, 7])
def test_shards_in_any_order_count_the_same_bytes(pieces: int) -> None:
    late = flipped(NOW, 5, 0.01)
    assert late.given is not None
    order = np.random.default_rng(pieces).permutation(late.n)
    counted = None
    for rows in np.array_split(order, pieces):
        one = replace(
            late,
            truth=late.truth[rows],
            predictions=late.predictions[rows],
            confidence=late.confidence[rows],
            principals=late.principals[rows],
            given=late.given[rows],
        )
        part = labels_counted(PLAN, one)
        counted = part if counted is None else counted.merge(part)
    assert counted is not None
    whole = labels_counted(PLAN, late)
    assert counted.ledger.to_bytes() == whole.ledger.to_bytes()
    again = Ledger.from_bytes(whole.ledger.to_bytes())
    assert (again.block(Block.DOUBTED) == whole.ledger.block(Block.DOUBTED)).all()


def test_careless_honest_hands_accuse_nobody() -> None:
    for seed in range(30):
        late = labels(2000, 100 + seed)
        dice = np.random.default_rng(200 + seed)
        hit = (late.principals % 4 == 0) & (dice.random(late.n) < 0.05)
        other = (late.truth + dice.integers(1, CLASSES, late.n)) % CLASSES
        assert late.given is not None
        given = np.where(hit, 0.01, late.given)
        truth = np.where(hit, other, late.truth).astype(np.int32)
        assert named(replace(late, truth=truth, given=given)) == []
