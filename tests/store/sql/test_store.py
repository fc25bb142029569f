"""Transactions: all or nothing, one writer, numbers without gaps."""

import contextlib
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from stanch.engine.ports import Store
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import AlreadyThere, BadInput, NotFound, Refused, Stale, Unreachable


def entry(at: datetime, n: int) -> Entry:
    return Entry(at=at, deed=Deed.ASSET_CHANGED, actor="ada", about=f"asset-{n}")


def test_the_sql_store_fits_the_port(sql_store: SqlStore) -> None:
    port: Store = sql_store
    with port.look() as tx:
        assert tx.assets.count() == 0


def test_a_noun_its_entry_and_its_news_are_one_commit(
    sql_store: SqlStore, asset: Asset, at: datetime
) -> None:
    with sql_store.begin() as tx:
        tx.assets.add(asset)
        tx.record(entry(at, 1))
        tx.announce("asset", asset.id)
    assert [p.entry for p in sql_store.outbox()] == [entry(at, 1)]
    assert [(a.kind, a.id) for a in sql_store.announced(0)] == [("asset", "fraud")]


def test_what_changed_is_counted_and_what_did_not_is_no_news(
    tmp_path: Path, asset: Asset, at: datetime
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.sqlite'}", clock=lambda: at)
    with contextlib.closing(store):
        with store.begin():
            pass
        with store.look() as tx:
            tx.assets.count()
        assert store.changes == 0
        with contextlib.suppress(LookupError), store.begin() as tx:
            tx.assets.add(asset)
            raise LookupError
        assert store.changes == 0
        with store.begin() as tx:
            tx.assets.add(asset)
        assert store.changes == 1


def test_a_failure_leaves_none_of_the_three(
    sql_store: SqlStore, asset: Asset, at: datetime
) -> None:
    def fails() -> None:
        with sql_store.begin() as tx:
            tx.assets.add(asset)
            tx.record(entry(at, 1))
            tx.announce("asset", asset.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with sql_store.look() as tx:
        assert tx.assets.find(asset.id) is None
    assert sql_store.outbox() == ()
    assert sql_store.announced(0) == ()


def test_outbox_numbers_have_no_gaps_after_a_rollback_and_a_drain(
    sql_store: SqlStore, at: datetime
) -> None:
    for n in range(5):
        with contextlib.suppress(ZeroDivisionError), sql_store.begin() as tx:
            tx.record(entry(at, 1 // (n - 2) + n))
            tx.record(entry(at, n))
    assert [p.seq for p in sql_store.outbox()] == list(range(1, 9))
    sql_store.drained(8)
    assert sql_store.outbox() == ()
    with sql_store.begin() as tx:
        tx.record(entry(at, 9))
    assert [p.seq for p in sql_store.outbox(after=8)] == [9]


def test_a_second_asset_of_one_id_is_refused_and_the_transaction_goes_on(
    sql_store: SqlStore, asset: Asset
) -> None:
    with sql_store.begin() as tx:
        tx.assets.add(asset)
        with pytest.raises(AlreadyThere):
            tx.assets.add(asset)
        tx.assets.add(replace(asset, id=AssetId("other")))
    with sql_store.look() as tx:
        assert tx.assets.count() == 2


def test_saving_what_somebody_else_changed_is_stale(sql_store: SqlStore, asset: Asset) -> None:
    with sql_store.begin() as tx:
        tx.assets.add(asset)
        seen = tx.assets.revision(asset.id)
        tx.assets.save(replace(asset, owner="bob"), seen=seen)
        with pytest.raises(Stale):
            tx.assets.save(replace(asset, owner="eve"), seen=seen)
        assert tx.assets.get(asset.id).owner == "bob"


def test_what_is_not_there_is_not_found(sql_store: SqlStore) -> None:
    with sql_store.look() as tx, pytest.raises(NotFound):
        tx.assets.get(AssetId("nobody"))


def test_a_look_cannot_write(sql_store: SqlStore, asset: Asset) -> None:
    with pytest.raises(Refused), sql_store.look() as tx:
        tx.assets.add(asset)


def test_a_transaction_inside_a_transaction_fails_at_once(sql_store: SqlStore) -> None:
    with sql_store.begin(), pytest.raises(RuntimeError, match="pass the transaction on"):
        sql_store.begin().__enter__()


def test_many_threads_write_and_nothing_is_lost(sql_store: SqlStore, at: datetime) -> None:
    wrong: list[Exception] = []

    def work(n: int) -> None:
        try:
            for m in range(10):
                with sql_store.begin() as tx:
                    seen = tx.positions.get("spool")
                    tx.positions.move(seen, seen.at + 1)
                    tx.record(entry(at, n * 100 + m))
        except Exception as error:  # noqa: BLE001  reported by the test's own thread
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []
    with sql_store.look() as tx:
        assert tx.positions.get("spool").at == 80
    assert [p.seq for p in sql_store.outbox()] == list(range(1, 81))


def test_two_processes_see_each_others_news(database_url: str, at: datetime) -> None:
    one = open_store(database_url, clock=lambda: at)
    two = open_store(database_url, clock=lambda: at)
    with one.begin() as tx:
        tx.announce("incident", "inc-1")
    with two.begin() as tx:
        tx.announce("incident", "inc-2")
    assert [a.id for a in one.announced(0)] == ["inc-1", "inc-2"]
    assert two.latest() == 2
    one.close()
    two.close()


def test_the_database_file_is_for_its_owner_only(tmp_path: Path, at: datetime) -> None:
    open_store(f"sqlite:///{tmp_path}/stanch.db", clock=lambda: at).close()
    assert (tmp_path / "stanch.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "no url"])
def test_a_database_that_cannot_be_used_is_refused_with_a_sentence(url: str, at: datetime) -> None:
    with pytest.raises(BadInput):
        open_store(url, clock=lambda: at)


def test_a_server_that_is_not_there_is_unreachable_and_its_password_is_not_told(
    at: datetime, tmp_path: Path
) -> None:
    with pytest.raises(Unreachable) as told:
        open_store(f"postgresql://u:geheim@/x?host={tmp_path}", clock=lambda: at)
    assert "geheim" not in str(told.value)
