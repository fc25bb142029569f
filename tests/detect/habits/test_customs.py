"""Customs: what was usual in windows of the baseline names nobody; one alone makes no custom."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.habits.customs import WINDOWS, customs_of, fullest
from stanch.detect.registry import detectors
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.parts import SAMPLED
from stanch.detect.summaries.ready import ready
from stanch.detect.window import Baseline
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import digest_of

WIDTH, PEOPLE, LOOKS, EACH, TRIES = 12, 16, 120, 24, 4
MIX = np.random.default_rng(5).normal(size=(6, WIDTH))


def ordinary(rows: int, seed: int) -> Floats:
    dice = np.random.default_rng(seed)
    return dice.normal(size=(rows, 6)) @ MIX + 0.5 * dice.normal(size=(rows, WIDTH))


def played_with(rows: int, seed: int) -> Floats:
    """A few cases, each of which is tried with another number moved far."""
    dice = np.random.default_rng(seed)
    found = ordinary(rows // TRIES, seed).repeat(TRIES, axis=0)
    moved = dice.integers(WIDTH, size=len(found)), dice.choice([-6.0, 6.0], len(found))
    found[np.arange(len(found)), moved[0]] += moved[1]
    return found


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
def baseline(players: int) -> Baseline:
    """Many windows of people, the first few of whom play with other cases in each."""
    week = {
        f"user-{n:02}": np.concatenate(
            [
                (played_with if n < players else ordinary)(EACH, 100 * look + n)
                for look in range(LOOKS)
            ]
        )
        for n in range(PEOPLE)
    }
    rows = columns(week)
    found = learned(
        Schema(numbers=tuple(f"n{i}" for i in range(WIDTH)), classes=("no", "yes")), rows
    )
    plan, looks = ready(found.plan), np.tile(np.arange(LOOKS).repeat(EACH), PEOPLE)
    parts = fullest(rows.principals.astype(np.int64), looks)
    x = rows.numbers
    windows = (
        {name: x[some & (rows.principals == n)] for n, name in enumerate(week)} for some in parts
    )
    return Baseline(
        plan=found.plan,
        golden=found.golden.summary,
        digest=digest_of(found.golden.summary.to_bytes()),
        habits=found.golden.ledger.seal(most=1024),
        customs=customs_of(counted(plan, columns(own)).ledger for own in windows),
    )


def named(base: Baseline, who: str = "new", tries: int = EACH, cover: int = 0) -> set[str]:
    """Whom a search for an evasion names when somebody plays among ordinary people."""
    mine = np.concatenate([played_with(tries, 7), ordinary(cover, 8)])
    guests = {f"guest-{n}": ordinary(EACH, 50 + n) for n in range(8)}
    total = counted(ready(base.plan), columns(guests | {who: mine}))
    seen = replace(
        examples.nothing_seen(), baseline=base, now=total.summary, ledger=total.ledger.seal()
    )
    said = detectors()["evasion_search"].seen_in(seen)
    return {s.principal for one in said if isinstance(one, Finding) for s in one.suspects}


def test_what_several_did_in_windows_of_the_baseline_names_nobody() -> None:
    assert named(replace(baseline(2), customs=None)) == {"new"}
    assert named(baseline(2)) == set()


@pytest.mark.parametrize("who", ["new", "user-00"])
def test_what_a_single_one_did_in_the_baseline_is_no_custom(who: str) -> None:
    assert named(baseline(1), who) == {who}


def test_who_plays_beside_ordinary_questions_follows_no_custom_of_those_who_only_play() -> None:
    assert named(baseline(2), tries=12, cover=14) == {"new"}


def test_the_fullest_windows_are_those_that_a_sample_holds_whole() -> None:
    sizes = {0: SAMPLED + 1, 1: 3, 2: SAMPLED, 3: 5}
    window = np.repeat(list(sizes), list(sizes.values()))
    who = np.zeros(len(window), np.int64)
    parts = list(fullest(np.append(who, -1), np.append(window, 9)))
    assert [int(some.sum()) for some in parts] == [SAMPLED, 5, 3, SAMPLED + 1, *[0] * (WINDOWS - 4)]
    assert not any(some[-1] for some in parts)
