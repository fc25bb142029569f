"""By night the whole matrix is played after the tests; by day they have its small sizes."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STUB = '#!/bin/sh\necho "$(basename "$0") $*" >> "{calls}"\n{then}\n'


def ran(room: Path, *arguments: str, check: int = 0) -> tuple[int, list[str]]:
    """The exit code of `.ci/run`, and what it started."""
    calls, tools = room / "calls", room / "tools"
    (room / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", room / ".ci" / "run")
    stubs = {room / "check": f"exit {check}", room / ".venv" / "bin" / "python": "exit 0"}
    stubs |= {tools / name: "exit 0" for name in ("chromium", "npm", "haproxy", "apt-get")}
    for path, then in stubs.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(STUB.format(calls=calls, then=then))
        path.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(room / ".ci" / "run"), *arguments],
        env={"PATH": f"{tools}:/usr/bin:/bin"},
        check=False,
    )
    own = ("check ", "python ")
    return done.returncode, [c for c in calls.read_text().splitlines() if c.startswith(own)]


def test_by_day_the_tests_are_run_and_no_matrix(tmp_path: Path) -> None:
    assert ran(tmp_path) == (0, ["check "])


def test_by_night_the_whole_matrix_follows_on_a_seed_of_its_own(tmp_path: Path) -> None:
    code, (tests, data, matrix) = ran(tmp_path, "--nightly")
    assert (code, tests) == (0, "check ")
    assert data.startswith("python -m pip install")
    assert data.endswith("--no-deps --require-hashes -r requirements/nightly.txt")
    words, _, seed = matrix.rpartition(" ")
    assert words == "python -m stanch drill run --all --jobs 2 --seed"
    assert seed.isdecimal()
    assert int(seed) > 20_000_000


@pytest.mark.parametrize("arguments", [(), ("--nightly",)])
def test_a_test_that_fails_is_the_end(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert ran(tmp_path, *arguments, check=1) == (1, ["check "])
