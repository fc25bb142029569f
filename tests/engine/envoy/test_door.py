"""The door at which Envoy asks: what breaks in it is no answer, and is said."""

import socket
from pathlib import Path

import pytest

from stanch.engine.envoy.door import Answer, Asked, Door


def _asked(path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(60)
        line.connect(str(path))
        line.sendall(b"POST /predict HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
        try:
            return line.recv(1000)
        except ConnectionResetError:
            return b""


def test_a_question_that_breaks_the_door_is_logged_and_the_next_is_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = [True]

    def judge(_: Asked) -> Answer:
        if broken.pop():
            raise RuntimeError("a bug in a judge")
        return Answer(status=200)

    broken.insert(0, False)
    door = Door(tmp_path / "door", judge)
    door.start()
    try:
        assert _asked(tmp_path / "door") == b""
        assert _asked(tmp_path / "door").startswith(b"HTTP/1.1 200")
    finally:
        door.stop()
    assert "a bug in a judge" in caplog.text
