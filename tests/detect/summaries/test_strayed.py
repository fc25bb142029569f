"""Rows of which several numbers are out of range, for everybody and by name."""

from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.detectors.extraction import RANGE, STRAYED, ways_of
from stanch.detect.habits.people import ground, people
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.kernels import PLAIN, compiled
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Block
from stanch.detect.summaries.plan import MOST_STRAYING, STRAYING
from stanch.detect.summaries.ready import ready
from stanch.detect.window import Baseline
from stanch.vocabulary.ids import digest_of

WIDE = 300
SCHEMA = Schema(numbers=tuple(f"f{i}" for i in range(WIDE)), classes=("no", "yes"))


def asked(names: tuple[str, ...], each: int) -> Columns:
    """So many ordinary questions of each, of very many numbers."""
    n, dice = each * len(names), np.random.default_rng(each)
    return Columns(
        numbers=dice.normal(size=(n, WIDE)),
        categories=np.zeros((n, 0), np.int32),
        principals=np.repeat(np.arange(len(names), dtype=np.int32), each),
        names=names,
        predictions=dice.integers(0, 2, n).astype(np.int32),
        ticks=np.arange(n, dtype=np.int64) * 100_000,
    )


def outside(rows: Columns, who: int, numbers: int) -> Columns:
    """In each question of this one so many numbers are out of range."""
    out = rows.numbers.copy()
    mine = np.flatnonzero(rows.principals == who)
    out[mine, :numbers] = 40.0 + np.arange(len(mine) * numbers).reshape(-1, numbers)
    return replace(rows, numbers=out)


USERS = tuple(f"user-{n:02}" for n in range(30))
FOUND = learned(SCHEMA, asked(USERS, 40))
BASE = Baseline(
    plan=FOUND.plan,
    golden=FOUND.golden.summary,
    digest=digest_of(FOUND.golden.summary.to_bytes()),
    habits=FOUND.golden.ledger.seal(most=64),
)


def ledger_of(rows: Columns) -> Ledger:
    return counted(ready(FOUND.plan), rows).ledger.seal(most=64)


def test_a_row_counts_once_it_has_several_numbers_out_of_range_and_its_principal_with_it() -> None:
    several = FOUND.plan.straying
    rows = outside(asked(USERS[:4], 10), 0, several)
    rows = outside(outside(rows, 1, 1), 2, WIDE)
    strayed = ledger_of(rows).block(Block.STRAYED)[:, 0].tolist()
    odd = ledger_of(rows).block(Block.ODD)[:, 0].tolist()
    assert (strayed[0], strayed[2]) == (10, 10)
    assert strayed[1] == strayed[3] == 0
    assert odd[1] == 10


def test_compiled_and_plain_kernels_count_the_same_however_many_numbers_are_out_of_range() -> None:
    quick = compiled()
    if quick is None:
        pytest.skip("numba is not installed")
    rows = asked(USERS[:1], WIDE)
    out = rows.numbers.copy()
    out[np.arange(WIDE)[:, None] > np.arange(WIDE)] = -50.0
    rows = replace(rows, numbers=out)
    both = [counted(ready(FOUND.plan), rows, using=one).ledger for one in (quick, PLAIN)]
    assert both[0].to_bytes() == both[1].to_bytes()
    assert both[0].everybody(Block.STRAYED)[0] >= WIDE - FOUND.plan.straying


def test_several_are_four_and_of_very_many_numbers_more() -> None:
    def of(numbers: int) -> int:
        return replace(FOUND.plan, numbers=("f",) * numbers).straying

    assert [of(n) for n in (1, 19, 128, 300, 784)] == [STRAYING, STRAYING, STRAYING, 9, 24]
    assert of(10_000) == MOST_STRAYING


def test_of_what_the_baseline_was_made_of_no_row_has_several_numbers_out_of_range() -> None:
    assert BASE.habits is not None
    assert not BASE.habits.block(Block.STRAYED).any()


def test_where_any_number_strays_by_itself_several_at_once_still_tell() -> None:
    """Of 300 numbers one is out of range in every second ordinary question."""
    assert ground(BASE).outside > 0.4
    assert BASE.habits is not None
    names = (*USERS[:12], "noise")
    who = people(ledger_of(outside(asked(names, 10), 12, 30)), 4, BASE.habits)
    rarity = {way.name: way.rarity for way in ways_of(BASE, who)}
    noise = who.names.index("noise")
    assert rarity[RANGE][noise] > -4
    assert rarity[STRAYED][noise] < -5
    assert np.delete(rarity[STRAYED], noise).min() > -3


def test_a_baseline_of_few_numbers_is_asked_for_no_several() -> None:
    window = examples.window()
    assert window.baseline is not None
    assert window.ledger is not None
    narrow = replace(
        window.baseline,
        plan=replace(window.baseline.plan, numbers=window.baseline.plan.numbers[: STRAYING - 1]),
    )
    names = [way.name for way in ways_of(narrow, people(window.ledger, 4, narrow.habits))]
    assert STRAYED not in names
    assert RANGE in names
