"""Disasters of the database: killed in mid-write, gone in mid-request, two on one folder."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import inspect

from stanch.store.lock import FolderLock
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import open_store
from stanch.vocabulary.trouble import InUse, NoSpace, Unreachable

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

WRITER = """
import sys
from datetime import UTC, datetime
from stanch.store.sql.store import open_store
from stanch.vocabulary.record import Deed, Entry
at = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
store = open_store(sys.argv[1], clock=lambda: at)
while True:
    with store.begin() as tx:
        seen = tx.positions.get("spool")
        tx.positions.move(seen, seen.at + 1)
        tx.record(Entry(at=at, deed=Deed.BATCH_RECORDED, actor="w", about=str(seen.at + 1)))
        tx.announce("asset", str(seen.at + 1))
    print(seen.at + 1, flush=True)
"""

UPGRADE = """
import sys
from datetime import UTC, datetime
from stanch.store.sql import store
from stanch.store.sql.migrate import Migration, known
tables = Migration(number=9000, name="tables", sql="CREATE TABLE halfway (n BIGINT)")
endless = Migration(
    number=9001,
    name="endless",
    sql="/* sqlite */ WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT max(i) FROM n; /* postgresql */ SELECT pg_sleep(600)",
)
steps = (*known(), tables, endless)
store.known = lambda: steps
store.open_store(sys.argv[1], clock=lambda: datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
"""


def killed_after(url: str, lines: int) -> int:
    """The last number the writer said was kept, before it was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(lines)]
        os.kill(writer.pid, signal.SIGKILL)
        said.extend(writer.stdout.readlines())
    return int([line for line in said if line.endswith("\n")][-1])


@pytest.mark.parametrize(
    "kills", [3, pytest.param(40, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
def test_killed_in_mid_write_nothing_told_is_lost_and_nothing_is_doubled(
    database_url: str, kills: int
) -> None:
    for n in range(kills):
        told = killed_after(database_url, 1 + n * 3 % 11)
        store = open_store(database_url, clock=lambda: NOON)
        with store.look() as tx:
            at = tx.positions.get("spool").at
        # What was said to be kept is kept; one more may be, whose word did not get out.
        assert told <= at <= told + 1
        assert store.latest() == at
        seqs = [(p.seq, p.entry.about) for p in store.outbox(limit=1_000_000)]
        assert seqs == [(k, str(k)) for k in range(1, at + 1)]
        store.close()


def test_killed_in_mid_upgrade_the_database_is_the_one_of_before(database_url: str) -> None:
    store = open_store(database_url, clock=lambda: NOON)
    with store.begin() as tx:
        tx.settings.put("kept", "yes")
    store.close()
    with subprocess.Popen(
        [sys.executable, "-c", UPGRADE, database_url], stderr=subprocess.PIPE, text=True
    ) as upgrade:
        assert upgrade.stderr is not None
        while "endless" not in upgrade.stderr.readline():
            assert upgrade.poll() is None
        time.sleep(1)  # until the statement has begun
        os.kill(upgrade.pid, signal.SIGKILL)
    # The stanch of before opens it, since no step was taken that it does not know.
    store = open_store(database_url, clock=lambda: NOON)
    with store.look() as tx:
        assert tx.settings.get("kept") == "yes"
        assert "halfway" not in inspect(tx.settings.link).get_table_names()
    store.close()


@pytest.mark.needs_postgres
def test_a_database_gone_in_mid_request_is_unreachable_and_back_on_the_next(
    postgres_url: str,
) -> None:
    store = open_store(postgres_url, clock=lambda: NOON)

    def cut_off() -> None:
        with store.begin() as tx:
            with psycopg.connect(postgres_url, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            tx.assets.count()

    with pytest.raises(Unreachable):
        cut_off()
    with store.begin() as tx:
        assert tx.assets.count() == 0
    store.close()


def test_a_full_disk_is_said_so_and_keeps_what_was_there(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path), clock=lambda: NOON)

    def flood() -> None:
        with store.begin() as tx:
            # SQLite's own limit of pages fails in the same place as a full disk.
            tx.settings.link.exec_driver_sql("PRAGMA max_page_count=1")
            for n in range(200):
                tx.settings.put(f"n{n}", "x" * 10_000)

    with pytest.raises(NoSpace, match=f"no space left in {tmp_path}/"):
        flood()
    with store.look() as tx:
        assert tx.settings.all() == {}
    store.close()


def test_a_second_stanch_on_one_folder_is_told_who_has_it(tmp_path: Path) -> None:
    held = FolderLock(tmp_path)
    with pytest.raises(InUse, match=str(os.getpid())):
        FolderLock(tmp_path)
    held.close()
    FolderLock(tmp_path).close()


def test_the_lock_of_a_killed_stanch_is_free(tmp_path: Path) -> None:
    code = (
        "import sys;from pathlib import Path;from stanch.store.lock import FolderLock\n"
        "held = FolderLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InUse, match=str(holder.pid)):
            FolderLock(tmp_path)
        holder.kill()
    FolderLock(tmp_path).close()
