"""The vault when it is killed at any instant, and when the disk is full."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stanch.store.vault import Vault, scrub
from stanch.vocabulary.ids import Digest
from stanch.vocabulary.trouble import NoSpace

WRITER = """
import hashlib, sys
from pathlib import Path
from stanch.store.vault import Vault
with Vault.open(Path(sys.argv[1])) as vault:
    for n in range(10_000):
        seed = b"%d" % n + sys.argv[2].encode()
        data = hashlib.shake_128(seed).digest(40_000 + 700_000 * (n % 3))
        print(vault.put_bytes(data, personal=n % 4 == 0).digest, flush=True)
"""


def promised_before_kill(folder: Path, turn: int) -> list[Digest]:
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(turn)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(1 + turn % 5)]
    os.kill(child.pid, signal.SIGKILL)
    said += child.stdout.readlines()
    child.stdout.close()
    child.wait()
    return [Digest(line.strip()) for line in said if len(line.strip()) == 71]


@pytest.mark.parametrize(
    "kills", [3, pytest.param(40, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
def test_a_killed_writer_loses_nothing_it_promised(tmp_path: Path, kills: int) -> None:
    promised: list[Digest] = []
    for turn in range(kills):
        promised += promised_before_kill(tmp_path, turn)
        with Vault.open(tmp_path) as vault:
            assert set(promised) <= set(vault.items())
            assert list((tmp_path / "new").iterdir()) == []
            for digest in promised[-5:]:
                assert sum(len(block) for block in vault.read(digest)) >= 40_000
    with Vault.open(tmp_path) as vault:
        assert [one for one in scrub(vault) if one.damage] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.needs_tmpfs
@pytest.mark.parametrize("personal", [False, True])
def test_a_full_disk_is_a_sentence_and_nothing_is_half_kept(
    small_disk: Path, personal: bool
) -> None:
    with Vault.open(small_disk) as vault:
        kept = vault.put_bytes(b"small", personal=personal).digest
        keys = sorted((small_disk / "keys").iterdir())
        with pytest.raises(NoSpace):
            vault.put_bytes(hashlib.shake_128(b"big").digest(8 << 20), personal=personal)
        assert list((small_disk / "new").iterdir()) == []
        assert sorted((small_disk / "keys").iterdir()) == keys
        assert list(vault.items()) == [kept]
        assert b"".join(vault.read(kept)) == b"small"
        fits = vault.put_bytes(hashlib.shake_128(b"fits").digest(1 << 20), personal=personal)
        assert not any(one.damage for one in scrub(vault))
        assert vault.exists(fits.digest)
