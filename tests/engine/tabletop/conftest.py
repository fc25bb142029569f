"""A store of one kind, for what does not depend on the kind."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.store.sql.store import SqlStore, open_store

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store."""
    made = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}", clock=lambda: NOW)
    yield made
    made.close()
