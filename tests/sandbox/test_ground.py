"""The next drill's server starts while the last one is taken back, and nothing of it is left."""

import threading
from pathlib import Path

import pytest

from stanch.sandbox import ground
from stanch.sandbox.ground import Ground, Grounds
from stanch.vocabulary.trouble import CouldNotTell


class Slow:
    """A server that answers when it is let, and not once it was killed."""

    made: list["Slow"]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.let, self.killed, self.starts = threading.Event(), False, 0
        type(self).made.append(self)

    def start(self) -> None:
        self.starts += 1
        self.folder.mkdir()
        assert self.let.wait(60)
        if self.killed:
            raise CouldNotTell("a process of the drill ended before it answered")

    def kill(self) -> None:
        self.killed = True
        self.let.set()


@pytest.fixture(autouse=True)
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Slow]:
    Slow.made = []
    monkeypatch.setattr(ground, "Server", Slow)
    return Slow.made


def test_what_was_prepared_is_where_the_next_is_played_and_it_starts_once(
    servers: list[Slow],
) -> None:
    grounds = Grounds()
    grounds.prepare()
    grounds.prepare()
    taken = grounds.take()
    servers[0].let.set()
    taken.ready()
    assert (len(servers), servers[0].starts, taken.server) == (1, 1, servers[0])
    other = grounds.take()
    assert (len(servers), servers[1].starts) == (2, 0)
    for one in (taken, other):
        one.close()
    assert not taken.folder.exists()
    assert not other.folder.exists()


def test_a_server_that_is_still_starting_is_ended_with_its_folder(servers: list[Slow]) -> None:
    grounds = Grounds()
    grounds.prepare()
    folder = servers[0].folder.parent
    grounds.close()
    assert servers[0].killed
    assert not folder.exists()


def test_a_server_that_does_not_start_is_told_to_whoever_waits_for_it(servers: list[Slow]) -> None:
    place = Ground()
    place.begin()
    servers[0].kill()
    with pytest.raises(CouldNotTell, match="ended before it answered"):
        place.ready()
    place.close()
