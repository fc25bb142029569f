"""Fairness gap: one group's change is told, everybody's is not, a group of one is not judged."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Stream
from stanch.detect.alarms.watch import Watch
from stanch.detect.detectors.fairness_gap import DETECTOR, Gap, Rate
from stanch.detect.summaries.columns import Columns, Labels
from stanch.detect.summaries.count import Counted, counted, labels_counted, nothing
from stanch.detect.summaries.learn import learned
from stanch.detect.summaries.ready import ready
from stanch.detect.window import Baseline, Window
from stanch.vocabulary.finding import AttackKind, Blind, Finding
from stanch.vocabulary.span import Span


def seen(one: Window) -> list[Finding]:
    return [s for s in DETECTOR.seen_in(one) if isinstance(s, Finding)]


def test_the_group_that_moved_is_named_and_the_other_is_not() -> None:
    (one,) = seen(DETECTOR.fires_on())
    assert one.groups == ("sex=f",)


def test_a_change_that_is_everybodys_is_no_gap() -> None:
    def stricter(rows: Columns) -> Columns:
        said = rows.predictions.copy()
        said[(said == 2) & (np.arange(rows.n) % 2 == 0)] = 0
        return replace(rows, predictions=said)

    assert not seen(examples.window(stricter))


def test_wrong_answers_for_one_group_are_told_from_late_labels_alone() -> None:
    late = examples.labels(examples.columns(3000, seed=71), seed=71)
    women = late.groups[0][1]
    truth = late.truth.copy()
    refused = women[late.predictions[women] == 0][::2]
    truth[refused] = 2
    counted = labels_counted(examples.reference().ready, replace(late, truth=truth))
    (one,) = seen(examples.window_of([], late=counted))
    assert one.groups == ("sex=f",)
    assert "wrong where the truth is 'yes'" in one.says


def test_labels_of_one_class_need_not_be_as_many_as_a_group() -> None:
    """Each label that is waited for is a person who was passed over."""
    rows = examples.columns(115, seed=71)
    late = examples.labels(rows, seed=71)
    women = late.groups[0][1]
    truth = late.truth.copy()
    truth[women] = late.predictions[women]
    passed_over = women[late.predictions[women] == 0][:20]
    truth[passed_over] = 2
    counted = labels_counted(examples.reference().ready, replace(late, truth=truth))
    one = examples.window_of([], late=counted)
    (found,) = seen(one)
    assert found.groups == ("sex=f",)
    assert 20 <= int(found.says.partition(" cases")[0].rpartition(" ")[2]) < 50


def test_a_few_rows_that_are_all_alike_are_as_likely_as_the_baseline_says() -> None:
    usual = Rate(odd=20, rows=20, odd_then=800, rows_then=1000)
    rare = Rate(odd=20, rows=20, odd_then=310, rows_then=1000)
    same = Rate(odd=800, rows=1000, odd_then=800, rows_then=1000)
    low = Rate(odd=310, rows=1000, odd_then=310, rows_then=1000)
    assert gap_of(usual, same).certain < 3
    assert gap_of(rare, low).certain > 4


def test_where_others_ask_and_like_cases_are_answered_alike_it_waits() -> None:
    rows = others()
    (one,) = seen(labelled(rows, rows))
    assert one.waits
    assert one.groups == ("sex=m",)
    assert one.says.endswith("by their labels, like cases are answered alike.")
    assert not one.points_to


def test_where_others_ask_and_the_model_harms_a_group_it_is_told() -> None:
    rows = others()
    (one,) = seen(labelled(passing_over_women(rows), rows))
    assert one.groups == ("sex=f",)
    assert not one.waits
    assert one.points_to[AttackKind.FAIRNESS_HARM] >= 0.5


def test_where_others_ask_and_no_label_tells_it_is_blind_not_quiet() -> None:
    said = DETECTOR.seen_in(labelled(others(), None))
    assert [type(s) for s in said] == [Blind]


def test_labels_that_agree_with_the_harm_excuse_nothing_while_nobody_else_asks() -> None:
    harmed = passing_over_women(examples.columns(3000, seed=71))
    (one,) = seen(labelled(harmed, harmed))
    assert one.groups == ("sex=f",)
    assert not one.waits


def others() -> Columns:
    """Fewer of the men whom the answer is no: the inputs move, the model does not."""
    rows = examples.columns(4000, seed=71)
    men = rows.groups[1][1]
    gone = men[rows.predictions[men] == 0][::2]
    return examples.taken(rows, np.setdiff1d(np.arange(rows.n), gone))


def passing_over_women(rows: Columns) -> Columns:
    said = rows.predictions.copy()
    women = rows.groups[0][1]
    said[women[said[women] == 2][::2]] = 0
    return replace(rows, predictions=said)


def labelled(rows: Columns, truth: Columns | None) -> Window:
    """The window of these rows, with what is true of them by other answers than theirs."""
    ready = examples.reference().ready
    parts = [counted(ready, part) for part in examples.split(rows, 6)]
    if truth is None:
        return examples.window_of(parts)
    late = replace(examples.labels(truth, seed=71), predictions=rows.predictions)
    return examples.window_of(parts, late=labels_counted(ready, late))


def gap_of(own: Rate, others: Rate) -> Gap:
    return Gap(group="sex=f", what="answered 'yes'", own=own, others=others, strength=9.0)


def test_a_group_of_one_person_is_blind_and_never_named() -> None:
    def alone(rows: Columns) -> Columns:
        first = rows.groups[0][1][:1]
        said = rows.predictions.copy()
        said[first] = 0
        return replace(rows, predictions=said, groups=((0, first), rows.groups[1]))

    said = DETECTOR.seen_in(examples.window(alone))
    assert any(isinstance(s, Blind) for s in said)
    assert not [s for s in said if isinstance(s, Finding)]


def test_labels_without_groups_are_blind() -> None:
    late: Labels = replace(examples.labels(examples.columns(500)), groups=())
    counted = labels_counted(examples.reference().ready, late)
    (said,) = DETECTOR.seen_in(examples.window_of([], late=counted))
    assert isinstance(said, Blind)


TEN = replace(examples.SCHEMA, classes=tuple(f"c{k}" for k in range(10)))
SPAN = Span(start=examples.START, end=examples.START + timedelta(minutes=20))


class Town:
    """Ten classes, two groups; of each the share of wrong answers is what a test says."""

    def __init__(self) -> None:
        rows = replace(examples.columns(400, seed=7), scores=None)
        self.ready = ready(learned(TEN, rows).plan)
        self.dice = np.random.default_rng(1)
        self.golden = nothing(self.ready.plan)
        self.watch = Watch(plan=self.ready.digest)
        self.last = nothing(self.ready.plan)

    def labels(self, women: float, men: float, *, of_first: float = 0.1) -> Counted:
        """Two hundred labels; of the first class, which is hard, so many."""
        rows = np.arange(200, dtype=np.int32)
        others = (1 - of_first) / 9
        truth = self.dice.choice(10, 200, p=[of_first, *[others] * 9]).astype(np.int32)
        female = self.dice.random(200) < 0.5
        wrong = self.dice.random(200) < np.where(truth == 0, 0.3, np.where(female, women, men))
        off = 1 + self.dice.integers(0, 9, 200)
        late = Labels(
            truth=truth,
            predictions=np.where(wrong, (truth + off) % 10, truth).astype(np.int32),
            confidence=np.full(200, 0.9),
            principals=np.zeros(200, np.int32),
            names=("bank",),
            groups=((0, rows[female]), (1, rows[~female])),
            given=None,
        )
        return labels_counted(self.ready, late)

    def learn(self) -> None:
        for _ in range(20):
            self.golden = self.golden.merge(self.labels(0.05, 0.05))

    def see(self, batches: int, women: float, men: float, *, of_first: float = 0.1) -> Window:
        """The window of these batches, one after the other."""
        golden, plan = self.golden, self.ready.plan
        for _ in range(batches):
            now = self.labels(women, men, of_first=of_first)
            self.watch = self.watch.after(now.summary, golden.summary, plan)
            self.last = self.last.merge(now)
        habits = golden.ledger.seal()
        base = Baseline(plan=plan, golden=golden.summary, digest=self.ready.digest, habits=habits)
        return Window(
            asset=examples.asset(),
            span=SPAN,
            version="v7",
            baseline=base,
            now=self.last.summary,
            ledger=self.last.ledger.seal(),
            readings=self.watch.readings(plan),
        )


def test_a_harm_that_lies_thinly_over_all_classes_of_a_group_is_told() -> None:
    town = Town()
    town.learn()
    assert not seen(town.see(20, 0.05, 0.05))
    town.last = nothing(town.ready.plan)
    (one,) = seen(town.see(20, 0.15, 0.05))
    assert one.groups == ("sex=f",)
    assert "Group sex=f is answered wrongly in" in one.says
    assert one.measured["growth of the gap"] > 0.05


def test_a_loss_that_is_everybodys_is_no_gap_though_the_alarm_sounds() -> None:
    town = Town()
    town.learn()
    window = town.see(20, 0.15, 0.15)
    assert window.readings[Stream.GROUP_ERRORS].alarm
    assert not seen(window)


def test_more_of_a_class_that_the_model_is_bad_at_is_nobodys_harm() -> None:
    town = Town()
    town.learn()
    window = town.see(20, 0.05, 0.05, of_first=0.5)
    assert window.readings[Stream.GROUP_ERRORS].alarm
    assert not seen(window)
