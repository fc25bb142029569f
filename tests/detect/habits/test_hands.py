"""Hands: who brought odd rows is named when an honest hand would bring so many too seldom."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.habits.hands import MOST_CITED, NAMED, cites_of, hands_of
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.handed import NOBODY, Handed
from stanch.vocabulary.finding import CiteKind

ANA, BEN = "ana", "ben"


def rows(each: dict[str, int], brought: dict[str, int]) -> Handed:
    """So many rows of each hand, of all that it brought."""
    by = tuple(name for name, count in each.items() for _ in range(count))
    n, at = len(by), int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1e6)
    return Handed(
        plan=examples.reference().ready.digest,
        events=tuple(f"evt-{k}" for k in range(n)),
        ticks=np.full(n, at, np.int64),
        by=by,
        given=np.zeros(n, np.int64),
        said=np.ones(n, np.int64),
        slots=np.zeros((n, 1), np.int64),
        members=np.zeros((n, 1), np.int64),
        brought=brought,
    )


def all_of(handed: Handed) -> Ints:
    return np.arange(handed.n)


def chance(odd: int, of: int, usual: float) -> float:
    """That an honest hand brings so many odd ones, or more."""
    return sum(math.comb(of, k) * usual**k * (1 - usual) ** (of - k) for k in range(odd, of + 1))


@pytest.mark.parametrize("odd", range(1, 9))
@pytest.mark.parametrize("hands", [1, 5, 40])
def test_a_hand_is_named_when_an_honest_one_is_so_once_in_a_hundred_windows(
    odd: int, hands: int
) -> None:
    others = {f"hand-{n}": 20 for n in range(hands - 1)}
    told = rows({ANA: odd}, {ANA: 30, **others})
    named = hands_of(told, all_of(told), told.brought, 0.05)
    assert bool(named) is (chance(odd, 30, 0.05) <= NAMED / hands)
    assert NAMED == 0.01


def test_shares_are_of_all_odd_rows_and_the_busiest_hand_comes_first() -> None:
    told = rows({BEN: 12, ANA: 20, "cy": 1, NOBODY: 7}, {ANA: 50, BEN: 50, "cy": 50, NOBODY: 9})
    named = hands_of(told, all_of(told), told.brought, 0.01)
    assert [(s.principal, s.share) for s in named] == [(ANA, 0.5), (BEN, 0.3)]
    again = rows({BEN: 12, ANA: 12}, {ANA: 50, BEN: 50})
    assert [s.principal for s in hands_of(again, all_of(again), again.brought, 0.01)] == [ANA, BEN]


def test_as_many_rows_are_cited_as_a_person_reads_and_then_the_counts() -> None:
    told = rows({ANA: MOST_CITED + 9}, {ANA: MOST_CITED + 9})
    base = examples.window().baseline
    assert base is not None
    cites = list(cites_of(told, all_of(told), base))
    assert [c.ref for c in cites[:-2]] == [f"evt-{k}" for k in range(MOST_CITED)]
    assert [c.kind for c in cites[-2:]] == [CiteKind.SUMMARY, CiteKind.BASELINE]
    assert [c.ref for c in cites[-2:]] == [told.digest, base.digest]
