"""Summaries against their peers: CPU time to summarise or compare 1,000,000 x 20 numbers.

Run   python -m bench.summaries [--evidently PYTHON] [--whylogs PYTHON]
      Each PYTHON is the interpreter of a venv with that peer (evidently wants pandas<3, whylogs
      numpy<2); scipy is looked for in the first. Without them only stanch is measured.
"""

import argparse
import json
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import cast

import numpy as np

from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.kernels import PLAIN, Kernels, compiled, use
from stanch.detect.summaries.learn import Learned, Schema, learned
from stanch.detect.summaries.ready import ready

ROWS, FEATURES, REFERENCE, BATCH = 1_000_000, 20, 100_000, 50_000
PRINCIPALS = ((1_000, 10_000), (1_000, 50_000), (10_000, 10_000), (50_000, 50_000))
RESULTS = Path(__file__).parent / "results" / "summaries.json"
DATA = f"""
import time, warnings
import numpy as np
warnings.simplefilter("ignore")
rng = np.random.default_rng(5)
ref = rng.normal(size=({REFERENCE}, {FEATURES}))
now = rng.normal(size=({ROWS}, {FEATURES}))
now[:, 0] += 0.1
names = [f"f{{i}}" for i in range({FEATURES})]
"""
EVIDENTLY = """
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
a, b = pd.DataFrame(ref, columns=names), pd.DataFrame(now, columns=names)
start = time.process_time()
Report([DataDriftPreset()]).run(current_data=b, reference_data=a)
print(time.process_time() - start)
"""
WHYLOGS = """
import pandas as pd
import whylogs
b = pd.DataFrame(now, columns=names)
start = time.process_time()
whylogs.log(b).profile()
print(time.process_time() - start)
"""
SCIPY = """
from scipy.stats import ks_2samp
start = time.process_time()
for f in range(len(names)):
    ks_2samp(now[:, f], ref[:, f], method="asymp")
print(time.process_time() - start)
"""


def main() -> None:
    args = argparse.ArgumentParser()
    args.add_argument("--evidently", default="")
    args.add_argument("--whylogs", default="")
    chosen = args.parse_args()
    figures = ours()
    peers = (
        ("evidently", chosen.evidently, EVIDENTLY),
        ("scipy_ks", chosen.evidently, SCIPY),
        ("whylogs", chosen.whylogs, WHYLOGS),
    )
    for name, python, script in peers:
        if python:
            figures[f"{name}_seconds"] = peer(python, script)
            figures[f"times_{name}"] = figures[f"{name}_seconds"] / figures["histogram_seconds"]
    for name, value in figures.items():
        print(f"{name:38} {value:14,.3f}")
    machine = f"{platform.machine()}, Python {platform.python_version()}, one thread, CPU time"
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine, "figures": figures}, indent=1) + "\n")


def ours() -> dict[str, float]:
    dice = np.random.default_rng(5)
    reference, now = batch(dice, REFERENCE), batch(dice, BATCH)
    schema = Schema(numbers=tuple(f"f{i}" for i in range(FEATURES)), classes=("a", "b", "c"))
    start = time.process_time()
    found = learned(schema, reference)
    learning = time.process_time() - start
    quick = compiled()
    kernels = quick if quick is not None else PLAIN
    start = time.process_time()
    counted(ready(found.plan), now, using=kernels)
    warming = time.process_time() - start
    use(kernels)
    everything = dice.normal(size=(ROWS, FEATURES))
    made = ready(found.plan)
    histogram = median(lambda: kernels.bins(everything, made.numbers))
    return {
        "learn_seconds": learning,
        "compile_or_load_seconds": warming,
        "histogram_seconds": histogram,
        "histogram_rows_per_second": ROWS / histogram,
        **full(found, now, kernels),
    }


def full(found: Learned, now: Columns, kernels: Kernels) -> dict[str, float]:
    made = ready(found.plan)
    whole = median(lambda: counted(made, now, using=kernels))
    plainly = median(lambda: counted(made, now, using=PLAIN), times=3)
    one, other = counted(made, now), counted(made, now)
    merging = median(lambda: one.merge(other))
    return {
        "all_summaries_rows_per_second": BATCH / whole,
        "all_summaries_numpy_rows_per_second": BATCH / plainly,
        "merge_microseconds": merging * 1e6,
        "summary_bytes": float(len(one.summary.to_bytes())),
        "plan_bytes": float(len(found.plan.to_bytes())),
        "ledger_bytes_per_principal": len(one.ledger.to_bytes()) / len(one.ledger.names),
        "off_manifold_auc": found.plan.manifold.auc,
        **split(found, now, kernels),
        **{
            f"rows_per_second_{people}_principals_in_{rows}_rows": by_principal(found, people, rows)
            for people, rows in PRINCIPALS
        },
    }


class Timed:
    """Kernels that say how long each of them took."""

    def __init__(self, inner: Kernels) -> None:
        self._inner = inner
        self.taken: dict[str, int] = {}

    def __getattr__(self, name: str) -> Callable[..., object]:
        work = getattr(self._inner, name)

        def timed(*given: object) -> object:
            start = time.thread_time_ns()
            done = work(*given)
            self.taken[name] = self.taken.get(name, 0) + time.thread_time_ns() - start
            return done

        return timed


def split(found: Learned, now: Columns, kernels: Kernels, times: int = 7) -> dict[str, float]:
    """Where a row's nanoseconds go: by kernel, and what is no kernel."""
    made, timed = ready(found.plan), Timed(kernels)
    start = time.thread_time_ns()
    for _ in range(times):
        counted(made, now, using=cast("Kernels", timed))
    whole = time.thread_time_ns() - start
    shares = {name: taken / times / BATCH for name, taken in sorted(timed.taken.items())}
    rest = whole / times / BATCH - sum(shares.values())
    return {f"ns_per_row_{name}": value for name, value in {**shares, "the rest": rest}.items()}


def by_principal(found: Learned, people: int, rows: int) -> float:
    """Rows in a second of CPU: four batches counted, merged into their minute, and sealed."""
    dice, made = np.random.default_rng(9), ready(found.plan)
    names = tuple(f"p{i}" for i in range(people))
    batches = [
        replace(
            batch(dice, rows),
            principals=dice.integers(0, people, rows).astype(np.int32),
            names=names,
        )
        for _ in range(4)
    ]

    def minute() -> None:
        counts = [counted(made, one) for one in batches]
        reduce(lambda one, other: one.merge(other), counts).ledger.seal()

    return 4 * rows / median(minute, times=3)


def batch(dice: np.random.Generator, n: int) -> Columns:
    """Rows whose numbers hang together through six hidden causes, of 500 principals."""
    mix = np.random.default_rng(0).normal(size=(6, FEATURES))
    scores = dice.dirichlet([1, 1, 1], size=n)
    return Columns(
        numbers=dice.normal(size=(n, 6)) @ mix * 0.6 + dice.normal(size=(n, FEATURES)) * 0.5,
        principals=dice.integers(0, 500, n).astype(np.int32),
        names=tuple(f"p{i}" for i in range(500)),
        categories=np.zeros((n, 0), np.int32),
        predictions=scores.argmax(axis=1).astype(np.int32),
        ticks=np.arange(n, dtype=np.int64) * 1000,
        scores=scores,
        latency=dice.exponential(10, n),
        status=np.full(n, 200, np.int32),
        cost=np.full(n, 0.01),
        tokens=np.full(n, 50, np.int64),
    )


def peer(python: str, script: str) -> float:
    done = subprocess.run(
        [python, "-c", DATA + script],
        capture_output=True,
        text=True,
        check=True,
        env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "HOME": "/tmp"},  # noqa: S108  peers want some home
    )
    return float(done.stdout.split()[-1])


def median(work: Callable[[], object], times: int = 7) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
