"""Examples: small windows that never change, for detectors to fire on or stay quiet on.

In    what should be unusual about the rows.
Out   a `Window` against a baseline of 4,000 ordinary rows: four numbers of which the first three
      hang together, one category, three classes, twenty principals, one group attribute.
Why   `fires_on` and `quiet_on` of a detector are one line each; the contract suite runs on them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from stanch.detect.alarms.watch import Watch
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.columns import Columns, Labels
from stanch.detect.summaries.count import Counted, counted, labels_counted, nothing
from stanch.detect.summaries.dice import normals, words
from stanch.detect.summaries.learn import Learned, Schema, learned
from stanch.detect.summaries.plan import Known
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.summaries.record import Record
from stanch.detect.window import Baseline, Window
from stanch.vocabulary.asset import Asset, AssetKind, Conditions, Criticality
from stanch.vocabulary.ids import AssetId, Digest, digest_of
from stanch.vocabulary.span import Span

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NAMES = tuple(f"client-{i:02}" for i in range(20))
ODD_ONE = 7
"""The principal who does something odd in an example, by place."""
SCHEMA = Schema(
    numbers=("age", "income", "debt", "hour"),
    categories=(Known(name="channel", values=("web", "phone", "branch")),),
    classes=("no", "review", "yes"),
    groups=("sex=f", "sex=m"),
)
CONDITIONS = Conditions(field="region", values=("north", "south", "west"))
BATCH = 500
N = TypeVar("N", bound=np.generic)
Change = Callable[[Columns], Columns]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """The example's baseline, made ready."""

    learned: Learned
    ready: Ready
    digest: Digest


def numbers(n: int, seed: int) -> Floats:
    """(n, 4) ordinary inputs: the first three share a cause, the last is on its own."""
    dice = normals(seed, n * 5).reshape(n, 5)
    cause = dice[:, :1]
    return np.concatenate([cause + dice[:, 1:4] * 0.3, dice[:, 4:]], axis=1)


def columns(n: int = 2000, seed: int = 900) -> Columns:
    """Ordinary rows, the same for the same seed."""
    inputs = numbers(n, seed)
    pull = inputs[:, 0] + 0.5 * inputs[:, 1]
    raw = np.exp(np.stack([-2 * pull, np.full(n, 0.2), 2 * pull], axis=1))
    scores = raw / raw.sum(axis=1, keepdims=True)
    throws = words(seed + 1, n)
    female = (throws >> np.uint64(20)) % np.uint64(2) == 0
    rows = np.arange(n, dtype=np.int32)
    return Columns(
        numbers=inputs,
        principals=(throws % np.uint64(len(NAMES))).astype(np.int32),
        names=NAMES,
        categories=((throws >> np.uint64(32)) % np.uint64(3)).astype(np.int32).reshape(-1, 1),
        predictions=scores.argmax(axis=1).astype(np.int32),
        ticks=np.arange(n, dtype=np.int64) * 30_000 + int(START.timestamp()) * 1_000_000,
        scores=scores,
        latency=np.exp(normals(seed + 2, n) * 0.3) * 12,
        status=np.full(n, 200, np.int32),
        cost=np.full(n, 0.001),
        tokens=np.full(n, 40, np.int64),
        groups=((0, rows[female]), (1, rows[~female])),
        hits=throws % np.uint64(97) == 0,
    )


def labels(rows: Columns, seed: int = 900) -> Labels:
    """Late labels of these rows, of which about one in ten says the answer was wrong."""
    throws = words(seed + 3, rows.n)
    wrong = throws % np.uint64(10) == 0
    scores = rows.scores if rows.scores is not None else np.zeros((rows.n, 3))
    truth = np.where(wrong, (rows.predictions + 1) % 3, rows.predictions).astype(np.int32)
    return Labels(
        truth=truth,
        predictions=rows.predictions,
        confidence=scores.max(axis=1),
        principals=rows.principals,
        names=rows.names,
        groups=rows.groups,
        given=scores[np.arange(rows.n), truth],
    )


@cache
def reference() -> Reference:
    """The baseline of 4,000 ordinary rows with their labels."""
    rows = columns(4000, seed=100)
    found = learned(SCHEMA, rows)
    made = ready(found.plan)
    golden = found.golden.merge(labels_counted(made, labels(rows, seed=100)))
    whole = replace(found, golden=golden)
    return Reference(learned=whole, ready=made, digest=digest_of(golden.summary.to_bytes()))


def asset() -> Asset:
    """The example's asset."""
    return Asset(
        id=AssetId("loan-scorer"),
        kind=AssetKind.MODEL,
        name="Loan scorer",
        owner="credit team",
        criticality=Criticality.HIGH,
        classes=SCHEMA.classes,
        conditions=CONDITIONS,
    )


def window(
    change: Change | None = None, *, n: int = 2000, seed: int = 900, record: Record | None = None
) -> Window:
    """The window of n rows that `change` has altered, with the alarms' readings after them."""
    known = reference()
    rows = columns(n, seed)
    rows = change(rows) if change is not None else rows
    parts = [counted(known.ready, part) for part in split(rows, max(1, rows.n // BATCH))]
    return window_of(parts, record=record)


def window_of(
    parts: list[Counted], *, late: Counted | None = None, record: Record | None = None
) -> Window:
    """The window that these batches make, one after the other; `late` are counted labels."""
    known = reference()
    plan, golden = known.learned.plan, known.learned.golden
    watch = Watch(plan=known.ready.digest)
    total = nothing(plan)
    batches = [p for p in parts if p.summary.n] + ([late] if late is not None else [])
    for part in batches:
        total = total.merge(part)
        watch = watch.after(part.summary, golden.summary, plan)
    return Window(
        asset=asset(),
        span=Span(start=START, end=START + timedelta(minutes=1)),
        version="v7",
        baseline=Baseline(
            plan=plan,
            golden=golden.summary,
            digest=known.digest,
            habits=golden.ledger.seal(),
        ),
        now=total.summary,
        ledger=total.ledger.seal(),
        minute=total.ledger,
        record=record or Record(),
        readings=watch.readings(plan),
    )


def nothing_seen() -> Window:
    """A window in which nothing happened, on an asset without a baseline."""
    return Window(asset=asset(), span=Span(start=START, end=START + timedelta(minutes=1)))


def split(rows: Columns, into: int) -> list[Columns]:
    """The rows dealt out to so many shards of neighbours."""
    cuts = [rows.n * k // into for k in range(into + 1)]
    return [taken(rows, np.arange(a, b, dtype=np.int64)) for a, b in pairwise(cuts)]


def taken(rows: Columns, which: np.ndarray) -> Columns:
    """Some of the rows, in this order (counts beyond rows go with the first row)."""
    places = np.full(rows.n, -1, np.int32)
    places[which] = np.arange(len(which), dtype=np.int32)

    def picked(column: NDArray[N] | None) -> NDArray[N] | None:
        return None if column is None else column[which]

    first = bool((np.asarray(which) == 0).any())
    return replace(
        rows,
        numbers=rows.numbers[which],
        principals=rows.principals[which],
        categories=rows.categories[which],
        predictions=rows.predictions[which],
        ticks=rows.ticks[which],
        groups=tuple((g, places[m][places[m] >= 0]) for g, m in rows.groups),
        misshapen=rows.misshapen if first else 0,
        strange=rows.strange if first else None,
        value=picked(rows.value),
        scores=picked(rows.scores),
        latency=picked(rows.latency),
        status=picked(rows.status),
        cost=picked(rows.cost),
        tokens=picked(rows.tokens),
        hits=picked(rows.hits),
        canaries=picked(rows.canaries),
    )
