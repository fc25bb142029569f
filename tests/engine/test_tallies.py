"""What guards let through is told to those of their sort, once, by every process of the server."""

import pytest

from stanch.engine import tallied, tallies
from stanch.engine.tallied import ALIVE_SECONDS
from stanch.engine.tallies import MOST_NAMES, RELAY_SECONDS, Tallies, Tally
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import BadInput, NotFound

A = AssetId("a")


def any_asset(_: AssetId) -> None:
    """Every asset is known."""


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
    server = Tallies(sql_store, known=any_asset)
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
    server, other = (Tallies(sql_store, shared=True, known=any_asset) for _ in range(2))
    _, _, elsewhere = _tell(other, "g2")
    _tell(server, "g1", ann=2)
    assert _tell(server, "g2", str(elsewhere))[1] == {}
    assert _tell(server, "g3")[1] == {"ann": 2}
    now.at += 61
    assert _tell(server, "g4")[1] == {}


def test_processes_on_one_database_tell_each_other_and_a_guard_that_changes_hears_itself_from_none(
    sql_store: SqlStore, now: Now
) -> None:
    here, there = (Tallies(sql_store, shared=True, known=any_asset) for _ in range(2))
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
            Tallies(sql_store, known=any_asset).exchange(A, tally)


def test_a_guard_hears_what_was_told_since_the_server_started_anew(
    sql_store: SqlStore, now: Now
) -> None:
    _, _, before = _tell(Tallies(sql_store, known=any_asset), "g2")
    server = Tallies(sql_store, known=any_asset)
    _tell(server, "g1", ann=2)
    assert _tell(server, "g2", str(before))[1] == {"ann": 2}


@pytest.mark.parametrize("amount", [-1.0, float("nan"), float("inf"), 2e9])
def test_an_amount_that_no_guard_lets_through_is_refused(
    sql_store: SqlStore, amount: float
) -> None:
    with pytest.raises(BadInput, match="no guard lets that through"):
        _tell(Tallies(sql_store, known=any_asset), "g1", ann=amount)


def test_the_sums_of_what_is_told_stay_finite(sql_store: SqlStore, now: Now) -> None:
    server = Tallies(sql_store, known=any_asset)
    for _ in range(100):
        _tell(server, "g1", ann=tallies.MOST_AMOUNT)
    assert _tell(server, "g2")[1] == {"ann": 100 * tallies.MOST_AMOUNT}


def test_a_sort_of_guards_that_nobody_has_and_an_asset_that_nobody_wrote_down_take_no_room(
    sql_store: SqlStore,
) -> None:
    server = Tallies(sql_store)
    with pytest.raises(BadInput, match="envoy, gateway, service"):
        server.exchange(A, Tally(guard="g1", sort="evil"))
    with pytest.raises(NotFound):
        server.exchange(A, Tally(guard="g1", sort="service"))
    assert len(server) == 0


def test_inventing_guards_takes_no_part_from_who_has_another_key(
    sql_store: SqlStore, now: Now
) -> None:
    server = Tallies(sql_store, known=any_asset)

    def asks(guard: str, key: str) -> tuple[int, int]:
        found = server.exchange(A, Tally(guard=guard, sort="service"), key)
        return found.among, found.parts

    assert [asks(f"g{n}", "ours") for n in range(2)] == [(1, 1), (2, 2)]
    for n in range(50):
        asks(f"evil{n}", "stolen")
    assert asks("g0", "ours") == (52, 4)
    assert asks("evil1", "stolen") == (52, 100)


def test_so_many_guards_have_one_key_and_no_more(
    sql_store: SqlStore, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "MOST_GUARDS", 3)
    server = Tallies(sql_store, known=any_asset)
    for n in range(3):
        _tell(server, f"g{n}")
    with pytest.raises(BadInput, match="a key of its own"):
        _tell(server, "g3")
    server.exchange(A, Tally(guard="g3", sort="service"), "another key")
    now.at += ALIVE_SECONDS + 1
    _tell(server, "g3")


def test_who_fills_the_room_of_a_key_costs_no_other_key_what_it_told(
    sql_store: SqlStore, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallied, "ROOM", 50_000)
    monkeypatch.setattr(tallied, "ANSWER", 20_000)
    server = Tallies(sql_store, known=any_asset)
    _tell(server, "g1", ann=2)
    for n in range(100):
        names = {f"principal/{n}-{m}-{'x' * 500}": 1.0 for m in range(10)}
        server.exchange(A, Tally(guard="evil", sort="service", charged=names), "stolen")
    heard = server.exchange(A, Tally(guard="g2", sort="service"))
    assert heard.charged["principal/ann"].amount == 2
    assert len(heard.charged) == 11
    assert sum(server._room.values()) < 52_000


def test_a_group_that_nobody_tells_of_any_more_is_forgotten_with_its_row(
    sql_store: SqlStore, now: Now
) -> None:
    here, there = (Tallies(sql_store, shared=True, known=any_asset) for _ in range(2))
    _tell(here, "g1", ann=2)
    _tell(there, "g2")
    row = f"_tallied/{A}/service"
    for server in (here, there):
        now.at += 61
        server.exchange(AssetId("b"), Tally(guard="g1", sort="service"))
        assert len(server) == 1
        assert not +server._room
    with sql_store.look() as tx:
        assert tx.settings.get(row) is None
