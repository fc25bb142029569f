"""Which server runs on a folder: not what a killed one left, though its number lives again."""

import os
from pathlib import Path

import msgspec

from stanch.cli.client import Running, running_on
from stanch.engine.born import born


def test_a_note_whose_number_another_process_has_is_of_no_server(tmp_path: Path) -> None:
    for when, runs in ((born(os.getpid()), True), ("1", False), ("", True)):
        note = Running(url="http://127.0.0.1:1", pid=os.getpid(), born=when)
        (tmp_path / "server.json").write_bytes(msgspec.json.encode(note))
        assert running_on(tmp_path) == (note if runs else None), when


def test_a_note_that_is_no_note_is_of_no_server(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_bytes(b"{")
    assert running_on(tmp_path) is None
