"""The guard's line to its server: kept, opened again, and read in whatever form answers come."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from threading import Thread
from typing import cast

import pytest

from stanch.guard import wire
from stanch.guard.wire import Wire

Script = list[list[bytes]]
"""For each connection, what is answered to each question in turn; then it is closed."""
SAID = b'{"a": 1}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nStanch-Takes: x\r\n\r\n" + SAID
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Server:
    """Answers by a script, and keeps what it was asked."""

    def __init__(self, script: Script) -> None:
        self.asked: list[bytes] = []
        self._script = script
        self._door = socket.create_server(("127.0.0.1", 0))
        self._door.settimeout(60)
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}/under"
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for answers in self._script:
            line, _ = self._door.accept()
            with line, contextlib.suppress(ConnectionError):
                for answer in answers:
                    self.asked.append(_question(line))
                    for part in answer.split(b"|"):
                        line.sendall(part)

    def close(self) -> None:
        self._thread.join()
        self._door.close()


def _question(line: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        got += line.recv(1 << 16)
    head, _, body = got.partition(b"\r\n\r\n")
    size = next((int(h.split(b":")[1]) for h in head.split(b"\r\n") if b"Content-Length" in h), 0)
    while len(body) < size:
        body += line.recv(1 << 16)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def serve() -> Iterator[Callable[[Script], tuple[Server, Wire]]]:
    made: list[tuple[Server, Wire]] = []

    def start(script: Script) -> tuple[Server, Wire]:
        server = Server(script)
        made.append((server, Wire(server.url, "key-1", 10)))
        return made[-1]

    yield start
    for server, line in made:
        line.close()
        server.close()


Serve = Callable[[Script], tuple[Server, Wire]]


def test_a_question_goes_out_whole_and_its_answer_is_read(serve: Serve) -> None:
    server, line = serve([[PLAIN]])
    status, body, headers = line.ask("POST", "/events", body=b"[1]", headers={"X-A": "b"})
    assert (status, body, headers["stanch-takes"]) == (200, SAID, "x")
    head, _, sent = server.asked[0].partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    assert (first, sent) == (b"POST /under/events HTTP/1.1", b"[1]")
    host = server.url.split("/")[2].encode()
    assert sorted(lines) == [
        b"Authorization: Bearer key-1", b"Content-Length: 3", b"Content-Type: application/json",
        b"Host: " + host, b"X-A: b",
    ]  # fmt: skip


def test_a_body_in_many_pieces_arrives_whole_though_the_line_takes_some_at_a_time(
    serve: Serve,
) -> None:
    server, line = serve([[PLAIN]])
    pieces = [b"", *(b"%d," % n * (n % 700) for n in range(2000)), b"end", b""]
    assert line.ask("POST", "/events", body=pieces)[0] == 200
    head, _, sent = server.asked[0].partition(b"\r\n\r\n")
    assert sent == b"".join(pieces)
    assert head.endswith(b"Content-Length: %d" % len(sent))


def test_a_line_that_takes_one_piece_at_a_time_gets_one() -> None:
    class Line:
        def __init__(self) -> None:
            self.got: list[bytes] = []

        def sendall(self, piece: bytes) -> None:
            self.got.append(piece)

    line = Line()
    wire._send(cast("socket.socket", line), [b"a", b"", b"bc"])
    assert line.got == [b"abc"]


@pytest.mark.parametrize(
    "answer",
    [
        PLAIN,
        PLAIN.replace(b"Content", b"con|tent").replace(b"{", b"|{|"),
        b"HTTP/1.1 100 Continue\r\n\r\n|" + PLAIN,
        CHUNKED + b'3\r\n{"a|\r\n5\r\n": 1}\r\n0\r\n\r\n',
        CHUNKED.replace(b"\n\r", b"\nContent-Length: 9\r\n\r") + b'8\r\n{"a": 1}\r\n0\r\n\r\n',
    ],
    ids=["as it mostly is", "in pieces", "after a 100", "in chunks", "chunks that state a length"],
)
def test_the_line_is_kept_after_an_answer_in_any_form(serve: Serve, answer: bytes) -> None:
    server, line = serve(
        [[answer, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", PLAIN]]
    )
    assert line.ask("GET", "/policy")[:2] == (200, SAID)
    assert line.ask("GET", "/policy")[:2] == (304, b"")
    assert line.ask("GET", "/policy")[:2] == (200, SAID)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "answer",
    [
        PLAIN.replace(b"\r\n\r\n", b"\r\nConnection: Close\r\n\r\n"),
        b"HTTP/1.0 200 OK\r\n\r\n" + SAID,
        b"HTTP/1.1 200 OK\r\n\r\n" + SAID,
    ],
    ids=["said to close", "an old server", "up to the end"],
)
def test_another_line_is_opened_after_one_that_ends(serve: Serve, answer: bytes) -> None:
    _, line = serve([[answer], [PLAIN]])
    assert line.ask("GET", "/policy")[:2] == (200, SAID)
    assert line.ask("GET", "/policy")[:2] == (200, SAID)


def test_a_line_that_had_gone_stale_is_opened_again_once(serve: Serve) -> None:
    server, line = serve([[PLAIN], [PLAIN]])
    assert [line.ask("POST", "/events", body=b"[]")[0] for _ in range(2)] == [200, 200]
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        PLAIN[:-3],
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + bytes(101),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n"
        + bytes(101)
        + b"\r\n0\r\n\r\n",
        PLAIN + b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
    ids=[
        "none",
        "cut",
        "another protocol",
        "long",
        "long in chunks",
        "more than said",
        "a long head",
    ],
)
def test_what_is_no_answer_is_an_error_of_the_line(
    serve: Serve, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LARGEST", 100)
    _, line = serve([[answer]])
    with pytest.raises(OSError):  # noqa: PT011  whatever the system says of a line that is gone
        line.ask("GET", "/policy")


def test_a_key_cannot_carry_a_header_of_its_own() -> None:
    with pytest.raises(ValueError, match="one line"):
        Wire("http://127.0.0.1", "key\r\nX: y", 1)
