"""On whom a baseline leans: principals who made so much of it that what they do counts as usual.

In    a baseline.
Out   their shares of its answers, the largest first; empty where few ask at all.
Why   whoever sends much while a baseline is recorded has a word in what is normal. A person who
      knows them can say whether that is right; the rows cannot.
"""

from collections.abc import Mapping

from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Block
from stanch.prepare.baseline import Golden

MUCH = 0.2
MANY = 10
"""Principals from which on a large share of one stands out."""


def leans(golden: Golden) -> Mapping[str, float]:
    """Who made more than a fifth of it."""
    if not golden.habits:
        return {}
    ledger = Ledger.from_bytes(golden.habits)
    if len(ledger.names) < MANY:
        return {}
    rows = ledger.block(Block.ROWS)[:, 0]
    found = {name: int(n) / ledger.n for name, n in zip(ledger.names, rows, strict=True)}
    much = ((name, share) for name, share in found.items() if share > MUCH)
    return dict(sorted(much, key=lambda one: -one[1]))
