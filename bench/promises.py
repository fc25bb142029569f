"""Promises of the alarms, simulated: run length, wrong names, groups, people.

Run    python -m bench.promises [--seconds 15]
Data   Drawn from known laws, so that what is false is known: no model, no set. Each line is counted
       for so many seconds.
Lines  "run length": forty numbers in equal bins, each a run by itself; nothing changed, and a truth
       as far from the reference as its rank score may be. The bar is 100 batches: that of a year
       cannot be waited for. "e-BH": twenty numbers of which five moved by a quarter, named at the
       alarm and at batch thirty. "betting": two groups of which nothing changed, at the bars of the
       default. "gap": the answers to both groups change alike, a look after every answer up to
       1,500 of each. "named": twenty honest people, a look after every row of theirs from 20 to
       400, each rate drawn around one of twenty.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from time import monotonic

import numpy as np

from stanch.detect.alarms.bets import BETA, SCORES, Table, bernstein, log_bets, weights
from stanch.detect.alarms.reading import Stream
from stanch.detect.alarms.watch import Promise, log_mean, named_by_ebh
from stanch.detect.detectors.fairness_gap import Limits
from stanch.detect.habits.bar import bar
from stanch.detect.habits.shares import share_of
from stanch.detect.summaries.arrays import Floats, Ints

BAR, LONGEST, BINS, RUNS = 100, 500, 18, 40
MEMBERS, MOVED = 20, 5
PEOPLE, ENOUGH, ROWS = 20, 20, 400
Dice = np.random.Generator


def tables(counts: Ints, *, ordered: bool) -> Table:
    """Counts of members whose names do not matter."""
    return Table(members=tuple(map(str, range(len(counts)))), counts=counts, ordered=ordered)


def evidence(
    dice: Dice, truth: Floats, reference: Ints, rows: int, *, ordered: bool = True
) -> Iterator[tuple[Floats, Floats]]:
    """(M,) the log of the e-SR and of the e-process of each member, batch after batch."""
    golden = tables(reference, ordered=ordered)
    share = weights(bins=reference.shape[1], ordered=ordered)
    always, start = -np.inf, 0.0
    while True:
        now = np.array([dice.multinomial(rows, one) for one in truth])
        bets = log_bets(tables(now, ordered=ordered), golden)
        always, start = np.logaddexp(0.0, always) + bets, start + bets
        yield log_mean(always, share), log_mean(start, share)


def whole(logs: Floats) -> float:
    """The log of the mean over members."""
    return float(log_mean(logs[None, :], np.full(len(logs), 1 / len(logs)))[0])


def run_length(dice: Dice, rows: int, batch: int, *, far: bool) -> tuple[int, int]:
    """Batches until a false alarm of each, or as many as were waited for; how many had one."""
    truth = np.full((RUNS, BINS), 1 / BINS)
    reference = np.array([dice.multinomial(rows, one) for one in truth])
    if far:
        reference = np.full((RUNS, BINS), rows // BINS)
        room = bernstein(int(reference[0].sum()), BETA / (2 * SCORES * RUNS)) / (1 - 1 / BINS)
        truth[:, [0, -1]] += np.array([-1, 1]) * min(room, 1 / BINS)
    lengths = np.full(RUNS, LONGEST + 1)
    for length, (always, _) in enumerate(evidence(dice, truth, reference, batch), 1):
        lengths[(always >= math.log(BAR)) & (lengths > length)] = length
        if length == LONGEST:
            break
    return int(np.minimum(lengths, LONGEST).sum()), int((lengths <= LONGEST).sum())


def wrongly_named(dice: Dice) -> tuple[float, float]:
    """The share of unmoved ones among the named, at the alarm and at batch thirty."""
    truth = np.full((MEMBERS, BINS), 1 / BINS)
    reference = np.array([dice.multinomial(5000, one) for one in truth])
    truth[:MOVED] *= 1 + np.linspace(-0.25, 0.25, BINS)
    truth /= truth.sum(axis=1, keepdims=True)
    first: float | None = None
    for batch, (always, _) in enumerate(evidence(dice, truth, reference, 300), 1):
        named = named_by_ebh(always - math.log(batch))
        share = sum(place >= MOVED for place in named) / max(len(named), 1)
        if first is None and whole(always) >= math.log(Promise().run_length * len(Stream)):
            first = share
        if batch == 30:
            return first or 0.0, share
    return 0.0, 0.0


def betting(dice: Dice, rows: int) -> tuple[int, int]:
    """Whether two groups of whom nothing changed ever alarmed in a hundred batches of thirty."""
    share = dice.uniform(0.05, 0.95, 2)
    truth = np.stack([share, 1 - share], axis=1)
    reference = np.array([dice.multinomial(rows, one) for one in truth])
    promise, many = Promise(), len(Stream)
    high = math.log(promise.run_length * many), math.log(many / promise.ever_since_start)
    for batch, logs in enumerate(evidence(dice, truth, reference, 30, ordered=False), 1):
        if any(whole(one) >= least for one, least in zip(logs, high, strict=True)):
            return 1, 1
        if batch == 100:
            return 0, 1
    return 0, 1


def gap(dice: Dice, rows: int, errors: float) -> tuple[int, int]:
    """Whether a gap was ever told where the answers to both groups changed alike."""
    limits, share = Limits(), dice.uniform(0.1, 0.6)
    then = dice.binomial(rows, share, 2) / rows
    n = np.arange(1, 1501)[:, None]
    now = (dice.random((1500, 2)) < share + 0.2).cumsum(axis=0) / n
    wide = np.maximum(now * (1 - now), then * (1 - then))
    variance = np.maximum(wide, 0.5 / n) / n + np.maximum(wide, 0.5 / rows) / rows
    growth = abs((now - then) @ np.array([1, -1]))
    told = (n[:, 0] >= limits.few) & (growth >= limits.gap)
    return int((told & (growth >= errors * np.sqrt(variance.sum(axis=1)))).any()), 1


def named(dice: Dice, rate: float, spread: float, known: int) -> tuple[int, int]:
    """In how many of fifty windows of honest people somebody was ever named."""
    size = 1 / max(spread, 1e-6) - 1

    def rates(people: int) -> Floats:
        return dice.beta(0.05 * size, 0.95 * size, people)

    trials = dice.integers(50, ROWS, known)
    fit = share_of(dice.binomial(trials, rates(known)).astype(float), trials.astype(float))
    assert fit is not None
    least, count = np.full(ROWS, ROWS + 1), 1
    for n in range(ENOUGH, ROWS + 1):
        count = max(1, count - 2)
        while count <= n and fit.rarity(count, n) > bar(rate, PEOPLE, 1, n, ENOUGH):
            count += 1
        least[n - 1] = count
    seen = [
        (dice.random((PEOPLE, ROWS)) < rates(PEOPLE)[:, None]).cumsum(axis=1) for _ in range(50)
    ]
    return sum(bool((one >= least).any()) for one in seen), 50


def counted(seconds: float, one: Callable[[Dice], tuple[float, float]]) -> tuple[float, float, int]:
    """Both sums, and of how many."""
    dice, end = np.random.default_rng(20_000), monotonic() + seconds
    sums, runs = np.zeros(2), 0
    while monotonic() < end:
        sums, runs = sums + one(dice), runs + 1
    return float(sums[0]), float(sums[1]), runs


def main() -> None:
    """Prints a line for each promise."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--seconds", type=float, default=15.0)
    seconds = ask.parse_args().seconds
    for rows, batch in ((2000, 200), (100_000, 1000)):
        for far in (False, True):
            total, wrong, runs = counted(
                seconds, lambda d, r=rows, b=batch, f=far: run_length(d, r, b, far=f)
            )
            truth = "as far off as may be" if far else "nothing changed"
            print(
                f"run length, {rows} rows known, {truth}: {wrong:.0f} alarms in {runs * RUNS} "
                f"runs, {total / max(wrong, 1):,.0f} batches each; {BAR} promised",
                flush=True,
            )
    first, last, runs = counted(seconds, wrongly_named)
    print(f"e-BH, {runs} runs: {first / runs:.4f} at the alarm, {last / runs:.4f} at batch 30")
    for rows in (60, 300, 2000):
        wrong, runs, _ = counted(seconds / 3, lambda d, r=rows: betting(d, r))
        print(f"betting, {rows} rows known of each group: {wrong:.0f} of {runs:.0f}", flush=True)
    for errors in (Limits().errors, Limits().fresh):
        wrong, runs, _ = counted(seconds / 2, lambda d, e=errors: gap(d, 300, e))
        print(f"gap, {errors} errors: {1000 * wrong / runs:.1f} of 1,000 in {runs:.0f}", flush=True)
    for rate, spread in ((0.05, 0.01), (0.01, 0.01), (0.01, 0.05)):
        wrong, runs, _ = counted(seconds, lambda d, r=rate, s=spread: named(d, r, s, 20))
        print(
            f"named, once in {1 / rate:.0f} windows promised, spread {spread}: {wrong:.0f} of "
            f"{runs:.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
