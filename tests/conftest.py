"""What many rooms' tests need: a private PostgreSQL, and one store on each kind of database."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from stanch.settings import keep_compiled
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

# A busy machine is no failure of a law: examples have no deadline, and are the same in every run.
settings.register_profile(
    "stanch",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("stanch")

keep_compiled()

# One thread for each small product of matrices: several of them wait for each other on a busy
# machine, and take three times as long. It holds for the workers and servers that begin after this.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Started in the background, a shell lets its children ignore ^C; what is tested must hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)


NOT_FOR_THIS = ("a stream does not end", "no act there")
"""Why a case of a table is left out on every machine; any other skip is something missing."""


def _missing(report: pytest.TestReport | pytest.CollectReport) -> bool:
    why = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    return report.skipped and not any(fine in why for fine in NOT_FOR_THIS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """What one test tells libraries by the environment, the next does not hear."""
    before = dict(os.environ)
    try:
        return (yield)
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a person's machine may lack, CI's may not."""
    report = yield
    if os.environ.get("CI") == "true" and _missing(report) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"CI lacks what this test needs: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for whole files."""
    report = yield
    if os.environ.get("CI") == "true" and _missing(report):
        report.outcome = "failed"
        report.longrepr = f"CI lacks what this file needs: {report.longrepr}"
    return report


class Hands:
    """A clock that moves when a test moves it."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return found[0].parent if found else None


def _as_postgres(*command: str | Path) -> None:
    """Runs it as the owner of the cluster: PostgreSQL refuses to run as root."""
    owner = ("runuser", "-u", "postgres", "--") if os.getuid() == 0 else ()
    done = subprocess.run(
        [*owner, *map(str, command)], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _cluster(bin_: Path) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="stanch-pg-"))
    if os.getuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data, options = folder / "data", f"-c listen_addresses= -c unix_socket_directories={folder}"
    control = (bin_ / "pg_ctl", "-D", data, "-w", "-t", "60")
    try:
        _as_postgres(bin_ / "initdb", "-D", data, "-U", "stanch", "-A", "trust", "-N")
        log = folder / "log"
        _as_postgres(*control, "-o", f"{options} -c fsync=off", "-l", log, "start")
        try:
            yield f"postgresql://stanch@/postgres?host={folder}"
        finally:
            _as_postgres(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL where databases may be made: a given one, else a private cluster."""
    given = os.environ.get("STANCH_TEST_POSTGRES")
    if given:
        yield given
        return
    found = _binaries()
    if found is None:
        why = "needs_postgres: install postgresql, or set STANCH_TEST_POSTGRES"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    with _cluster(found) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    import psycopg  # noqa: PLC0415  only where PostgreSQL is driven

    name = f"t{abs(hash(request.node.nodeid)) % 10**12}_{os.getpid()}"
    with psycopg.connect(postgres_server, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}".encode())
    yield postgres_server.replace("/postgres?", f"/{name}?", 1)
    with psycopg.connect(postgres_server, autocommit=True) as link:
        link.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def hands() -> Hands:
    """A clock that moves when the test moves it."""
    return Hands()


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs_postgres)],
)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def sql_store(database_url: str, hands: Hands) -> Iterator[SqlStore]:
    """An empty store, of each kind in turn."""
    store = open_store(database_url, clock=hands)
    yield store
    store.close()
