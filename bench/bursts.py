"""Honest tenants who ask in bursts, each after their own taste: how soon the alarms cry wolf.

Twenty tenants; each minute's 500 answers are shared out anew (Dirichlet), so now and then one of
them asks most of it; over a day all ask alike, as in the baseline. Beside it a shift of everybody's
first three inputs by .2 standard deviations, which has to be found as soon as before.
"""

from dataclasses import replace

import numpy as np

from bench.words import words
from stanch.detect import examples
from stanch.detect.alarms.shares import voice
from stanch.detect.alarms.watch import Watch
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.learn import learned
from stanch.detect.summaries.ready import ready

TENANTS, ROWS, MINUTES, SEEDS = 20, 500, 400, range(1000, 1005)
CASES = (
    ("all ask alike", None, 0.5, 0.0),
    ("uneven (Dirichlet 1)", 1.0, 0.5, 0.0),
    ("bursts (Dirichlet .3)", 0.3, 0.5, 0.0),
    ("hard bursts (Dirichlet .1)", 0.1, 0.5, 0.0),
    ("everybody moves by .2, all ask alike", None, 0.5, 0.2),
    ("everybody moves by .2, uneven", 1.0, 0.5, 0.2),
    ("everybody moves by .2, bursts", 0.3, 0.5, 0.2),
)
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def rows(n: int, seed: int, shares: Floats, taste: Floats, by: float) -> Columns:
    """Rows of these tenants, each after their taste, all moved by as much."""
    dice = np.random.default_rng(seed)
    plain = examples.columns(n, seed)
    who = dice.choice(TENANTS, size=n, p=shares).astype(np.int32)
    moved = plain.numbers + (taste[who] + by)[:, None] * np.array([1.0, 1.0, 1.0, 0.0])
    pull = moved[:, 0] + 0.5 * moved[:, 1]
    raw = np.exp(np.stack([-2 * pull, np.full(n, 0.2), 2 * pull], axis=1))
    scores = raw / raw.sum(axis=1, keepdims=True)
    best = scores.argmax(axis=1).astype(np.int32)
    return replace(plain, numbers=moved, principals=who, scores=scores, predictions=best)


def first_alarm(case: tuple[str, float | None, float, float], seed: int, *, weighed: bool) -> int:
    """The minute of the first alarm on any stream; none in all minutes is one more than those."""
    _, uneven, spread, by = case
    dice = np.random.default_rng(seed)
    taste = dice.normal(0, spread, TENANTS)
    even = np.full(TENANTS, 1 / TENANTS)
    known = learned(examples.SCHEMA, rows(20_000, 10_000 + seed, even, taste, 0.0))
    made = ready(known.plan)
    golden, habits = known.golden.summary, known.golden.ledger.seal()
    watch = Watch(plan=made.digest)
    for minute in range(MINUTES):
        shares = even if uneven is None else dice.dirichlet(np.full(TENANTS, uneven))
        batch = counted(made, rows(ROWS, 100_000 * seed + minute, shares, taste, by))
        counts = voice(batch.ledger, habits) if weighed else 1.0
        watch = watch.after(batch.summary, golden, known.plan, temper=counts)
        if any(one.alarm for one in watch.readings(known.plan).values()):
            return minute + 1
    return MINUTES + 1


def main() -> None:
    """Prints the table."""
    words(__doc__)
    for case in CASES:
        told = []
        for weighed in (False, True):
            found = [first_alarm(case, seed, weighed=weighed) for seed in SEEDS]
            told.append(", ".join("none" if m > MINUTES else str(m) for m in found))
        print(f"| {case[0]} | {told[0]} | {told[1]} |", flush=True)


if __name__ == "__main__":
    main()
