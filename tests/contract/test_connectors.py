"""What every connector owes: opening makes no call, calls end in time, secrets stay unsaid."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

import stanch.connectors
from stanch.connectors import Connector, Link
from stanch.vocabulary.registry import extensions
from stanch.vocabulary.trouble import Unreachable

ALL = extensions(stanch.connectors, "CONNECTOR", Connector)


@pytest.fixture(params=ALL)
def connector(request: pytest.FixtureRequest) -> Connector:
    return ALL[request.param]


@pytest.fixture
def closed_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        held: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    held.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=take)
        thread.start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for one in held:
            one.close()


def test_opening_makes_no_call(connector: Connector, closed_port: int) -> None:
    assert connector.open(Link(address=f"http://127.0.0.1:{closed_port}"))


def test_a_refusal_is_unreachable_and_keeps_the_secret(
    connector: Connector, closed_port: int
) -> None:
    link = Link(address=f"http://ada:hunter2@127.0.0.1:{closed_port}/?token=hunter3", seconds=2)
    with pytest.raises(Unreachable) as caught:
        connector.open(link).assets()
    assert "hunter" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "127.0.0.1" in str(caught.value)


@pytest.mark.timeout(30)
def test_silence_ends_in_time(connector: Connector, silent: int) -> None:
    with pytest.raises(Unreachable):
        connector.open(Link(address=f"http://127.0.0.1:{silent}", seconds=1)).assets()
