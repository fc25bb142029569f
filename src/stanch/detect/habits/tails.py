"""Tails: how rare a count or a distance is, as a power of ten, far out where p-values underflow.

In    plain numbers.
Out   log10 of a probability, at most 0.
Math  beta-binomial by its recurrence, summed as logarithms; hypergeometric likewise; gamma by the
      cube root of Wilson and Hilferty; the normal tail by `erfc`, and by its asymptote past 30
      deviations.
"""

import math

import numpy as np

MOST_TRIALS = 20_000
"""More trials than this are scaled down: the spread between principals rules by then."""
_TEN = math.log(10)
_FAR = 30.0


def beta_binomial(count: float, trials: int, mean: float, spread: float) -> float:
    """Log10 of the chance of `count` or more in so many trials.

    Each principal's own rate is drawn from a beta distribution with this mean; `spread` is the
    correlation of two trials of one principal. Between whole counts the logarithm is a line.
    """
    if trials > MOST_TRIALS:
        count, trials = count * MOST_TRIALS / trials, MOST_TRIALS
    if count <= 0 or trials <= 0:
        return 0.0
    upto = _log_upper(trials, min(max(mean, 1e-9), 1 - 1e-9), min(max(spread, 1e-7), 0.999))
    low = min(int(count), trials)
    part = min(count - low, 1.0)
    high = min(low + 1, trials)
    return float(min(0.0, (1 - part) * upto[low] + part * upto[high])) / _TEN


def hypergeometric(count: int, trials: int, odd: int, rows: int) -> float:
    """Log10 of the chance that so many of the odd ones, or more, are among these trials (Fisher).

    `trials` of `rows` are one's own, drawn blindly; `odd` of all rows are odd (Fisher's test).
    """
    most = min(trials, odd)
    if count > most:
        return -math.inf
    if count * rows <= odd * trials:
        return 0.0
    log = _choose(odd, count) + _choose(rows - odd, trials - count) - _choose(rows, trials)
    total = term = 1.0
    for more in range(count, most):
        term *= (odd - more) * (trials - more)
        term /= (more + 1) * (rows - odd - trials + more + 1)
        total += term
    return min(0.0, (log + math.log(total)) / _TEN)


def _choose(size: int, taken: int) -> float:
    return math.lgamma(size + 1) - math.lgamma(taken + 1) - math.lgamma(size - taken + 1)


def gamma(value: float, shape: float) -> float:
    """Log10 of the chance that a gamma variable of mean one and this shape is larger."""
    width = 1 / (9 * shape)
    return normal((max(value, 0.0) ** (1 / 3) - (1 - width)) / math.sqrt(width))


def normal(deviations: float) -> float:
    """Log10 of the chance that a normal variable is so many deviations above its mean."""
    if deviations < _FAR:
        return math.log10(math.erfc(deviations / math.sqrt(2)) / 2)
    far = deviations * deviations / 2 + math.log(deviations * math.sqrt(2 * math.pi))
    return -far / _TEN


def chi_square_low(freedom: int) -> float:
    """The value that a chi-square variable stays under once in twenty (Wilson and Hilferty)."""
    width = 2 / (9 * freedom)
    return freedom * max(1 - width - 1.645 * math.sqrt(width), 0.01) ** 3


def _log_upper(trials: int, mean: float, spread: float) -> np.ndarray:
    """(n + 1,) log of the chance of at least 0, 1, ..., n."""
    size = 1 / spread - 1
    a, b = mean * size, (1 - mean) * size
    j = np.arange(trials)
    steps = np.log((trials - j) / (j + 1) * (a + j) / (b + trials - j - 1))
    first = math.lgamma(b + trials) - math.lgamma(b)
    first += math.lgamma(a + b) - math.lgamma(a + b + trials)
    logs = first + np.concatenate([[0.0], np.cumsum(steps)])
    return np.logaddexp.accumulate(logs[::-1])[::-1]
