"""A tail that is held in memory is the tail on disk."""

from dataclasses import dataclass, field

import pyarrow as pa
import pytest

from stanch.store import held
from stanch.store.held import HeldTails


@dataclass
class Counted:
    """A spool that counts the rows it was made to read."""

    name: str = "one"
    start: int = 0
    end: int = 0
    reads: list[tuple[int, int]] = field(default_factory=list)

    def read(self, after: int, limit: int) -> pa.Table:
        since = max(after, self.start)
        until = min(self.end, after + limit)
        self.reads.append((since, until))
        return pa.table({"id": [f"e{n}" for n in range(since, until)]})


def ids(tails: HeldTails, spool: Counted, position: int) -> list[int]:
    return [int(one[1:]) for one in tails.rows(spool, position)["id"].to_pylist()]


def test_only_what_came_since_is_read() -> None:
    spool, tails = Counted(), HeldTails(lambda rows: rows)
    for end in (5, 5, 8, 300):
        spool.end = end
        assert ids(tails, spool, 0) == list(range(end))
    assert spool.reads == [(0, 5), (5, 8), (8, 300)]


def test_rows_that_are_in_the_lake_by_now_are_let_go_and_asked_again_are_read_again() -> None:
    spool, tails = Counted(end=10), HeldTails(lambda rows: rows)
    assert ids(tails, spool, 0) == list(range(10))
    spool.end = 12
    assert ids(tails, spool, 6) == list(range(6, 12))
    assert ids(tails, spool, 3) == list(range(3, 12))
    assert spool.reads == [(0, 10), (10, 12), (3, 12)]


def test_a_hundred_small_batches_are_few_pieces() -> None:
    spool, tails = Counted(), HeldTails(lambda rows: rows)
    for end in range(1, 200):
        spool.end = end
        assert tails.rows(spool, 0)["id"].num_chunks <= held.PIECES + 1
    assert ids(tails, spool, 0) == list(range(199))


def test_rows_dropped_in_mid_read_are_never_taken_for_others() -> None:
    spool, tails = Counted(start=4, end=10), HeldTails(lambda rows: rows)
    assert ids(tails, spool, 0) == list(range(4, 10))
    assert ids(tails, spool, 6) == list(range(6, 10))


def test_a_spool_that_began_anew_is_read_anew() -> None:
    spool, tails = Counted(end=10), HeldTails(lambda rows: rows)
    assert ids(tails, spool, 0) == list(range(10))
    spool.end = 3
    assert ids(tails, spool, 0) == list(range(3))


def test_a_long_tail_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MOST", 8)
    spool, tails = Counted(end=10), HeldTails(lambda rows: rows)
    assert ids(tails, spool, 0) == ids(tails, spool, 0) == list(range(10))
    assert spool.reads == [(0, 10), (0, 10)]
