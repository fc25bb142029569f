"""Lists: the server's answer of every page and list that a responder opens, with several at a time.

    python -m bench.lists FOLDER [callers] [rounds] [beginnings of paths, with commas]

A new folder is filled by `bench.seed` (1,000,000 events, 100,000 findings, 2,000 incidents, one
more with 10,000 findings) and then crowded: 5,000 questions that wait, 10,000 runs, 2,000 assets,
10,000 items of evidence, 20,000 entries by people, 200 kept filters. STANCH_DATABASE says which
database; empty is SQLite. The callers ask for every path in turn, each on a link of its own that
stays open; what is told is the time from the request to the last byte, and the CPU that the server
spent on one of them, which other work on the machine stretches least; beside it that of a
PostgreSQL on this machine.
"""

import http.client
import importlib
import json
import math
import os
import platform
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from bench.words import words
from stanch.app import opened
from stanch.engine.clock import utc_now
from stanch.engine.ports import Transaction
from stanch.settings import Settings
from stanch.vocabulary.approval import Approval, Risk
from stanch.vocabulary.asset import AssetKind, Criticality
from stanch.vocabulary.casework import SavedFilter
from stanch.vocabulary.ids import (
    ActionId,
    ApprovalId,
    AssetId,
    EvidenceId,
    IncidentId,
    PlaybookId,
    RunId,
    digest_of,
)
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Role
from stanch.vocabulary.record import Deed, Entry, Evidence
from stanch.vocabulary.run import Run, RunState

SEED = importlib.import_module("bench.seed")
CONSOLE = importlib.import_module("bench.console")
ASKED = importlib.import_module("bench.lists_paths")
DATABASE = os.environ.get("STANCH_DATABASE", "")
OUT = Path(__file__).parent / "results" / "lists.json"
INCIDENTS, FINDINGS, EVENTS, LARGE = 2000, 100_000, 1_000_000, 10_000
QUESTIONS, RUNS, ASSETS, ITEMS, ENTRIES = 5000, 10_000, 2000, 10_000, 20_000
FILTERS = 200
BOUND_MS = 200
NEWEST = f"inc-{INCIDENTS - 1:015d}"
BIG = f"inc-{SEED.LARGE:015d}"
WORDS = (
    "key-91",
    "grid between",
    "extraction",
    "nobody-said-this",
    "zq",
    "%_%",
    '"',
    "x" * 200,
    "e t a o n i s r",
    " ".join("abcdefghijklmnopqrstuvwxyz0123456789"),
)
"""What is searched for: usual words, then what somebody types to hurt or by mistake."""
PATHS = (
    *(f"/search?q={quote(words)}" for words in WORDS),
    *(f"/findings?q={quote(words)}" for words in ("grid", "nobody-said-this")),
    *(f"/incidents?q={quote(words)}" for words in ("extraction", "nobody-said-this")),
    "/",
    "/incidents",
    "/findings",
    "/findings?q=",
    "/assets",
    "/approvals",
    "/clocks",
    "/evidence",
    "/runs",
    "/audit",
    "/audit?by=ben",
    "/board",
    "/measures",
    "/events",
    "/assets/fraud-scorer",
    "/principals?name=key-91",
    *(
        f"/incidents/{one}{tab}"
        for one in (NEWEST, BIG)
        for tab in (
            *("", "/timeline", "/findings", "/evidence", "/graph", "/actions", "/runs"),
            *("/notes", "/audit", "/communications"),
        )
    ),
    *(
        f"/api/v1/{one}"
        for one in (
            *("incidents", "findings", "findings?limit=500", "assets", "approvals", "runs"),
            *("evidence", "clocks", "policies", "acts", "measures"),
            *("findings?text=nobody-said-this", f"findings?incident={BIG}", f"incidents/{BIG}"),
        )
    ),
    *ASKED.paths(BIG),
)
FAR = 100
"""Pages of 500 that are passed on the way to a page far in."""


def main() -> None:
    words(__doc__, most=4, least=1)
    folder = Path(sys.argv[1])
    callers = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    only = tuple(sys.argv[4].split(",")) if len(sys.argv) > 4 else ()
    if not folder.exists():
        SEED.fill(folder, INCIDENTS, FINDINGS, EVENTS, DATABASE)
        SEED.large(folder, LARGE, DATABASE)
        crowd(folder)
    with CONSOLE.served(folder) as (url, pid):
        CONSOLE.settled(pid)
        reader = Reader(url)
        found: list[dict[str, Any]] = []
        gaps, database = gaps_of(reader), postmaster()
        print(f"{'CPU, of the database, median and 95th in ms':91}   CPU      DB    p50     p95")
        for path in PATHS:
            if not only or path.startswith(only):
                whole = path.format(**gaps, deep=reader.far(path.format(**gaps, deep="")))
                before = (CONSOLE.spent(pid), spent_by(database))
                one = measured(url, reader.cookie, whole, callers, rounds)
                after = (CONSOLE.spent(pid), spent_by(database))
                cpu, other = (
                    1000 * (b - a) / one["asked"] for a, b in zip(before, after, strict=True)
                )
                found.append(
                    {**one, "path": path, "cpu_ms": round(cpu, 1), "database_ms": round(other, 1)}
                )
                print(told(found[-1]), flush=True)
    kind = (DATABASE or "sqlite").partition(":")[0]
    result = {
        "machine": {
            "platform": platform.platform(),
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "load": os.getloadavg()[0],
        },
        "callers": callers,
        "bound_ms": BOUND_MS,
        "paths": found,
    }
    print(json.dumps(result["machine"]))
    if not only:
        kept = json.loads(OUT.read_text(encoding="utf-8")) if OUT.exists() else {}
        OUT.write_text(json.dumps({**kept, kind: result}, indent=1) + "\n", encoding="utf-8")


def told(one: dict[str, Any]) -> str:
    mark = "  over the bound" if one["p95_ms"] > BOUND_MS else ""
    times = (one["cpu_ms"], one["database_ms"], one["median_ms"], one["p95_ms"])
    return f"{one['path'][:90]:90} " + " ".join(f"{t:7.1f}" for t in times) + mark


class Reader:
    """Somebody who is logged in."""

    def __init__(self, url: str) -> None:
        self.link = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        self.cookie = cookie_of(url)

    def ask(self, path: str) -> Any:
        self.link.request("GET", path, headers={"cookie": f"stanch_session={self.cookie}"})
        return json.loads(self.link.getresponse().read())

    def far(self, path: str) -> str:
        """The cursor of a page far in the list, where the path asks for one."""
        if not path.endswith("after="):
            return ""
        cursors = [""]
        while len(cursors) <= FAR:
            after = self.ask(f"{path}{cursors[-1]}&limit=500")["next"]
            if not after:
                return cursors[len(cursors) // 2]
            cursors.append(after)
        return cursors[-1]


def gaps_of(reader: Reader) -> dict[str, str]:
    """What goes into the gaps of the paths."""
    now = utc_now()
    [newest] = reader.ask(f"/api/v1/findings?incident={BIG}&limit=1")["items"]
    middle = datetime.fromisoformat(newest["window"]["end"]) - timedelta(seconds=15 * LARGE)
    days = {
        "old": now - timedelta(days=94),
        "day_after": now - timedelta(days=93),
        "within": middle,
    }
    told = {name: quote(at.isoformat()) for name, at in days.items()}
    return {**told, "first": newest["suspects"][0]["principal"]}


def postmaster() -> int:
    """The process of the database's server on this machine; 0 where there is none."""
    if not DATABASE:
        return 0
    import psycopg  # noqa: PLC0415  only where PostgreSQL is measured

    with psycopg.connect(DATABASE) as link:
        pid = link.info.backend_pid
        return int(_stat(pid)[1]) if Path(f"/proc/{pid}/stat").exists() else 0


def spent_by(server: int) -> float:
    """CPU seconds of this process and all that it started, ended or not."""
    if not server:
        return 0.0
    mine = [_stat(int(p.name)) for p in Path("/proc").iterdir() if p.name.isdecimal()]
    living = sum(int(s[11]) + int(s[12]) for s in mine if s and int(s[1]) == server)
    own = sum(map(int, _stat(server)[11:15]))
    return (living + own) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:  # it ended meanwhile
        return []


def cookie_of(url: str) -> str:
    link = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    body = json.dumps({"name": "ada", "password": SEED.PASSWORD})
    link.request("POST", "/api/v1/sessions", body, {"content-type": "application/json"})
    answer = link.getresponse()
    answer.read()
    assert answer.status < 300, answer.status
    return SimpleCookie(answer.headers["set-cookie"])["stanch_session"].value


def measured(url: str, cookie: str, path: str, callers: int, rounds: int) -> dict[str, Any]:
    """The times of all callers' requests, the first of each left out."""
    asked = max(2, math.ceil(rounds * 2 / callers)) + 1

    def one(_: int) -> list[float]:
        link = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        times = []
        for _ in range(asked):
            start = time.perf_counter()
            link.request("GET", path, headers={"cookie": f"stanch_session={cookie}"})
            answer = link.getresponse()
            answer.read()
            times.append(1000 * (time.perf_counter() - start))
            assert answer.status == 200, (path, answer.status)
        link.close()
        return times[1:]

    with ThreadPoolExecutor(callers) as pool:
        times = [t for some in pool.map(one, range(callers)) for t in some]
    return {
        "path": path,
        "median_ms": round(median(times), 1),
        "p95_ms": round(CONSOLE.most(times), 1),
        "asked": len(times),
    }


def crowd(folder: Path) -> None:
    """Fills every other list as full as its bound speaks of."""
    dice, now = random.Random(3), utc_now()  # noqa: S311  the same each time
    with opened(Settings(data=folder, database=DATABASE)) as parts:
        for start in range(0, max(RUNS, ITEMS, ENTRIES), 500):
            with parts.store.begin() as tx:
                for number in range(start, start + 500):
                    one_of_each(tx, dice, now, number)
        parts.recorder.drain()


def one_of_each(tx: Transaction, dice: random.Random, now: datetime, number: int) -> None:
    asset, at = AssetId(SEED.ASSETS[number % 6][0]), now - timedelta(minutes=number)
    incident = IncidentId(f"inc-{INCIDENTS - 1 - number % 400:015d}")
    if number < ASSETS:
        made = SEED.asset(
            f"model-{number}", AssetKind.MODEL, f"Model {number}", "sales", Criticality.LOW
        )
        tx.assets.add(made)
    if number < FILTERS:
        tx.filters.add(kept_filter(number, asset))
    if number < QUESTIONS:
        tx.approvals.add(question(number, incident, asset, now))
    if number < RUNS:
        state = dice.choice((RunState.DONE, RunState.DONE, RunState.FAILED, RunState.CANCELLED))
        tx.runs.add(
            Run(
                id=RunId(f"run-crowd-{number:09d}"),
                playbook=PlaybookId("extraction"),
                incident=incident,
                asset=asset,
                started=at,
                updated=at,
                ended=at,
                state=state,
            )
        )
    if number < ITEMS:
        tx.evidence.add(
            Evidence(
                id=EvidenceId(f"evd-crowd-{number:09d}"),
                incident=incident,
                digest=digest_of(str(number).encode()),
                size=number,
                kind="events",
                name=f"requests {number} of key-91.json",
                taken=at,
                by="stanch",
                log_index=number,
            )
        )
    if number < ENTRIES:
        who = dice.choice(("ada", "ben", "cleo"))
        tx.record(Entry(at=at, deed=Deed.EVIDENCE_READ, actor=who, about=str(incident)))


def kept_filter(number: int, asset: AssetId) -> SavedFilter:
    return SavedFilter(
        id=f"flt-crowd-{number:09d}",
        name=f"{asset} {number}",
        owner=("ada", "ben")[number % 2],
        noun=("incidents", "findings")[number % 3 % 2],
        wanted=Wanted(asset=(asset,), text=f"key-{number}"),
        shared=number % 4 == 0,
    )


def question(number: int, incident: IncidentId, asset: AssetId, now: datetime) -> Approval:
    shown = (
        f"Block key-{number} on {asset}?\nWhy: it asked 2,310 times on a grid."
        "\nWho is hit: 1 principal.\nIf no: it goes on."
    )
    return Approval(
        id=ApprovalId(f"apr-crowd-{number:09d}"),
        incident=incident,
        asset=asset,
        action=ActionId("block_principal"),
        risk=Risk.ONE,
        role=Role.APPROVER,
        shown=shown,
        digest=digest_of(shown.encode()),
        asked=now - timedelta(minutes=number % 90),
        expires=now + timedelta(days=20, minutes=number),
        requester="stanch",
    )


if __name__ == "__main__":
    main()
