"""Rows that were handed in: they merge exactly, and what is left out is what says least."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.summaries import handed
from stanch.detect.summaries.handed import Handed, handed_of
from stanch.vocabulary.trouble import BadFile, BadInput

READY = examples.reference().ready


def rows(n: int = 120, seed: int = 7) -> Handed:
    made = examples.columns(n, seed)
    given = np.where(np.arange(n) % 10 == 0, (made.predictions + 1) % 3, made.predictions)
    names = [f"evt-{seed}-{i}" for i in range(n)]
    return handed_of(READY, made, given.astype(np.int32), names)


def test_shards_in_any_order_give_the_bytes_of_the_whole() -> None:
    made = examples.columns(120, 7)
    given = ((made.predictions + 1) % 3).astype(np.int32)
    whole = handed_of(READY, made, given, [f"e{i}" for i in range(120)])
    parts = []
    for start in (80, 0, 40):
        which = np.arange(start, start + 40)
        part = examples.taken(made, which)
        parts.append(handed_of(READY, part, given[which], [f"e{i}" for i in which]))
    merged = parts[0].merge(parts[1]).merge(parts[2])
    assert merged.to_bytes() == parts[2].merge(parts[0].merge(parts[1])).to_bytes()
    assert merged.to_bytes() == whole.to_bytes()
    assert Handed.from_bytes(merged.to_bytes()).to_bytes() == merged.to_bytes()


def test_past_the_bound_rows_that_contradict_are_kept_and_everybody_is_counted() -> None:
    with patch.object(handed, "MOST", 15):
        both = rows(seed=7).merge(rows(seed=8))
        assert both.to_bytes() == rows(seed=8).merge(rows(seed=7)).to_bytes()
    assert both.n == 15
    assert both.contradicts.all()
    assert sum(both.brought.values()) == 240


def test_a_row_handed_in_twice_is_one_row_and_one_without_an_answer_is_none() -> None:
    made = rows()
    twice = made.merge(replace(made, events=tuple(f"again-{e}" for e in made.events)))
    assert len(twice.different()) == len(made.different()) == 120
    assert not len(replace(made, said=np.full(120, -1)).different())


def test_other_plans_and_damaged_bytes_are_refused() -> None:
    made = rows()
    with pytest.raises(BadInput):
        made.merge(replace(made, plan=examples.reference().digest))
    short = replace(made, given=made.given[:-1])
    with pytest.raises(BadFile, match="shape"):
        Handed.from_bytes(short.to_bytes())
    with pytest.raises(BadFile):
        Handed.from_bytes(made.to_bytes()[:-3])
