"""SQL: lists, facets and incidents at 100,000 findings; what checking a key costs.

Run as `python -m bench.sql [postgresql://...]`; SQLite in a temporary folder otherwise.
"""

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.words import words
from stanch.engine.clock import utc_now
from stanch.engine.keys import Keys
from stanch.engine.ports import Transaction
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, FindingId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Level, Phase, Severity, Verdict, VerdictKind
from stanch.vocabulary.listing import Sort, Wanted
from stanch.vocabulary.people import Scope
from stanch.vocabulary.span import Span

FINDINGS, INCIDENTS, FLOOD = 100_000, 2_000, 10_000
AT = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = tuple(AttackKind)
OUT = Path(__file__).parent / "results" / "sql.json"


def finding(n: int) -> Finding:
    start = AT + timedelta(seconds=n * 40)
    return Finding(
        detector=DetectorId(f"detector_{n % 17}"),
        asset=AssetId(f"asset-{n % 40}"),
        window=Span(start=start, end=start + timedelta(minutes=1)),
        says=f"The scores moved by {n % 97} hundredths against the baseline of v{n % 5}.",
        measured={"shift": n % 97 / 100, "n": 400.0},
        because=(),
        suspects=(Suspect(principal=PrincipalId(f"key-{n % 900}"), share=0.7, confidence=0.9),),
        points_to={KINDS[n % len(KINDS)]: 0.8},
    )


def incident(n: int, ids: list[FindingId]) -> Incident:
    at = AT + timedelta(minutes=n * 30)
    return Incident(
        id=IncidentId(f"inc-{n:06d}"),
        title=f"Scores of asset-{n % 40} moved",
        asset=AssetId(f"asset-{n % 40}"),
        opened=at,
        first_seen=at,
        updated=at,
        phase=tuple(Phase)[n % 6],
        severity=Severity(level=Level(1 + n % 3), rank=n % 100),
        verdict=Verdict(kind=tuple(VerdictKind)[n % 4]),
        findings=tuple(ids),
    )


def fill(store: SqlStore) -> float:
    """How long it took, in seconds of wall time."""
    began = time.perf_counter()
    ids: list[FindingId] = []
    for start in range(0, FINDINGS, 5_000):
        with store.begin() as tx:
            kept = tx.findings.put([finding(n) for n in range(start, start + 5_000)], at=AT)
            ids.extend(f.id for f in kept)
    each = (FINDINGS - FLOOD) // (INCIDENTS - 1)
    for start in range(0, INCIDENTS, 500):
        with store.begin() as tx:
            for n in range(start, min(start + 500, INCIDENTS)):
                mine = ids[:FLOOD] if n == 0 else ids[FLOOD + (n - 1) * each : FLOOD + n * each]
                tx.incidents.add(incident(n, mine))
    return time.perf_counter() - began


def timed(work: Callable[[], object], times: int = 40) -> dict[str, float]:
    wall: list[float] = []
    cpu: list[float] = []
    work()
    for _ in range(times):
        w, c = time.perf_counter(), time.thread_time()
        work()
        wall.append((time.perf_counter() - w) * 1000)
        cpu.append((time.thread_time() - c) * 1000)
    wall.sort()
    return {
        "p50_ms": round(statistics.median(wall), 3),
        "p95_ms": round(wall[int(len(wall) * 0.95) - 1], 3),
        "cpu_ms": round(statistics.median(cpu), 3),
    }


def questions(store: SqlStore) -> dict[str, Callable[[], object]]:
    flood = IncidentId("inc-000000")
    inside = Wanted(incident=(flood,))

    def ask(work: Callable[[Transaction], object]) -> Callable[[], object]:
        def asked() -> object:
            with store.look() as tx:
                return work(tx)

        return asked

    seven = Wanted(asset=(AssetId("asset-7"),))
    some = Wanted(
        asset=(AssetId("asset-7"), AssetId("asset-8")), detector=(DetectorId("detector_3"),)
    )
    return {
        "findings: newest 50": ask(lambda tx: tx.findings.page()),
        "findings: 50 from the middle": ask(
            lambda tx: tx.findings.page(Wanted(until=AT + timedelta(seconds=2_000_000)))
        ),
        "findings: one asset": ask(lambda tx: tx.findings.page(seven)),
        "findings: two assets, one detector": ask(lambda tx: tx.findings.page(some)),
        "findings: one principal": ask(
            lambda tx: tx.findings.page(Wanted(principal=(PrincipalId("key-77"),)))
        ),
        "findings: text, many hits": ask(lambda tx: tx.findings.page(Wanted(text="moved by 42"))),
        "findings: text, no hit": ask(lambda tx: tx.findings.page(Wanted(text="never said"))),
        "findings: four facets": ask(
            lambda tx: tx.findings.facets(Wanted(), ["asset", "detector", "attack", "lifecycle"])
        ),
        "incident of 10,000: 50 findings": ask(lambda tx: tx.findings.page(inside)),
        "incident of 10,000: two facets": ask(
            lambda tx: tx.findings.facets(inside, ["detector", "attack"])
        ),
        "incident of 10,000: all of it": ask(lambda tx: tx.incidents.get(flood)),
        "incidents: newest 50": ask(lambda tx: tx.incidents.page()),
        "incidents: worst 50": ask(lambda tx: tx.incidents.page(Wanted(sort=Sort.WORST))),
        "incidents: text": ask(lambda tx: tx.incidents.page(Wanted(text="asset-7 moved"))),
        "incidents: four facets": ask(
            lambda tx: tx.incidents.facets(Wanted(), ["asset", "phase", "severity", "verdict"])
        ),
    }


def save_flood(store: SqlStore) -> None:
    with store.begin() as tx:
        one = tx.incidents.get(IncidentId("inc-000000"))
        tx.incidents.save(replace(one, updated=utc_now()))


def key_cost(store: SqlStore) -> dict[str, float]:
    keys = Keys(store, utc_now)
    made = keys.create("bench", frozenset({Scope.INGEST}), by="bench")
    keys.caller(made.text)
    began = time.thread_time()
    for _ in range(20_000):
        keys.caller(made.text)
    warm = (time.thread_time() - began) / 20_000 * 1e6

    def cold() -> object:
        keys.forget()
        return keys.caller(made.text)

    return {"warm_us": round(warm, 2), "cold_ms": timed(cold)["p50_ms"]}


def main() -> None:
    words(__doc__, most=1)
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else sqlite_url(Path(folder))
        store = open_store(url, clock=utc_now)
        filled = fill(store)
        rows = {name: timed(work) for name, work in questions(store).items()}
        rows["incident of 10,000: look up and save"] = timed(lambda: save_flood(store), 15)
        key = key_cost(store)
        store.close()
    for name, row in rows.items():
        print(f"{name:40} p50 {row['p50_ms']:9.2f} ms  p95 {row['p95_ms']:9.2f} ms")
    print(f"key: warm {key['warm_us']} us, cold {key['cold_ms']} ms; filled in {filled:.1f} s")
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "os": platform.system(),
    }
    OUT.parent.mkdir(exist_ok=True)
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    kept = json.loads(OUT.read_text()) if OUT.exists() else {}
    kept[kind] = {"machine": machine, "filled_s": round(filled, 1), "lists": rows, "key": key}
    OUT.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
