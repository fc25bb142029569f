"""The split of the work follows from who lives, and a commit is sure of its share."""

from datetime import timedelta
from typing import Any

import pytest

from stanch.engine.shares import LEASE, SLOTS, Alone, Split, doer, slot_of
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.trouble import Stale


def slots(store: SqlStore, one: Split) -> frozenset[int]:
    with store.look() as tx:
        return one.slots(tx)


def test_the_living_share_everything_and_nothing_twice(sql_store: SqlStore, hands: Any) -> None:
    splits = [Split(sql_store, hands, name) for name in ("a", "b", "c")]
    for one in splits:
        one.turn()
    shares = [slots(sql_store, one) for one in splits]
    assert sum(map(len, shares)) == SLOTS
    assert frozenset().union(*shares) == frozenset(range(SLOTS))
    assert all(shares)


def test_who_is_silent_is_taken_out_and_only_their_share_moves(
    sql_store: SqlStore, hands: Any
) -> None:
    a, b, c = (Split(sql_store, hands, name) for name in "abc")
    for one in (a, b, c):
        one.turn()
    before, lost = slots(sql_store, a), slots(sql_store, c)
    hands.at += LEASE - timedelta(seconds=1)
    a.turn()
    b.turn()
    assert slots(sql_store, c) == lost
    hands.at += timedelta(seconds=2)
    a.turn()
    assert slots(sql_store, c) == frozenset()
    assert before <= slots(sql_store, a)
    assert slots(sql_store, a) | slots(sql_store, b) == frozenset(range(SLOTS))
    with sql_store.begin() as tx, pytest.raises(Stale):
        c.sure(tx, lost)
    c.turn()
    assert slots(sql_store, c) == lost


def test_processes_whose_clocks_differ_share_the_work_and_miss_who_is_gone(
    sql_store: SqlStore, hands: Any
) -> None:
    off = timedelta(hours=1)
    ahead, behind = Split(sql_store, lambda: hands() + off, "a"), Split(sql_store, hands, "b")
    for _ in range(4):
        hands.at += timedelta(seconds=2)
        ahead.turn()
        behind.turn()
    hands.at += timedelta(seconds=2)
    assert ahead.turn() == behind.turn() == {"a", "b"}
    for one, other in ((ahead, behind), (behind, ahead)):
        one.turn()
        hands.at += LEASE + timedelta(seconds=1)
        assert one.turn() == {one.name}
        assert other.turn() == {"a", "b"}
        hands.at += timedelta(seconds=2)
        assert one.turn() == other.turn() == {"a", "b"}


def test_who_leaves_is_missed_at_once(sql_store: SqlStore, hands: Any) -> None:
    a, b = (Split(sql_store, hands, name) for name in "ab")
    a.turn()
    b.turn()
    b.leave()
    assert slots(sql_store, a) == frozenset(range(SLOTS))
    assert not b.mine("approvals")
    a.turn()
    assert a.mine("approvals")
    assert Alone().mine("approvals")


def test_a_task_has_one_doer_whoever_asks() -> None:
    living = frozenset({"a", "b", "c"})
    assert doer("scrub", living) == doer("scrub", frozenset(sorted(living, reverse=True)))
    assert doer("scrub", frozenset()) == ""
    stays = doer("scrub", living)
    assert doer("scrub", living - {next(iter(living - {stays}))}) == stays
    assert {slot_of(f"model-{n}") for n in range(500)} == set(range(SLOTS))
