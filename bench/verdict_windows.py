"""Windows of real rows for `bench.verdict`: what is natural, a fault, an attack; and their asset.

In    a set of real rows by period; dice.
Out   windows, who sent their rows and who of them is guilty; what the product observes there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from bench.verdict_sets import Floats, Ints, Real, Rows
from stanch.detect import examples
from stanch.detect.summaries.columns import Columns, Labels
from stanch.detect.summaries.count import Counted, counted, labels_counted
from stanch.detect.summaries.learn import Learned, Schema, learned
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.window import Baseline, Usage
from stanch.engine.observing import Slice, observed
from stanch.engine.watch.yesterday import of_answers
from stanch.triage.verdict.observations import Observations
from stanch.vocabulary.ids import digest_of

Rng = np.random.Generator

ROWS, CLIENTS, SLICES, EACH, QUIET, HOURS = 2000, 40, 8, 20, 60, 12
SHARES = (0.02, 0.05, 0.1, 0.2)
AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Asset:
    """What the product knows of one set: its plan and golden counts."""

    set: Real
    plan: Ready
    baseline: Baseline
    usage: tuple[Usage, ...] = ()

    def window(self, rows: Rows, who: Ints, *, minutes: int = 0) -> Observations:
        """What the product observes in these rows, and in so many minutes of them."""
        whole = self.count(rows, who)
        parts = np.array_split(np.arange(len(who)), minutes) if minutes else []
        pieces = [self.count(rows.take(p), who[p]) for p in parts]
        window = replace(
            examples.nothing_seen(),
            baseline=self.baseline,
            now=whole.summary,
            ledger=whole.ledger.seal(),
            usage=self.usage,
        )
        slices = [
            Slice(start=AT + timedelta(minutes=n), summary=p.summary) for n, p in enumerate(pieces)
        ]
        return observed(window, slices)

    def count(self, rows: Rows, who: Ints) -> Counted:
        """These rows and their labels, counted."""
        return count(self.plan, rows, who)

    def after(self, period: int, rng: Rng) -> "Asset":
        """The asset as it stands in a later period: it has seen a day of the one before."""
        before = [self.set.first, *self.set.later.values()][period]
        seen = [self.count(*draw(before, rng)) for _ in range(HOURS)]
        return replace(self, usage=tuple(used(n, one) for n, one in enumerate(seen)))

    def watched(self, seen: Sequence[Counted]) -> "Asset":
        """The asset after these windows, which were watched as a server does."""
        told = (of_answers(used(n, one), [one], self.baseline) for n, one in enumerate(seen))
        return replace(self, usage=tuple(told))


def used(hour: int, seen: Counted) -> Usage:
    """One window of the day before the one that is judged."""
    sums = seen.summary.sums
    return Usage(
        start=examples.nothing_seen().span.start - timedelta(hours=HOURS - hour),
        events=ROWS,
        scored=int(sums[Part.MANIFOLD].sum()),
        off=int(sums[Part.MANIFOLD][-1]),
        far=int(sums[Part.FAR][0]),
    )


def count(plan: Ready, rows: Rows, who: Ints) -> Counted:
    """Rows and their labels on this plan."""
    names = tuple(f"key-{n:02d}" for n in range(CLIENTS + 1))
    size = len(who)
    scores = None if rows.score is None else np.stack([1 - rows.score, rows.score], axis=1)
    columns = Columns(
        numbers=rows.x,
        principals=who.astype(np.int32),
        names=names,
        categories=np.zeros((size, 0), np.int32),
        predictions=rows.said.astype(np.int32),
        ticks=np.zeros(size, np.int64),
        scores=scores,
    )
    top = np.full(size, np.nan) if scores is None else scores.max(axis=1)
    late = Labels(
        truth=rows.true.astype(np.int32),
        predictions=rows.said.astype(np.int32),
        confidence=top,
        principals=who.astype(np.int32),
        names=names,
    )
    return counted(plan, columns).merge(labels_counted(plan, late))


def asset(real: Real, rng: Rng) -> Asset:
    """The set's baseline, as the product would learn it."""
    half = real.first.take(np.arange(0, len(real.first.said), 2))
    who = people(half, rng)
    schema = Schema(numbers=real.features, classes=("0", "1"))
    scores = None if half.score is None else np.stack([1 - half.score, half.score], axis=1)
    columns = Columns(
        numbers=half.x,
        principals=who.astype(np.int32),
        names=tuple(f"key-{n:02d}" for n in range(CLIENTS + 1)),
        categories=np.zeros((len(who), 0), np.int32),
        predictions=half.said.astype(np.int32),
        ticks=np.zeros(len(who), np.int64),
        scores=scores,
    )
    found: Learned = learned(schema, columns)
    plan = ready(found.plan)
    late = count(plan, half, who)
    told = {p: late.summary.sums[p] for p in (Part.LABELLED, Part.CALIBRATION)}
    labels = {**found.golden.summary.sums, **told}
    baseline = Baseline(
        plan=found.plan,
        golden=replace(found.golden.summary, sums=labels),
        digest=digest_of(b"golden"),
        habits=found.golden.ledger.seal(most=1024),
    )
    return Asset(set=real, plan=plan, baseline=baseline)


def draw(rows: Rows, rng: Rng, weight: Floats | None = None) -> tuple[Rows, Ints]:
    """A window of rows, and who sent them."""
    p = None if weight is None else weight / weight.sum()
    index = rng.choice(len(rows.said), min(ROWS, len(rows.said) * 3 // 4), replace=False, p=p)
    taken = rows.take(index)
    return taken, people(taken, rng)


def people(rows: Rows, rng: Rng) -> Ints:
    """Who sent these rows: half of the clients have a taste for one part of the first feature."""
    size = len(rows.said)
    sizes = rng.dirichlet(np.full(CLIENTS, 2.0))
    who = rng.choice(CLIENTS, size, p=sizes)
    rank = rows.x[:, 0].argsort(kind="stable").argsort(kind="stable") * (CLIENTS // 2) // size
    tasteful = rng.random(size) < 0.5
    return np.where(tasteful, rank, who).astype(np.int64)


Made = tuple[Rows, Ints, frozenset[int]]


def plain(rows: Rows, rng: Rng, _: Real) -> Made:
    """The period as it is."""
    return (*draw(rows, rng), frozenset())


def ageing(rows: Rows, rng: Rng, _: Real) -> Made:
    """More of those high in the first feature."""
    z = (rows.x[:, 0] - rows.x[:, 0].mean()) / (rows.x[:, 0].std() + 1e-9)
    return (*draw(rows, rng, np.exp(np.clip(0.5 * z, -2, 2))), frozenset())


def season(rows: Rows, rng: Rng, _: Real) -> Made:
    """Twice as many of one class."""
    return (*draw(rows, rng, np.where(rows.true == 1, 2.0, 1.0)), frozenset())


def onboarding(rows: Rows, rng: Rng, _: Real) -> Made:
    """A new client with customers of one sort."""
    taken, who = draw(rows, rng)
    high = np.argsort(-taken.x[:, 0], kind="stable")[: len(who) // 4]
    who[rng.choice(high, len(who) // 6, replace=False)] = CLIENTS
    return taken, who, frozenset()


def wrong_unit(rows: Rows, rng: Rng, real: Real) -> Made:
    """One feature in another unit, for everybody."""
    taken, who = draw(rows, rng)
    x = taken.x.copy()
    x[:, real.number] *= rng.choice([0.1, 2.54, 10.0, 60.0])
    return replace(taken, x=x), who, frozenset()


def guilty(who: Ints, share: float, rng: Rng, names: Ints | None = None) -> tuple[Ints, Ints]:
    """One to three clients, and the rows that they now send besides their own."""
    if names is None:
        names = rng.choice(CLIENTS, rng.integers(1, 4), replace=False)
    where = rng.choice(len(who), int(share * len(who)), replace=False)
    who[where] = rng.choice(names, len(where))
    return np.unique(who[where]), where


def probe(rows: Rows, rng: Rng, share: float, by: Ints | None = None) -> Made:
    """Inputs whose values were never together; by these clients, or by whom chance says."""
    taken, who = draw(rows, rng)
    names, where = guilty(who, share, rng, by)
    x = taken.x.copy()
    for f in range(x.shape[1]):
        x[where, f] = rows.x[rng.integers(0, len(rows.x), len(where)), f]
    return replace(taken, x=x), who, frozenset(names.tolist())


def near_dup(rows: Rows, rng: Rng, share: float) -> Made:
    """Three inputs again and again, a little changed."""
    taken, who = draw(rows, rng)
    names, where = guilty(who, share, rng)
    x = taken.x.copy()
    seeds = rng.integers(0, len(rows.x), 3)
    x[where] = rows.x[seeds[rng.integers(0, 3, len(where))]]
    x[where] += rng.normal(0, 0.005, (len(where), x.shape[1])) * x.std(axis=0)
    return replace(taken, x=x), who, frozenset(names.tolist())


def flips(rows: Rows, rng: Rng, share: float) -> Made:
    """Labels of one class told as the other, on rows the model gets right."""
    taken, who = draw(rows, rng)
    victims = np.flatnonzero((taken.true == 1) & (taken.said == 1))
    names = rng.choice(CLIENTS, rng.integers(1, 4), replace=False)
    where = rng.choice(victims, min(len(victims) // 2, int(share * len(who))), replace=False)
    who[where] = rng.choice(names, len(where))
    true = taken.true.copy()
    true[where] = 0
    return replace(taken, true=true), who, frozenset(np.unique(who[where]).tolist())


def collude(rows: Rows, rng: Rng, share: float) -> Made:
    """The same as probing, spread over all clients."""
    made, who, _ = probe(rows, rng, share)
    return made.take(rng.permutation(len(who))), who.copy(), frozenset(range(CLIENTS))


NATURAL: dict[str, Callable[[Rows, Rng, Real], Made]] = {
    "real": plain,
    "ageing": ageing,
    "season": season,
    "onboarding": onboarding,
}
ATTACKS: dict[str, Callable[[Rows, Rng, float], Made]] = {
    "probe": probe,
    "near_dup": near_dup,
    "flips": flips,
    "collude": collude,
}


def quiet(made: Asset, rng: Rng, many: int = QUIET) -> list[Observations]:
    """Benign windows of the half of the first period that the baseline has not seen."""
    half = made.set.first.take(np.arange(1, len(made.set.first.said), 2))
    return [made.window(*draw(half, rng)) for _ in range(many)]
