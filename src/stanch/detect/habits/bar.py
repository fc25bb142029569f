"""The bar: how rare a principal must be to be named, however many there are and however often
one looks.

Math  A window may accuse anybody wrongly with probability `rate`. It is shared among the P
      principals that are judged and the K ways of looking, and over looks while rows come in: the
      j-th doubling of the rows since `enough` gets 1 / ((j + 1)(j + 2)), which sums to one:
          log10 p <= log10(rate) - log10(P K (j + 1)(j + 2)).
      A single benign principal is so named with probability of at most rate / P in a window.
"""

import math


def bar(rate: float, people: int, ways: int, rows: int, enough: int) -> float:
    """Log10 of the largest chance at which a principal with so many rows is named."""
    doublings = max(0, int(math.log2(max(rows, 1) / max(enough, 1))) if rows >= enough else 0)
    shares = max(people, 1) * ways * (doublings + 1) * (doublings + 2)
    return math.log10(rate) - math.log10(shares)
