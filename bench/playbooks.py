"""Playbooks: durable steps a second, and what a thousand runs cost that wait for people.

Each step is recorded by the durable engine and mirrored with its line in the evidence log, both on
disk, before the next one begins. The acts themselves do nothing. Run: python -m bench.playbooks
"""

import json
import os
import platform
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.words import words
from stanch.contain.playbook.condition import Facts
from stanch.contain.playbook.written import read
from stanch.engine.approvals import Approvals
from stanch.engine.clock import utc_now
from stanch.engine.runs.deeds import Order, Outcome, Shown
from stanch.engine.runs.durable import Durable, Place
from stanch.engine.runs.hops import Carrier
from stanch.engine.runs.library import by_id
from stanch.engine.runs.performer import World
from stanch.engine.runs.runner import Runner
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.run import RunState

STEPS = 20
RUNS = 30
WAITING = 1_000
TEN = "".join(f"  - id: s{n}\n    do: note\n    with: {{text: a}}\n" for n in range(STEPS))
ASK = "  - id: ok\n    ask: May I?\n    within: 7d\n    no: end\n"


class Nothing:
    """Deeds that do nothing."""

    def show(self, order: Order) -> Shown:
        return Shown(text=order.act, digest="sha256:0", risk=Risk.AUTOMATIC)

    def perform(self, order: Order) -> Outcome:
        return Outcome(ok=True, says=order.act)

    def begun(self, order: Order) -> str:
        del order
        return ""

    def gave_up(self, order: Order, says: str) -> None:
        del order, says

    def undo(self, order: Order, handle: str) -> Outcome:
        return Outcome(ok=True, says=order.act + handle)

    def freeze(self, incident: IncidentId, *, by: str) -> None:
        del incident, by

    def facts(self, incident: IncidentId, at: datetime) -> Facts:
        del incident, at
        return {}


class Bench:
    """A runner on the two SQLite files of one folder."""

    def __init__(self, folder: str, steps: str) -> None:
        self.store: SqlStore = open_store(f"sqlite:///{folder}/s.db", clock=utc_now)
        approvals = Approvals(self.store, utc_now)
        world = World(store=self.store, deeds=Nothing(), approvals=approvals, clock=utc_now)
        self.books = by_id([read(f"playbook: b\ntitle: b\nsteps:\n{steps}")])
        self.runner = Runner(world, self.books)
        self.durable = Durable(Place(url=f"sqlite:///{folder}/r.db"), Carrier(world).carry)
        self.durable.start()
        self.runner.begin(self.durable)

    def start(self, many: int, first: int = 0) -> None:
        (book,) = self.books.values()
        at = utc_now()
        with self.store.begin() as tx:
            for n in range(first, first + many):
                tx.incidents.add(
                    Incident(
                        id=IncidentId(f"inc-{n}"),
                        title="b",
                        asset=AssetId(f"a{n}"),
                        opened=at,
                        first_seen=at,
                        updated=at,
                        phase=Phase.TRIAGED,
                    )
                )
        for n in range(first, first + many):
            self.runner.start(book.playbook, IncidentId(f"inc-{n}"))

    def until(self, state: RunState, many: int) -> None:
        while True:
            with self.store.look() as tx:
                if tx.runs.count(Wanted(state=(state,))) == many:
                    return
            time.sleep(0.02)

    def close(self) -> None:
        self.durable.stop()
        self.store.close()


def resident() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def steps_a_second() -> dict[str, float]:
    """One run after the other, and many at once."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder, TEN)
        bench.start(1)
        bench.until(RunState.DONE, 1)
        alone = []
        for n in range(5):
            begun = time.perf_counter()
            bench.start(1, first=1 + n)
            bench.until(RunState.DONE, 2 + n)
            alone.append(STEPS / (time.perf_counter() - begun))
        wall, cpu = time.perf_counter(), time.process_time()
        bench.start(RUNS, first=100)
        bench.until(RunState.DONE, RUNS + 6)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        floor = time.perf_counter()
        for n in range(200):
            with bench.store.begin() as tx:
                tx.settings.put("bench", str(n))
        floor = 200 / (time.perf_counter() - floor)
        bench.close()
    return {
        "the store's smallest commits alone, /s": floor,
        "one run, steps/s (median of 5, with its start)": statistics.median(alone),
        "many runs, steps/s": RUNS * STEPS / wall,
        "many runs, steps per CPU second": RUNS * STEPS / cpu,
    }


def waiting() -> dict[str, float]:
    """A thousand runs that wait for people."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder, ASK)
        bench.start(10, first=10**6)
        bench.until(RunState.WAITING, 10)
        before, threads = resident(), threading.active_count()
        bench.start(WAITING)
        bench.until(RunState.WAITING, WAITING + 10)
        grown, more = resident() - before, threading.active_count() - threads
        cpu = time.process_time()
        for _ in range(10):
            bench.runner.tick()
        tick = (time.process_time() - cpu) / 10
        bench.close()
    return {
        "1,000 waiting runs, MB": grown,
        "1,000 waiting runs, threads": more,
        "one look at 1,000 waiting runs, CPU ms": 1000 * tick,
    }


def main() -> None:
    """Measures, prints, and keeps what was measured."""
    words(__doc__)
    found = {**steps_a_second(), **waiting()}
    for name, value in found.items():
        print(f"{name:50} {value:10.1f}")
    made = {
        "measured": found,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, shared",
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "dbos": version("dbos"),
    }
    path = Path(__file__).parent / "results" / "playbooks.json"
    path.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
