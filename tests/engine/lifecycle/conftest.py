"""A house for each test of the main path."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.lifecycle.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()
