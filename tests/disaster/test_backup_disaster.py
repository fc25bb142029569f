"""A backup that is killed half-way is never taken for one that is whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stanch.store.backup import restore
from stanch.store.vault import Vault
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
