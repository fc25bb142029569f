"""Nothing of a drill outlives it: not when it ends, not when it is killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.processes import PATIENCE

from stanch.sandbox.processes import Process, Victim
from stanch.sandbox.victims.data import table
from stanch.sandbox.victims.net import trained
from stanch.sandbox.victims.registry import Registry
from stanch.sandbox.victims.spec import Spec
from stanch.sandbox.wire import HttpDoor
from stanch.vocabulary.trouble import CouldNotTell

pytest.importorskip("sklearn")


def spec(folder: Path) -> Spec:
    learnt, _ = table("cancer").halves(1)
    registry = Registry(folder / "registry")
    registry.push("v1", trained(learnt, 1), by="pipeline")
    registry.push("v2", trained(learnt, 2), by="pipeline")
    registry.promote("v1")
    return Spec(
        asset="victim",
        classes=learnt.classes,
        registry=str(registry.folder),
        server="http://127.0.0.1:9",
        key="none",
        doors={"key-one": "tenant-1"},
    )


def gone(pid: int) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_victim_answers_who_has_a_key_and_comes_back_on_its_port(tmp_path: Path) -> None:
    victim = Victim(spec(tmp_path))
    row = table("cancer").x[0]
    try:
        victim.start()
        known, stranger = HttpDoor(victim.url, "key-one"), HttpDoor(victim.url, "key-two")
        first = known.ask(row)
        assert first.given
        assert (first.version, first.id) == ("v1", "1")
        assert stranger.ask(row).status == 401
        assert known.ask(np.append(row, 1.0)).status == 422
        Registry(tmp_path / "registry").promote("v2")
        assert known.ask(row).version == "v2"
        before, boot = victim.url, victim.boot
        victim.kill()
        assert known.ask(row).status == 0
        victim.start()
        assert victim.url == before
        assert victim.boot != boot
        assert known.ask(row).given
        known.close()
        stranger.close()
    finally:
        victim.stop()


ORPHAN = """
import sys, time
from stanch.sandbox.processes import Process
child = Process(sys.argv[1], tuple(sys.argv[2:]))
print(child._child.pid, flush=True)
child.line()
print("up", flush=True)
time.sleep(600)
"""


def test_a_server_ends_when_its_drill_is_killed(tmp_path: Path) -> None:
    arguments = ["up", "--data", str(tmp_path / "d"), "--port", "0", "--json"]
    with subprocess.Popen(
        [sys.executable, "-c", ORPHAN, "stanch.sandbox.tether", *arguments], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline() == b"up\n"
        parent.send_signal(signal.SIGKILL)
        parent.wait(PATIENCE)
    assert gone(pid)


def test_a_process_that_cannot_start_is_told(tmp_path: Path) -> None:
    victim = Victim(spec(tmp_path))
    (tmp_path / "registry" / "current").unlink()
    bad = Victim(Spec(asset="a b", classes=(), registry="", server="", key=""))
    with pytest.raises(CouldNotTell):
        bad.start()
    bad.stop()
    victim.stop()


def test_who_listens_to_a_process_that_was_stopped_hears_that_it_ended() -> None:
    player = Process("stanch.sandbox.player", ())
    player.stop()
    with pytest.raises(CouldNotTell, match="ended before it answered"):
        player.line()
