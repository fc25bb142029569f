"""What is shown is written, or it is said that it was not; who reads its beginning is let be."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.processes import PATIENCE

from stanch.cli.root import CUT_SHORT
from stanch.vocabulary.trouble import Unwritten

STANCH = (sys.executable, "-m", "stanch")
FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments",
    ["playbook list", "playbook list --json", "incident show x --json", "--help", "--version"],
)
def test_a_full_disk_is_told_with_its_own_code(arguments: str) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [*STANCH, *arguments.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    assert done.returncode == Unwritten.exit_code
    assert done.stderr.splitlines()[-1].startswith(
        "stanch: The output could not be written: no space left on device. Send it elsewhere"
    )
    assert "Traceback" not in done.stderr


def test_a_closed_output_is_told() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m stanch playbook list >&-"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == Unwritten.exit_code
    assert "could not be written: it is closed." in done.stderr


def test_where_nobody_hears_what_went_wrong_the_code_still_says_it(tmp_path: Path) -> None:
    line = f"{sys.executable} -m stanch asset list --data {tmp_path}"
    for unheard in ("2>&-", "2>/dev/full" if FULL.exists() else "2>/dev/null"):
        done = subprocess.run(["sh", "-c", f"{line} {unheard}"], check=False, timeout=PATIENCE)
        assert done.returncode == 69


@pytest.mark.parametrize("arguments", ["playbook list", "playbook show extraction", "--help"])
def test_whoever_reads_no_further_is_told_nothing(arguments: str) -> None:
    with subprocess.Popen(
        [*STANCH, *arguments.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.wait(PATIENCE) == CUT_SHORT
        assert running.stderr.read() == b""
