"""A scorecard names its code: a commit where there is one, and the digest of the files always."""

from pathlib import Path

import pytest

from stanch.sandbox import origin as module
from stanch.sandbox.origin import Origin, origin, source_digest

GIT = """#!/bin/sh
# Knows one commit, of folders that say they are in it.
[ "$1" = -C ] || exit 1
case "$3" in
    ls-files) [ -f "$2/in-it" ] && echo __init__.py ;;
    rev-parse) echo 0123456789abcdef0123 ;;
    status) if [ -f "$2/changes" ]; then cat "$2/changes"; fi ;;
esac
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder, tools = tmp_path / "stanch", tmp_path / "tools"
    for place in (folder, tools):
        place.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "a.py").write_text("A = 1\n")
    (tools / "git").write_text(GIT)
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    return folder


def test_it_names_a_commit_and_whether_files_differ_from_it(package: Path) -> None:
    (package / "in-it").touch()
    assert module._commit(package) == "0123456789abcdef0123"
    assert not module._changed(package)
    (package / "changes").write_text(" M a.py\n")
    assert module._changed(package)
    own = Origin(commit=module._commit(package), changed=True)
    assert own.code == "commit 0123456789ab, with changes"


def test_a_package_that_the_repository_around_it_does_not_know_has_no_commit(package: Path) -> None:
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
