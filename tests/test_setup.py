"""Setting up: what a bare machine may lack is got round, or named with its remedy."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

STUB = """#!/bin/sh
echo "$*" >> "{calls}"
case "$*" in
    "-c "*) exit {old} ;;
    "-m venv "*) exit {no_venv} ;;
    "-m pip --version") exit {no_pip} ;;
    "-m virtualenv "*) mkdir -p "{folder}/bin" && cp "$0" "{folder}/bin/python" ;;
esac
"""


def _set_up(
    room: Path, *, old: int = 0, no_venv: int = 0, no_pip: int = 0
) -> subprocess.CompletedProcess[str]:
    """What `make_venv` says where the only Python is one that writes down what it is asked."""
    tools = room / "tools"
    tools.mkdir()
    for name in ("cat", "cksum", "rm", "mkdir", "cp", "dirname"):
        (tools / name).symlink_to(shutil.which(name) or "")
    stub = tools / "python3"
    stub.write_text(
        STUB.format(
            calls=room / "calls", folder=room / "env", old=old, no_venv=no_venv, no_pip=no_pip
        ),
        encoding="utf-8",
    )
    stub.chmod(0o755)
    line = f'. scripts/venv.sh; make_venv "{room / "env"}" requirements/server.txt'
    return subprocess.run(
        ["/bin/sh", "-eu", "-c", line],
        cwd=ROOT,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_machine_without_a_new_enough_python_is_told_what_to_install(tmp_path: Path) -> None:
    done = _set_up(tmp_path, old=1)
    assert done.returncode == 69
    assert "needs Python 3.11 or later" in done.stderr
    assert "apt install python3" in done.stderr


def test_a_python_with_neither_venv_nor_pip_is_told_what_to_install(tmp_path: Path) -> None:
    done = _set_up(tmp_path, no_venv=1, no_pip=1)
    assert done.returncode == 69
    assert "apt install python3-venv" in done.stderr


def test_a_python_without_venv_gets_its_environment_and_the_systems_packages_stay(
    tmp_path: Path,
) -> None:
    done = _set_up(tmp_path, no_venv=1)
    assert done.returncode == 0, done.stderr
    assert "using virtualenv instead" in done.stderr
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    installs = [call for call in calls if call.startswith("-m pip install")]
    assert f"--target {tmp_path / 'env'}.tool" in installs[0]
    assert all("--require-hashes" in call or "-e ." in call for call in installs)
    assert "--break-system-packages" not in "".join(calls)


def test_what_is_set_up_already_is_left_as_it_is(tmp_path: Path) -> None:
    assert _set_up(tmp_path, no_venv=1).returncode == 0
    before = (tmp_path / "calls").read_text(encoding="utf-8")
    line = f'. scripts/venv.sh; make_venv "{tmp_path / "env"}" requirements/server.txt'
    again = subprocess.run(
        ["/bin/sh", "-eu", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0
    assert again.stderr == ""
    assert (tmp_path / "calls").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    "file", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda f: f.stem
)
def test_every_requirement_is_pinned_and_hashed_and_names_no_host(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(index|extra|find|trusted)", text, re.MULTILINE)
    wanted = re.split(r"\n(?=[\w])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).strip())
    assert wanted
    for one in wanted:
        assert re.match(r"[\w.\[\],-]+==\S+", one), one
        assert "--hash=sha256:" in one, one


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)], ids=["a person's machine", "CI"])
def test_what_a_persons_machine_may_lack_ci_may_not(tmp_path: Path, ci: str, code: int) -> None:
    (tmp_path / "test_lacking.py").write_text(
        "import pytest\n\n\ndef test_it() -> None:\n    pytest.skip('needs_clay: install clay')\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "conftest", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=os.environ
        | {"CI": ci, "PYTHONPATH": str(ROOT / "tests"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "needs_clay: install clay" in done.stdout


def test_every_dependency_is_used_and_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {re.split(r"[\[>]", one)[0].lower() for one in wanted}
    source = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.py"))
    words = set(re.findall(r"\w+", source))
    modules: dict[str, set[str]] = {}
    for module, packages in packages_distributions().items():
        for package in packages:
            modules.setdefault(package.lower().replace("_", "-"), set()).add(module)
    unused = {one for one in names & modules.keys() if not modules[one] & words}
    assert unused <= {"packaging"}, unused
    page = (ROOT / "docs" / "explanation" / "dependencies.md").read_text(encoding="utf-8")
    reasons = re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)
    told = {one for line in reasons for one in line.strip().split(", ")}
    assert names <= told, names - told
