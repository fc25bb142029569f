"""The evidence log against the clock, and against pymerkle in the same run.

In    nothing; a temporary folder on this disk, and one in memory.
Out   a table, and bench/results/log.json with the machine.
Why   a durable append waits for the disk once, so no log can do more of them one by one than the
      disk can take blocks. That floor is measured too: a block overwritten past the cache, with and
      without waiting until the disk's own is written. Ours, the peer and the floor take turns, and
      medians count; and both logs are measured where syncing costs nothing.
"""

import json
import mmap
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench.words import words
from stanch.store import verify
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.signing import Signer
from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.record import Deed, Entry

AT = datetime(2026, 11, 21, tzinfo=UTC)
SIZE, BATCH, SINGLES, PROOFS, TURNS = 1_000_000, 1000, 2000, 300, 5
BLOCK = 4096
MEMORY = Path("/dev/shm")  # noqa: S108  only to measure without a disk
"""A folder whose files are never on a disk."""
RESULTS = Path(__file__).parent / "results" / "log.json"


def entry(number: int) -> Entry:
    return Entry(
        at=AT,
        deed=Deed.STEP_DONE,
        actor="playbook",
        about=f"run-{number:08}",
        digest=digest_of(b"%d" % number),
        facts={"step": number},
    )


def rate(count: int, work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return count / (time.perf_counter() - wall), count / (time.process_time() - cpu)


def median_ms(work: Callable[[int], object], times: int) -> float:
    took = []
    for i in range(times):
        start = time.perf_counter()
        work(i * 7919)
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def batched(log: EvidenceLog) -> dict[str, float]:
    rates = []
    for start in range(0, SIZE, 50 * BATCH):
        ready = [
            [entry(i) for i in range(low, low + BATCH)]
            for low in range(start, start + 50 * BATCH, BATCH)
        ]
        rates.append(rate(50 * BATCH, lambda ready=ready: [log.append(one) for one in ready]))
    return {
        "appends_per_s_in_batches_of_1000": statistics.median(wall for wall, _ in rates),
        "the_same_per_cpu_second": statistics.median(cpu for _, cpu in rates),
    }


def proofs(log: EvidenceLog, signer: Signer) -> dict[str, float]:
    start = time.perf_counter()
    log.checkpoint()
    published = time.perf_counter() - start
    text, leaf = log.proof_text(777_777), next(log.leaves(777_777, 777_778)).leaf
    return {
        "publish_all_tiles_s": published,
        "inclusion_ms": median_ms(lambda i: log.inclusion(i % SIZE), PROOFS),
        "consistency_ms": median_ms(lambda i: log.consistency(1 + i % SIZE), PROOFS),
        "verify_offline_ms": median_ms(
            lambda _: verify.check_proof(text, leaf, signer.public, "bench"), PROOFS
        ),
        "proof_bytes": len(text.encode()),
    }


PEER = """
import json, sys, threading, time
from pymerkle import SqliteTree
tree = SqliteTree(sys.argv[1])
data = [b"%0200d" % i for i in range(22_000)]
start = time.perf_counter()
tree.append_entries(data)
bulk = len(data) / (time.perf_counter() - start)
start = time.perf_counter()
for one in data[:500]:
    tree.append_entry(one)
single = 500 / (time.perf_counter() - start)
def work():
    for one in data[:40]:
        tree.append_entry(one)
threads = [threading.Thread(target=work) for _ in range(16)]
start = time.perf_counter()
for one in threads:
    one.start()
for one in threads:
    one.join()
together = 640 / (time.perf_counter() - start)
start = time.perf_counter()
for i in range(10):
    tree.prove_inclusion(1 + i * 2000, tree.get_size())
proof = (time.perf_counter() - start) * 100
names = ("bulk_appends_per_s", "appends_per_s", "appends_per_s_from_16", "inclusion_ms_at_22000")
found = (bulk, single, together, proof)
print(json.dumps({f"pymerkle_{name}": v for name, v in zip(names, found)}))
"""


def peer(folder: Path) -> dict[str, float]:
    """What pymerkle's SqliteTree does on the same disk; nothing where it is not installed."""
    run = [sys.executable, "-c", PEER, str(folder / "peer.db")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {}


def syncs_per_s(folder: Path) -> float:
    """How often this disk can be waited for: 300 bytes appended, then fdatasync."""
    with (folder / "syncs").open("wb", buffering=0) as file:

        def work() -> None:
            for _ in range(SINGLES):
                file.write(bytes(300))
                os.fdatasync(file.fileno())

        return rate(SINGLES, work)[0]


def blocks_per_s(folder: Path, flags: int) -> float:
    """How many blocks a second a file that is there already takes past the cache, one by one."""
    path = folder / "blocks"
    path.write_bytes(bytes(SINGLES * BLOCK))
    handle = os.open(path, os.O_RDWR | os.O_DIRECT | flags)
    try:
        os.fsync(handle)
        with mmap.mmap(-1, BLOCK) as block:

            def work() -> None:
                for i in range(SINGLES):
                    os.pwritev(handle, [block], i * BLOCK)

            return rate(SINGLES, work)[0]
    finally:
        os.close(handle)


def in_turns(folder: Path, log: EvidenceLog) -> dict[str, float]:
    """Single appends of both logs, and what the disk can do, in turns; the median of each."""
    seen: dict[str, list[float]] = {}
    for _ in range(TURNS):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            turn = {
                "appends_per_s_one_by_one_durable": one_by_one(log),
                "the_same_from_16_threads": from_threads(log, 16),
                "syncs_per_s_of_this_disk": syncs_per_s(Path(place)),
                "floor_blocks_per_s_durable": blocks_per_s(Path(place), os.O_DSYNC),
                "floor_blocks_per_s_not_durable": blocks_per_s(Path(place), 0),
                **peer(Path(place)),
            }
        for name, value in turn.items():
            seen.setdefault(name, []).append(value)
    found = {name: statistics.median(values) for name, values in seen.items()}
    if "pymerkle_appends_per_s" in found:
        theirs = found["pymerkle_appends_per_s"]
        for name in ("floor_blocks_per_s_durable", "floor_blocks_per_s_not_durable"):
            found[f"{name}_times_pymerkle"] = found[name] / theirs
    ours, together = found["appends_per_s_one_by_one_durable"], found["the_same_from_16_threads"]
    return found | against(found, ours, together)


def one_by_one(log: EvidenceLog) -> float:
    ready = [[entry(i)] for i in range(SINGLES)]
    return rate(SINGLES, lambda: [log.append(one) for one in ready])[0]


def in_memory() -> dict[str, float]:
    """Single appends of both logs where syncing costs nothing."""
    if not MEMORY.is_dir():
        return {}
    with tempfile.TemporaryDirectory(dir=MEMORY) as place:
        folder = Path(place)
        log = EvidenceLog.open(folder / "log", Signer.fresh("bench.test"), lambda: AT)
        ours, together = one_by_one(log), from_threads(log, 16)
        theirs = peer(folder)
        log.close()
    found = {"one": ours, "16": together} | against(theirs, ours, together)
    return {f"in_memory_{name}": value for name, value in found.items()}


def against(theirs: dict[str, float], ours: float, together: float) -> dict[str, float]:
    """Single appends over pymerkle's: by one caller, and by sixteen at once."""
    if "pymerkle_appends_per_s" not in theirs:
        return {}
    return {
        "single_appends_times_pymerkle": ours / theirs["pymerkle_appends_per_s"],
        "from_16_threads_times_pymerkle": together / theirs["pymerkle_appends_per_s_from_16"],
    }


def from_threads(log: EvidenceLog, count: int) -> float:
    ready = [[entry(i)] for i in range(SINGLES // count)]

    def work() -> None:
        for one in ready:
            log.append(one)

    threads = [threading.Thread(target=work) for _ in range(count)]
    start = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return SINGLES // count * count / (time.perf_counter() - start)


def measured(folder: Path) -> dict[str, float]:
    signer = Signer.fresh("bench.test")
    with_log = EvidenceLog.open(folder / "log", signer, lambda: AT)
    found = batched(with_log)
    found |= proofs(with_log, signer)
    found |= in_turns(folder, with_log)
    found |= {
        "append_and_checkpoint_ms": median_ms(
            lambda i: (with_log.append([entry(i)]), with_log.checkpoint()), 50
        ),
        **in_memory(),
        "load": os.getloadavg()[0],
        "resident_mb_at_a_million": resident_mb(),
    }
    with_log.close()
    start = time.perf_counter()
    again = EvidenceLog.open(folder / "log", signer, lambda: AT)
    found["reopen_ms"] = (time.perf_counter() - start) * 1000
    start = time.perf_counter()
    assert again.verify().holds
    found["audit_everything_s"] = time.perf_counter() - start
    again.close()
    return found


def main() -> None:
    words(__doc__)
    with tempfile.TemporaryDirectory() as place:
        found = measured(Path(place))
    machine = {"system": platform.platform(), "python": platform.python_version()}
    machine["cpus"] = str(os.cpu_count())
    for name, value in found.items():
        print(f"{name:40} {value:12,.2f}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine, "measured": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
