"""What guards let through is told to those of their sort, once, by every process of the server."""

import pytest

from stanch.engine import tallies
from stanch.engine.tallies import ALIVE_SECONDS, MOST_NAMES, RELAY_SECONDS, Tallies, Tally
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import BadInput

A = AssetId("a")


class Now:
    """A clock that the test moves."""

    at = 500.0

    def __call__(self) -> float:
        """The time."""
        return self.at


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Now:
    made = Now()
    monkeypatch.setattr(tallies, "monotonic", made)
    return made


def _tell(server: Tallies, guard: str, after: str = "", **charged: float) -> tuple[object, ...]:
    names = {f"principal/{name}": amount for name, amount in charged.items()}
    found = server.exchange(A, Tally(guard=guard, sort="service", after=after, charged=names))
    heard = {n.removeprefix("principal/"): c.amount for n, c in found.charged.items()}
    return found.among, heard, found.upto


def test_each_hears_the_others_once_and_never_itself(sql_store: SqlStore, now: Now) -> None:
    server = Tallies(sql_store)
    assert _tell(server, "g1", ann=2)[:2] == (1, {})
    among, heard, upto = _tell(server, "g2", ann=1, bob=3)
    assert (among, heard) == (2, {"ann": 2})
    assert _tell(server, "g2", str(upto))[:2] == (2, {})
    assert _tell(server, "g1", ann=5)[:2] == (2, {"ann": 1, "bob": 3})
    assert _tell(server, "g2", str(upto))[1] == {"ann": 5}
    now.at += ALIVE_SECONDS + 1
    assert _tell(server, "g2", str(upto))[0] == 1


def test_what_is_older_than_a_minute_and_what_another_process_said_is_told_to_nobody(
    sql_store: SqlStore, now: Now
) -> None:
    server, other = Tallies(sql_store), Tallies(sql_store)
    _, _, elsewhere = _tell(other, "g2")
    _tell(server, "g1", ann=2)
    assert _tell(server, "g2", str(elsewhere))[1] == {}
    assert _tell(server, "g3")[1] == {"ann": 2}
    now.at += 61
    assert _tell(server, "g4")[1] == {}


def test_processes_on_one_database_tell_each_other_and_a_guard_that_changes_hears_itself_from_none(
    sql_store: SqlStore, now: Now
) -> None:
    here, there = (Tallies(sql_store, shared=True) for _ in range(2))
    _tell(here, "g1", ann=2)
    assert _tell(there, "g2", bob=1)[:2] == (2, {"ann": 2})
    now.at += RELAY_SECONDS
    assert _tell(here, "g1")[:2] == (2, {"bob": 1})
    assert _tell(there, "g1")[1] == {"bob": 1}
    now.at += ALIVE_SECONDS / 2
    _tell(here, "g1")
    now.at += ALIVE_SECONDS + 1
    assert _tell(here, "g1")[0] == 1


def test_an_endless_tally_is_refused(sql_store: SqlStore) -> None:
    many = {str(n): 1.0 for n in range(MOST_NAMES + 1)}
    for tally in (
        Tally(guard="g1", sort="service", charged=many),
        Tally(guard="g" * 2000, sort="service"),
    ):
        with pytest.raises(BadInput, match="too long"):
            Tallies(sql_store).exchange(A, tally)
