"""stanch doctor: checks this machine and this data folder, with a remedy for each fault."""

import importlib.util
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from stanch import settings
from stanch.cli.client import connect, running_on
from stanch.cli.fitting import fitted
from stanch.cli.options import Data, Json, Port, command
from stanch.cli.out import Out
from stanch.vocabulary.trouble import Trouble

app = command("Check this machine and this data folder, with a remedy for each fault.")

_LEAST_SPACE = 1024**3
_EPOCH = 1_767_225_600
"""The start of 2026: a clock before it is wrong."""
_EXTRAS = {
    "server": ("litestar", "granian", "duckdb", "deltalake", "pyarrow", "sqlalchemy"),
    "postgres": ("psycopg",),
    "mlflow": ("mlflow",),
    "ml": ("sklearn", "art"),
    "dask": ("distributed",),
    "envoy": ("envoy", "grpc"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    good: bool | None
    """None: could not tell, or does not matter here."""
    says: str
    remedy: str = ""


@app.command()
def doctor(
    *,
    data: Data = None,
    port: Port = None,
    json: Json = False,
) -> None:
    """Check everything that a server needs; 1 when something is wrong."""
    out = Out(json=json)
    asked = settings.from_environment()
    folder = (data or asked.data).absolute()
    checks = [
        _python(),
        _clock(),
        *_folder(folder),
        *_server(folder, asked.host, asked.port if port is None else port),
        *_extras(),
    ]
    wrong = [one for one in checks if one.good is False]
    lines = [f"{_mark(one)} {one.name}: {one.says}{_hint(one)}" for one in checks]
    out.show(
        {"good": not wrong, "checks": [asdict(one) for one in checks]}, fitted("\n".join(lines))
    )
    if wrong:
        raise typer.Exit(1)


def _mark(one: Check) -> str:
    return {True: "good ", False: "WRONG", None: "-    "}[one.good]


def _hint(one: Check) -> str:
    return f"\n      {one.remedy}" if one.remedy else ""


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    return Check(
        name="python",
        good=good,
        says=version,
        remedy="" if good else "Install Python 3.11 or later.",
    )


def _clock() -> Check:
    good = time.time() > _EPOCH  # noqa: TID251  the check is about this very clock
    remedy = "" if good else "Set the clock, and keep it with NTP: deadlines are counted by it."
    return Check(name="clock", good=good, says="set" if good else "far behind", remedy=remedy)


def _folder(folder: Path) -> Iterator[Check]:
    if not folder.exists():
        yield _absent(folder)
        return
    writable = os.access(folder, os.W_OK | os.X_OK)
    yield Check(
        name="folder",
        good=writable,
        says=f"{folder} can{'' if writable else 'not'} be written",
        remedy="" if writable else f"Give it to this user: chown -R $(id -un) {folder}",
    )
    mode = stat.S_IMODE(folder.stat().st_mode)
    private = not mode & 0o077
    yield Check(
        name="privacy",
        good=private,
        says=f"mode {mode:04o}",
        remedy="" if private else f"Others can look in: chmod 700 {folder}",
    )
    free = shutil.disk_usage(folder).free
    enough = free > _LEAST_SPACE
    yield Check(
        name="space",
        good=enough,
        says=f"{free / 1024**3:.1f} GiB free",
        remedy="" if enough else "Free space, or move the folder to a larger disk.",
    )


def _absent(folder: Path) -> Check:
    above = next(one for one in folder.parents if one.exists())
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        remedy = f"`stanch up --data {folder}` makes it."
        return Check(name="folder", good=None, says=f"{folder} is not there yet", remedy=remedy)
    says = f"{folder} is not there, and {above} lets nobody make it"
    return Check(name="folder", good=False, says=says, remedy="Name another one with --data.")


def _server(folder: Path, host: str, port: int) -> Iterator[Check]:
    if running_on(folder) is None:
        yield _port(host, port)
        if (folder / "log").is_dir():
            from stanch.app import backup_age, verify_folder  # noqa: PLC0415  the server's parts

            yield _tried("evidence", lambda: verify_folder(folder))
            yield _backup(lambda: backup_age(folder))
        return
    client = connect(folder)
    yield _tried("server", lambda: {"holds": True, "says": client.url, **client.get("/readyz")})
    yield _tried("evidence", lambda: client.get("/api/v1/evidence-check"))
    try:
        told = client.get("/api/v1/checkup")
    except Trouble as trouble:
        yield Check(name="checkup", good=False, says=str(trouble))
        return
    yield from (Check(**one) for one in told)


def _tried(name: str, ask: Callable[[], dict[str, Any]]) -> Check:
    try:
        told = ask()
    except Trouble as trouble:
        return Check(name=name, good=False, says=str(trouble))
    holds = told["holds"]
    remedy = "" if holds else "Keep the folder as it is, and restore a backup beside it."
    return Check(name=name, good=holds, says=str(told["says"]), remedy=remedy)


def _backup(ask: Callable[[], dict[str, Any]]) -> Check:
    try:
        return Check(name="backup", **ask())
    except Trouble as trouble:
        return Check(name="backup", good=None, says=str(trouble))


def _port(host: str, port: int) -> Check:
    try:
        from stanch.api.server import free_address  # noqa: PLC0415  needs the server extra

        free_address(host, port)
    except ImportError:
        return Check(name="port", good=None, says="not looked at without the server extra")
    except Trouble as trouble:
        return Check(name="port", good=False, says=str(trouble), remedy="Choose another --port.")
    return Check(name="port", good=True, says=f"{port} is free")


def _extras() -> Iterator[Check]:
    for extra, modules in _EXTRAS.items():
        lacking = [one for one in modules if importlib.util.find_spec(one) is None]
        yield Check(
            name=f"extra {extra}",
            good=True if not lacking else (False if extra == "server" else None),
            says="installed" if not lacking else f"without {', '.join(lacking)}",
            remedy=f"pip install 'stanch[{extra}]'" if lacking else "",
        )
