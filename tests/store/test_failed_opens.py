"""An open that fails lets its connection go: nothing else would, before the process ends."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stanch.store.log.sqlite import SqliteLeaves
from stanch.store.sql.store import open_store
from stanch.store.vault.index import Index

OPENED: list["Watched"] = []


class Watched(sqlite3.Connection):
    is_open = True

    def close(self) -> None:
        self.is_open = False
        super().close()


@pytest.fixture
def garbage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "not-a-database"
    path.write_bytes(b"nothing of the kind" * 99)
    real = sqlite3.connect

    def connect(*given: Any, **named: Any) -> sqlite3.Connection:
        OPENED.append(real(*given, factory=Watched, **named))
        return OPENED[-1]

    OPENED.clear()
    monkeypatch.setattr(sqlite3, "connect", connect)
    monkeypatch.setattr(sqlite3.dbapi2, "connect", connect)
    return path


def store_at(path: Path) -> object:
    return open_store(f"sqlite:///{path}", clock=lambda: datetime.now(UTC))


@pytest.mark.parametrize(
    "opens",
    [
        Index,
        SqliteLeaves,
        store_at,
    ],
    ids=["vault", "log", "store"],
)
def test_a_file_that_is_no_database_leaves_no_connection_open(
    garbage: Path, opens: Callable[[Path], object]
) -> None:
    with pytest.raises(Exception, match=r"database|reached|file"):
        opens(garbage)
    assert OPENED
    assert not any(one.is_open for one in OPENED)
