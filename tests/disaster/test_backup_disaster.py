"""A backup that is killed half-way is never taken for one that is whole."""

import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from stanch.store.backup import restore
from stanch.store.vault import Vault, scrub
from stanch.vocabulary.trouble import BadFile

CHILD = """
import sys
from pathlib import Path
from stanch.store.backup import Options, back_up
def say(seen):
    print(seen.files, flush=True)
    if seen.files == int(sys.argv[3]):
        sys.stdin.read()  # held here until the signal comes
back_up(Path(sys.argv[1]), Path(sys.argv[2]), Options(progress=say))
"""


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_killed_backup_is_refused(tmp_path: Path, after: int) -> None:
    with Vault.open(tmp_path / "data/vault") as vault:
        for n in range(30):
            vault.put_bytes(b"%d" % n * 300_000)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path / "data"), str(tmp_path / "b.tar"), str(after)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdin is not None
    for _ in range(after):
        child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    child.stdin.close()
    assert not (tmp_path / "b.tar").exists()
    (left,) = tmp_path.glob("b.tar.*.unfinished")
    with pytest.raises(BadFile):
        restore(left, tmp_path / "new")
    left.rename(tmp_path / "renamed.tar")
    with pytest.raises(BadFile):
        restore(tmp_path / "renamed.tar", tmp_path / "new")
    assert not (tmp_path / "new").exists()


STORM = """
import sys
from pathlib import Path
from stanch.store.backup import back_up
print("ready", flush=True)
back_up(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.parametrize(
    "kills", [3, pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
def test_a_backup_killed_at_any_moment_is_whole_or_not_there(tmp_path: Path, kills: int) -> None:
    dice = random.Random(11)  # noqa: S311  a repeatable storm, not a secret
    turn = whole = 0
    with Vault.open(tmp_path / "data/vault") as vault:
        while turn < kills or whole == turn or not whole:  # seen both ways, however quick it is
            lasts = 0.05 + 0.002 * turn if turn < kills or whole else None
            for n in range(3):
                vault.put_bytes(dice.randbytes(200_000) + b"%d-%d" % (turn, n))
            target = tmp_path / f"b{turn}.tar"
            with subprocess.Popen(
                [sys.executable, "-c", STORM, str(tmp_path / "data"), str(target)],
                stdout=subprocess.PIPE,
                text=True,
            ) as child:
                assert child.stdout is not None
                assert child.stdout.readline() == "ready\n"
                if lasts is not None:
                    with suppress(subprocess.TimeoutExpired):
                        child.wait(timeout=dice.uniform(0, lasts))
                    child.kill()
                child.wait()
            if target.exists():
                whole += 1
                restore(target, tmp_path / f"new{turn}")
                with Vault.open(tmp_path / f"new{turn}/vault") as back:
                    assert not any(one.damage for one in scrub(back))
                    assert len(list(back.items())) == 3 * (turn + 1)
                shutil.rmtree(tmp_path / f"new{turn}")
            for left in tmp_path.glob("b*.tar*"):
                left.unlink()
            turn += 1
        assert not any(one.damage for one in scrub(vault))
