"""Alarms against their peers: false alarms without a change, batches to an alarm with one.

Run   python -m bench.alarms [--river PYTHON] [--long]
      PYTHON is the interpreter of a venv with river and scipy. `--long` is the null run of 30
      million rows (60 seeds of 500 batches of 1,000).
"""

import argparse
import json
import math
import platform
import statistics
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

from stanch.detect.alarms.bets import Table, log_bets, weights
from stanch.detect.alarms.reading import Stream as Streams
from stanch.detect.alarms.watch import log_mean
from stanch.detect.summaries.learn import edges_of
from stanch.detect.summaries.plain import bins, histograms
from stanch.detect.summaries.ready import lookup_of

REFERENCE, BATCH, BATCHES = 100_000, 1_000, 500
RESULTS = Path(__file__).parent / "results" / "alarms.json"
LINE = [64, *range(64), 65]
CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "shift 0.05 sigma": lambda x: x + 0.05,
    "shift 0.1 sigma": lambda x: x + 0.1,
    "shift 0.25 sigma": lambda x: x + 0.25,
    "scale 1.1": lambda x: x * 1.1,
    "scale 1.3": lambda x: x * 1.3,
}
RUN_LENGTHS = {
    "ARL 1,000": 1e3,
    "ARL 100,000": 1e5,
    f"default (525,600 x {len(Streams)} streams)": 525_600 * len(Streams),
}
PEERS = """
import json, statistics, warnings
import numpy as np
from river.drift import ADWIN, KSWIN
from scipy.stats import ks_2samp
warnings.simplefilter("ignore")


class PerBatchKS:
    def __init__(self, rng):
        self.reference = rng.normal(size=100_000)

    def alarms(self, batch):
        return int(ks_2samp(batch, self.reference, method="asymp").pvalue < 0.05)


class River:
    def __init__(self, detector):
        self.detector = detector

    def alarms(self, batch):
        found = 0
        for x in batch:
            self.detector.update(x)
            found += self.detector.drift_detected
        return found


def made(name, seed):
    rng = np.random.default_rng(1000 + seed)
    if name == "KS p<0.05 per batch":
        return PerBatchKS(rng), rng
    return River(ADWIN() if name == "river ADWIN" else KSWIN(seed=seed)), rng


CHANGES = {
    "shift 0.05 sigma": lambda x: x + 0.05,
    "shift 0.1 sigma": lambda x: x + 0.1,
    "shift 0.25 sigma": lambda x: x + 0.25,
    "scale 1.1": lambda x: x * 1.1,
    "scale 1.3": lambda x: x * 1.3,
}
# so many seeds, quiet batches of the null run, batches before a change, most batches after it
EFFORT = {
    "KS p<0.05 per batch": (10, 50, 5, 40),
    "river ADWIN": (10, 50, 5, 40),
    "river KSWIN": (3, 4, 1, 5),
}
figures = {}
for name, (seeds, quiet, before, most) in EFFORT.items():
    found = 0
    for seed in range(seeds):
        one, rng = made(name, seed)
        found += sum(one.alarms(rng.normal(size=1_000)) for _ in range(quiet))
    figures[f"false alarms per 1,000 batches, {name}"] = found / seeds / quiet * 1000
    for change, apply in CHANGES.items():
        delays = []
        for seed in range(seeds):
            one, rng = made(name, 100 + seed)
            for _ in range(before):
                one.alarms(rng.normal(size=1_000))
            after = (n for n in range(1, most) if one.alarms(apply(rng.normal(size=1_000))))
            delays.append(next(after, most))
        figures[f"batches to alarm, {change}, {name}"] = statistics.median(delays)
print(json.dumps(figures))
"""


class Stream:
    """One number's always-on evidence, from raw values."""

    def __init__(self, reference: np.ndarray) -> None:
        self.lookup = lookup_of(edges_of(reference.reshape(-1, 1)))
        self.golden = self.table(reference)
        self.share = weights(bins=len(LINE), ordered=True)
        self.state = np.full((1, len(self.share)), -np.inf)

    def table(self, values: np.ndarray) -> Table:
        counts = histograms(bins(values.reshape(-1, 1), self.lookup))[:, LINE]
        return Table(members=("x",), counts=counts, ordered=True)

    def after(self, values: np.ndarray) -> float:
        """Log of the evidence after this batch."""
        self.state = np.logaddexp(0.0, self.state) + log_bets(self.table(values), self.golden)
        return float(log_mean(self.state, self.share)[0])


def main() -> None:
    args = argparse.ArgumentParser()
    args.add_argument("--river", default="")
    args.add_argument("--long", action="store_true")
    chosen = args.parse_args()
    figures: dict[str, float] = {}
    seeds = 60 if chosen.long else 6
    highest = [null_run(seed) for seed in range(seeds)]
    figures["null rows"] = seeds * BATCH * BATCHES
    for name, length in RUN_LENGTHS.items():
        figures[f"null runs with a false alarm, {name}"] = sum(
            h >= math.log(length) for h in highest
        )
        for change, apply in CHANGES.items():
            delays = [delay(apply, math.log(length), seed) for seed in range(15)]
            figures[f"batches to alarm, {change}, {name}"] = statistics.median(delays)
    if chosen.river:
        done = subprocess.run(
            [chosen.river, "-c", PEERS], capture_output=True, text=True, check=True
        )
        figures |= json.loads(done.stdout)
    for name, value in figures.items():
        print(f"{name:70} {value:12,.1f}")
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine, "figures": figures}, indent=1) + "\n")


def null_run(seed: int) -> float:
    """The highest log evidence in a run without a change."""
    dice = np.random.default_rng(seed)
    stream = Stream(dice.normal(size=REFERENCE))
    return max(stream.after(dice.normal(size=BATCH)) for _ in range(BATCHES))


def delay(change: Callable[[np.ndarray], np.ndarray], bar: float, seed: int) -> int:
    """Batches from a change to the alarm, after twenty quiet ones."""
    dice = np.random.default_rng(100 + seed)
    stream = Stream(dice.normal(size=REFERENCE))
    for _ in range(20):
        stream.after(dice.normal(size=BATCH))
    for batch in range(1, 200):
        if stream.after(change(dice.normal(size=BATCH))) >= bar:
            return batch
    return 200


if __name__ == "__main__":
    main()
