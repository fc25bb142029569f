"""Lists: the server's answer of every page and list that a responder opens, with several at a time.

    python -m bench.lists FOLDER [callers] [rounds] [beginnings of paths, with commas]

A new folder is filled by `bench.seed` (1,000,000 events, 100,000 findings, 2,000 incidents, one
more with 10,000 findings) and then crowded: 5,000 questions that wait, 10,000 runs, 2,000 assets,
10,000 items of evidence, 20,000 entries by people. STANCH_DATABASE says which database; empty is
SQLite. The callers ask for every path in turn, each on a link of its own that stays open; what is
told is the time from the request to the last byte, and the CPU that the server spent on one of
them, which other work on the machine stretches least.
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

from stanch.app import opened
from stanch.engine.clock import utc_now
from stanch.engine.ports import Transaction
from stanch.settings import Settings
from stanch.vocabulary.approval import Approval, Risk
from stanch.vocabulary.asset import AssetKind, Criticality
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
from stanch.vocabulary.people import Role
from stanch.vocabulary.record import Deed, Entry, Evidence
from stanch.vocabulary.run import Run, RunState

SEED = importlib.import_module("bench.seed")
CONSOLE = importlib.import_module("bench.console")
DATABASE = os.environ.get("STANCH_DATABASE", "")
OUT = Path(__file__).parent / "results" / "lists.json"
INCIDENTS, FINDINGS, EVENTS, LARGE = 2000, 100_000, 1_000_000, 10_000
QUESTIONS, RUNS, ASSETS, ITEMS, ENTRIES = 5000, 10_000, 2000, 10_000, 20_000
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
    "/principals/key-91",
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
)


def main() -> None:
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
        cookie = cookie_of(url)
        found = []
        for path in PATHS:
            if not only or path.startswith(only):
                before = CONSOLE.spent(pid)
                one = measured(url, cookie, path, callers, rounds)
                cpu = 1000 * (CONSOLE.spent(pid) - before) / one["asked"]
                found.append({**one, "cpu_ms": round(cpu, 1)})
                print(told(found[-1]), flush=True)
    result = {
        "machine": {
            "platform": platform.platform(),
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "load": os.getloadavg()[0],
        },
        "database": (DATABASE or "sqlite").partition(":")[0],
        "callers": callers,
        "bound_ms": BOUND_MS,
        "paths": found,
    }
    if not only:
        OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def told(one: dict[str, Any]) -> str:
    mark = "  over the bound" if one["p95_ms"] > BOUND_MS else ""
    times = (one["cpu_ms"], one["median_ms"], one["p95_ms"])
    return f"{one['path'][:70]:70} " + " ".join(f"{t:7.1f}" for t in times) + mark


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
