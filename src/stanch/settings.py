"""Every setting of a stanch process; the only reader of the environment."""

import ctypes
import math
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How this process was asked to run."""

    data: Path = Path("stanch-data")
    """The data folder."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = 8484
    """The port; 0 takes a free one."""
    url: str = ""
    """A running server elsewhere, for the command line."""
    key: str = ""
    """The key to use there."""
    logins: Path = Path("~/.config/stanch/logins.json")
    """Where the command line keeps who you logged in as, on which server."""
    database: str = ""
    """A SQLAlchemy URL; empty is SQLite in the data folder."""
    automatic: str = ""
    """What may be contained unasked: `narrow` (only what hits nobody but suspects; the default),
    `ask` (nothing), or the share of others' requests that may be hit: `low=0, high=0.02`."""
    connectors: str = ""
    """A YAML file with the outside systems that are called, that follow policies and that reach
    people; empty is `connectors.yaml` in the data folder. Secrets stay in files and variables that
    it names."""
    node: str = ""
    """The name of this process among several on one folder and one PostgreSQL; empty is alone."""
    public_url: str = ""
    """How browsers and other machines reach this server; with https its cookies stay on TLS."""
    proxies: str = ""
    """Networks of proxies in front, with commas: what their `X-Forwarded-For` says of an address
    counts. Empty is none, and everybody behind a proxy has its address."""
    log_name: str = ""
    """The name of a new evidence log, unlike that of any other; empty makes one."""
    witnesses: str = ""
    """A file with the witnesses of our log: a verifier key a line, and the address that cosigns."""
    witnessed_logs: str = ""
    """A file with the verifier keys of the logs that we witness, one a line."""
    spool_most: int = 2 * 1024**3
    """Bytes of events that may wait to be rolled up; then senders are told to wait."""
    vault_most: int = 64 * 1024**3
    """Bytes of one item that is put into the vault over HTTP."""
    processes: int = 0
    """Processes of this machine that help with baselines and hunts over very many events; 0 is none
    but the server."""
    cluster: str = ""
    """The address of a Dask scheduler whose workers help instead. They have stanch installed and
    the data folder under the same path."""
    false_alarms_per_year: float = 1.0
    """How often an asset under no change may raise a false alarm of its summaries, in a year."""
    windows_per_wrong_name: float = 1000.0
    """In one of how many windows, at most, each detector of principals may name somebody innocent;
    1 is the least. With fewer, attackers are named sooner, and the innocent more often. What a
    person says since (`stanch alarms names`) goes before."""
    incident_after: str = ""
    """How many findings of a detector, in what time, open an incident: `3 in 2h` for every one,
    `feature_drift=3 in 2h` for one; several with commas. Empty is the first. What is strong by
    itself opens one at once."""
    shared_principals: str = ""
    """Principals behind whom many people stand, as a gateway's key, with commas: they tie no two
    findings together. A name that holds a comma stands in quotation marks."""
    edge_upstream: str = ""
    """The server that this edge sends its counts to; empty is no edge. `stanch edge up` sets it."""
    edge_site: str = ""
    """The name that the server knows this edge by."""
    edge_assets: str = ""
    """What this edge counts for the server, with commas."""
    edge_key_file: str = ""
    """A file with the server's key for this edge, of scope `ingest`."""
    oidc_issuer: str = ""
    """The identity provider that people come in through; empty is none."""
    oidc_client: str = ""
    """The name that the identity provider knows this server by."""
    oidc_secret_file: str = ""
    """A file with the client's secret."""
    oidc_claim: str = "groups"
    """The claim whose values decide the role."""
    oidc_roles: str = ""
    """Which value of the claim has which role: `sec-team=responder,sec-leads=approver`."""


_LEAST = {"STANCH_WINDOWS_PER_WRONG_NAME": 1.0}
"""What a number may be at least."""


def from_environment() -> Settings:
    """The settings that STANCH_* variables state, on top of the defaults."""
    given: dict[str, Any] = {}
    for one in fields(Settings):
        text = os.environ.get(f"STANCH_{one.name.upper()}")
        if text is not None:
            given[one.name] = _read(f"STANCH_{one.name.upper()}", text, type(one.default))
    return Settings(**given)


def _read(name: str, text: str, kind: type) -> object:
    if kind is str:
        return text
    if kind is int:
        if not (text.isascii() and text.isdecimal()):
            raise BadInput(f"{name} is a whole number, not {text[:40]!r}.")
        return int(text)
    if kind is float:
        return _positive(name, text)
    return Path(text)


def _positive(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    least = _LEAST.get(name, 0.0)
    if not 0 < value < math.inf:
        raise BadInput(f"{name} is a number above 0, not {text[:40]!r}.")
    if value < least:
        raise BadInput(f"{name} is {least:g} or more, not {text[:40]!r}.")
    return value


def secret_named(name: str) -> str:
    """The value of the variable that holds a secret; nothing when there is none."""
    return os.environ.get(name, "") if name else ""


def tell_libraries(values: Mapping[str, str]) -> None:
    """Nothing; libraries steered by the environment find these, unless a person set them."""
    for name, value in values.items():
        os.environ.setdefault(name, value)


def tell_at_least(name: str, seconds: float) -> None:
    """Nothing; a library with one patience for the whole process has the longest asked for."""
    given = os.environ.get(name, "")
    known = float(given) if given.replace(".", "", 1).isdigit() else 0.0
    os.environ[name] = str(max(1, round(max(known, seconds))))


_M_ARENA_MAX = -8
"""As glibc's malloc.h has it."""


def spare_memory() -> None:
    """Nothing; what a large turn used goes back to the machine, if said before Arrow is imported.

    DuckDB and Delta each bring a jemalloc whose freed pages lie until it is asked again, Arrow a
    mimalloc whose pages lie in the thread that freed them, and glibc keeps a heap for each thread.
    """
    tell_libraries(
        {
            "ARROW_DEFAULT_MEMORY_POOL": "system",
            "DUCKDB_JE_MALLOC_CONF": "background_thread:true,dirty_decay_ms:1000",
            "_RJEM_MALLOC_CONF": "background_thread:true,dirty_decay_ms:1000",
        }
    )
    glibc = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if glibc is not None and "MALLOC_ARENA_MAX" not in os.environ:
        glibc(_M_ARENA_MAX, 2)


_PACKAGE = Path(__file__).parent
_COMPILED = ("detect/summaries", "engine/ingest/scan", "store")
"""Folders with loops that numba compiles, and with the numbers that these are compiled with."""
_CACHE = "NUMBA_CACHE_DIR"
_KEPT = "kernels-"


def keep_compiled(package: Path = _PACKAGE) -> None:
    """Nothing; what numba compiles is kept by the digest of all sources that it came from.

    numba itself looks at the one file of a loop, and would go on with a number that another file
    had before an upgrade.
    """
    sources = sorted(one for folder in _COMPILED for one in (package / folder).glob("*.py"))
    digest = sha256(b"".join(one.read_bytes() for one in sources)).hexdigest()[:16]
    for base in _bases(package):
        folder = base / (_KEPT + digest)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            os.environ[_CACHE] = str(folder)
            for other in base.glob(_KEPT + "*"):
                if other != folder:
                    shutil.rmtree(other, ignore_errors=True)
            return


def _bases(package: Path) -> Iterator[Path]:
    """Where compiled loops may be kept: where a person says, beside the code, or at home."""
    stated = os.environ.get(_CACHE, "")
    if stated:
        yield Path(stated).parent if Path(stated).name.startswith(_KEPT) else Path(stated)
    yield package / "__pycache__"
    yield Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "stanch"  # noqa: PTH111  a home that is unknown is no error here
