"""The laws of connectors: opening makes no call, calls end in time, secrets stay unsaid."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Thread
from time import monotonic

from stanch.connectors import Connector, Link
from stanch.testing.law import Law
from stanch.vocabulary.trouble import Unreachable

SECRETS = ("hunter2", "hunter3")
_IN_TIME = 10.0
"""Seconds that a call with a patience of one second may take on a machine that is busy."""


def _refusing() -> int:
    """A port at which nobody listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def _silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        held: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    held.append(server.accept()[0])
            except OSError:
                return

        thread = Thread(target=take)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for one in held:
                one.close()


def _opens(connector: Connector) -> str:
    _asked(connector, Link(address="http://127.0.0.1:1", seconds=1))  # what it imports is no wait
    with _silent() as port:
        before = monotonic()
        connector.open(Link(address=f"http://127.0.0.1:{port}", seconds=_IN_TIME))
        waited = monotonic() - before
    return f"opening took {waited:.1f} s" if waited > _IN_TIME / 2 else ""


def _asked(connector: Connector, link: Link) -> Unreachable | str:
    """The refusal, or what was given where nobody answers."""
    try:
        return f"nobody answered, and it gave {connector.open(link).assets()!r}"
    except Unreachable as refused:
        return refused


def _refused(connector: Connector) -> str:
    address = f"http://ada:{SECRETS[0]}@127.0.0.1:{_refusing()}/?token={SECRETS[1]}"
    refused = _asked(connector, Link(address=address, seconds=2))
    if isinstance(refused, str):
        return refused
    if any(secret in f"{refused} {refused.__cause__}" for secret in SECRETS):
        return "its refusal tells the secret of the address"
    return "" if "127.0.0.1" in str(refused) else "its refusal does not say who refused"


def _ends(connector: Connector) -> str:
    _asked(connector, Link(address="http://127.0.0.1:1", seconds=1))  # what it imports is no wait
    with _silent() as port:
        before = monotonic()
        refused = _asked(connector, Link(address=f"http://127.0.0.1:{port}", seconds=1))
        waited = monotonic() - before
    if isinstance(refused, str):
        return refused
    return f"it waited {waited:.1f} s where it had one" if waited > _IN_TIME else ""


OPENS = Law("opens without a call", _opens)
REFUSED = Law("calls a refusal `Unreachable`, says whose, and keeps the secret", _refused)
ENDS = Law("ends a call that nobody answers within its time", _ends)
LAWS = (OPENS, REFUSED, ENDS)
