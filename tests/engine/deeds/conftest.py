"""A room for each test of deeds."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.engine.deeds.room import Room

from stanch.engine.watch.minutes import Callers


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    plain = msgspec.json.Decoder(Callers)
    monkeypatch.setattr("stanch.engine.asked.callers", plain.decode)
    made = Room(tmp_path)
    yield made
    made.store.close()
