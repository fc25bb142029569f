"""A world for each test of systems outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.outside.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()
