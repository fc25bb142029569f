"""A few numbers changed, and steps as long in every number: what single numbers of inputs tell."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.habits.changes import change_way, need_of, of_one
from stanch.detect.habits.people import people
from stanch.detect.habits.strides import stride_way, strided
from stanch.detect.registry import detectors
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.ready import ready, singles_of
from stanch.detect.summaries.sample import ALONE
from stanch.detect.window import Baseline, Window
from stanch.vocabulary.finding import AttackKind, Finding
from stanch.vocabulary.ids import digest_of

WIDTH, PEOPLE = 12, 20
MIX = np.random.default_rng(5).normal(size=(6, WIDTH))


def drawn(rows: int, seed: int) -> Floats:
    """Ordinary inputs: twelve numbers of six causes, and a little of each by itself."""
    dice = np.random.default_rng(seed)
    return dice.normal(size=(rows, 6)) @ MIX + 0.5 * dice.normal(size=(rows, WIDTH))


def coded(rows: int, seed: int) -> Floats:
    """Ordinary inputs of another kind: three amounts, and nine codes that are nearly always one."""
    dice = np.random.default_rng(seed)
    amounts = dice.integers(0, 90, (rows, 3))
    return np.concatenate([amounts, dice.random((rows, WIDTH - 3)) < 0.1], axis=1).astype(float)


def columns(asked: dict[str, Floats]) -> Columns:
    x = np.concatenate(list(asked.values()))
    sure = 1 / (1 + np.exp(-x[:, 0]))
    who = np.repeat(np.arange(len(asked)), [len(a) for a in asked.values()])
    return Columns(
        numbers=x,
        principals=who.astype(np.int32),
        names=tuple(asked),
        categories=np.zeros((len(x), 0), np.int32),
        predictions=(sure > 0.5).astype(np.int32),
        ticks=np.arange(len(x), dtype=np.int64) * 100_000,
        scores=np.stack([1 - sure, sure], axis=1),
    )


@cache
def baseline(kind: Callable[[int, int], Floats] = drawn) -> Baseline:
    ordinary = {f"user-{n:02}": kind(80, n) for n in range(PEOPLE)}
    schema = Schema(numbers=tuple(f"n{i}" for i in range(WIDTH)), classes=("no", "yes"))
    found = learned(schema, columns(ordinary))
    return Baseline(
        plan=found.plan,
        golden=found.golden.summary,
        digest=digest_of(found.golden.summary.to_bytes()),
        habits=found.golden.ledger.seal(most=1024),
    )


def window(asked: Floats, kind: Callable[[int, int], Floats] = drawn) -> Window:
    """What `asked` asked, among ordinary people."""
    base = baseline(kind)
    people = {f"user-{n:02}": kind(40, 100 + n) for n in range(PEOPLE)}
    total = counted(ready(base.plan), columns({**people, "odd": asked}))
    ledger = total.ledger.seal(most=1024)
    return replace(examples.nothing_seen(), baseline=base, now=total.summary, ledger=ledger)


def pushed(rows: int, seed: int = 7) -> Floats:
    """One input, in which two of twelve numbers go far."""
    dice = np.random.default_rng(seed)
    found = np.repeat(drawn(1, seed), rows, axis=0)
    for row in found:
        row[dice.choice(WIDTH, 2, replace=False)] += dice.choice([-6.0, 6.0], 2)
    return found


def stepped(seeds: int, seed: int = 8) -> Floats:
    """Some inputs, and each again a step up or down in every number, as it comes."""
    dice = np.random.default_rng(seed)
    start = drawn(seeds, seed)
    return np.concatenate([start, start + 0.7 * dice.choice([-1.0, 1.0], start.shape)])


def said(name: str, seen: Window) -> list[Finding]:
    return [f for f in detectors()[name].seen_in(seen) if isinstance(f, Finding)]


def named(name: str, seen: Window) -> set[str]:
    return {s.principal for f in said(name, seen) for s in f.suspects}


@pytest.mark.parametrize("cover", [0, 10], ids=["alone", "under half cover"])
def test_few_numbers_changed_from_end_to_end_are_a_search(cover: int) -> None:
    seen = window(np.concatenate([pushed(10 + cover), drawn(cover, 9)]))
    (found,) = said("evasion_search", seen)
    assert [s.principal for s in found.suspects] == ["odd"]
    assert "a few numbers changed each time" in found.says
    assert max(found.points_to, key=lambda kind: found.points_to[kind]) is AttackKind.EVASION


def test_an_amount_that_stays_tells_a_search_and_a_code_that_everybody_has_does_not() -> None:
    dice = np.random.default_rng(11)
    tries = np.repeat(coded(1, 12), 40, axis=0)
    pushed = np.where(
        dice.random(tries.shape) < 0.1, dice.choice([0.0, 45.0, 90.0], tries.shape), tries
    )
    assert named("evasion_search", window(pushed, coded)) == {"odd"}
    assert named("evasion_search", window(coded(40, 13), coded)) == set()


def test_ordinary_people_are_neither_changing_nor_stepping() -> None:
    seen = window(drawn(60, 10))
    assert named("evasion_search", seen) | named("extraction", seen) == set()


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_who_puts_a_form_right_before_the_next_one_searches_nothing(times: int) -> None:
    forms = np.concatenate([pushed(1 + times, seed) for seed in range(20, 40)])
    assert named("evasion_search", window(forms)) == set()


def test_forms_put_right_hide_no_search() -> None:
    forms = np.concatenate([pushed(2, seed) for seed in range(20, 24)])
    assert named("evasion_search", window(np.concatenate([forms, pushed(10)]))) == {"odd"}


def test_many_inputs_each_changed_often_are_no_search_around_one() -> None:
    many = np.concatenate([pushed(5, seed) for seed in range(20, 30)])
    seen = window(many)
    assert seen.ledger is not None
    line = seen.ledger.names.index("odd")
    assert not of_one(baseline(), seen.ledger, line)
    assert "Several inputs" in said("evasion_search", seen)[0].says
    one = window(pushed(10))
    assert one.ledger is not None
    assert of_one(baseline(), one.ledger, one.ledger.names.index("odd"))


def test_steps_as_long_in_every_number_are_a_copy_whatever_their_signs() -> None:
    seen = window(stepped(10))
    assert seen.ledger is not None
    who = people(seen.ledger, 6, baseline().habits)
    way = stride_way("", baseline(), who)
    assert way is not None
    assert way.rarity[who.names.index("odd")] < -5
    (found,) = said("extraction", seen)
    assert {s.principal for s in found.suspects} == {"odd"}


def test_strides_are_the_same_only_where_no_input_is_shared() -> None:
    signs = np.random.default_rng(1).choice([-1, 1], (3, 8))
    start = np.random.default_rng(2).integers(-40, 40, (3, 8))
    pairs = np.concatenate([start, start + signs * np.arange(6, 14)]).astype(np.int8)
    assert strided(pairs) == 2
    around = np.concatenate([start[:1], start[:1] + signs * np.arange(6, 14)]).astype(np.int8)
    assert strided(around) == 0
    assert strided(pairs[:3]) == 0


def test_a_baseline_whose_cards_keep_no_single_numbers_accuses_nobody() -> None:
    base, seen = baseline(), window(pushed(20))
    assert base.habits is not None
    assert seen.ledger is not None
    cards = base.habits.cards.copy()
    cards[..., ALONE] = 0
    old = replace(base, habits=replace(base.habits, cards=cards))
    who = people(seen.ledger, 6, old.habits)
    assert need_of(base) > 0
    assert change_way("", old, who) is None
    assert stride_way("", old, who) is None


def test_inputs_of_before_whose_single_numbers_are_not_known_are_like_nothing() -> None:
    seen = window(pushed(20))
    assert seen.ledger is not None
    cards = seen.ledger.cards.copy()
    cards[..., ALONE] = 0
    who = people(replace(seen.ledger, cards=cards), 6, baseline().habits)
    way = change_way("", baseline(), who)
    assert way is not None
    assert not way.shown.any()


def test_the_numbers_kept_are_those_that_vary_freely_and_no_more_than_eight() -> None:
    dice = np.random.default_rng(3)
    free, few = dice.normal(size=(600, 30)), dice.integers(0, 3, (600, 10)).astype(float)
    x = np.concatenate([few, free, np.full((600, 2), 4.0)], axis=1)
    schema = Schema(numbers=tuple(f"n{i}" for i in range(x.shape[1])), classes=("no", "yes"))
    kept = singles_of(learned(schema, columns({"one": x})).plan)
    assert len(kept) == 8
    assert kept.min() >= 10
    assert kept.max() < 40
    assert np.diff(kept).min() >= 3
