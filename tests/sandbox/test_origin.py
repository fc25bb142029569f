"""A scorecard names its code: a commit where there is one, and the digest of the files always."""

import shutil
import subprocess
from pathlib import Path

import pytest

from stanch.sandbox import origin as module
from stanch.sandbox.origin import Origin, origin, source_digest

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is needed")


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=me", "-c", "user.email=me@example.org")
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "src" / "stanch"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "a.py").write_text("A = 1\n")
    return folder


def test_it_names_a_commit_and_whether_files_differ_from_it(package: Path) -> None:
    git(package, "init", "-q")
    git(package, "add", ".")
    git(package, "commit", "-qm", "It is there.")
    assert module._commit(package) == git(package, "rev-parse", "HEAD")
    assert not module._changed(package)
    (package / "a.py").write_text("A = 2\n")
    assert module._changed(package)


def test_a_package_that_is_in_no_repository_of_its_own_has_no_commit(package: Path) -> None:
    assert not module._commit(package)
    git(package.parent.parent, "init", "-q")
    (package.parent.parent / "readme").write_text("x")
    git(package.parent.parent, "add", "readme")
    git(package.parent.parent, "commit", "-qm", "Of somebody else.")
    assert not module._commit(package)


def test_without_git_there_is_the_digest_of_the_files(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert not module._commit(package)
    before = source_digest(package)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "a.pyc").write_bytes(b"x")
    assert source_digest(package) == before
    (package / "a.py").write_text("A = 2\n")
    assert source_digest(package) != before
    assert Origin(source=before).code == f"source {before[:19]}"


def test_this_code_is_named_with_its_python_and_libraries() -> None:
    found = origin()
    assert found.source.startswith("sha256:")
    assert found.python
    assert {"numpy", "msgspec", "cryptography"} <= set(found.libraries)
    assert found.code.startswith(("commit ", "source "))
