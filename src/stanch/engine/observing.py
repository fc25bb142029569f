"""Observing: the counts of a window as the arrays that a verdict looks at.

In    the window a finding was made on, and the asset's minutes in it.
Out   `Observations`; what was not counted is named as missing, never taken for zero.
Why   the verdict must rest on the same integers that the finding cites.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from stanch.detect.habits.mixes import mixes_of
from stanch.detect.habits.people import People, people
from stanch.detect.habits.repeats import repeats_of, usual_repeats
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import (
    BINS,
    BLOCK_CLASSES,
    BLOCK_SURE,
    INFINITE,
    LEVELS,
    MANIFOLD_BINS,
    MISSING,
    OVER,
    SIGMA,
    UNDER,
    UNUSUAL,
    Block,
    Part,
)
from stanch.detect.summaries.plan import Manifold
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline, Usage, Window
from stanch.triage.verdict.observations import (
    Base,
    Floats,
    Happening,
    Ints,
    Now,
    Observations,
    Past,
)
from stanch.triage.verdict.observe import observe
from stanch.triage.verdict.past import EIGHTHS, narrowest
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import PrincipalId

QUANTILES = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9)
FEW_PRINCIPALS = 3
STILL, HALFWAY = 0.1, 0.5
"""A middle that moved less than this many standard deviations stood still; what is moving along."""
CHANCE = 4.0
"""Standard deviations over the root of the rows: what the middle of ten axes moves by chance."""
FEWEST = 20
"""Rows under which a minute says nothing about how a change came."""
LABELLED = 500
"""Late labels that a baseline needs before labels are compared with it."""
TWO = 2
HARDEST = 4.0
"""How much of the wrong answers of one principal the model's own doubt may explain."""
DAY = timedelta(days=1)
HOPS, HOP_ROWS = 12, 100
"""Earlier windows of the last day, and answers in each, that tell the rate of late."""
USUAL = 0.9
AGO = timedelta(days=2)
"""How far back what the owners did is remembered."""
_OWNERS = (EventKind.DEPLOYMENT, EventKind.TRAINING, EventKind.DATASET)
_CATEGORIES = 64
"""The place of new values in a category's counts; absent ones stand after it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """The answers of one minute."""

    start: datetime
    summary: Summary


def observed(
    window: Window, slices: Sequence[Slice] = (), named: Sequence[PrincipalId] = ()
) -> Observations:
    """All that these counts can tell, also without those whom findings name."""
    base = window.baseline
    happenings = tuple(_happenings(window))
    if base is None or window.ledger is None or window.now is None:
        return Observations(missing=("a baseline of normal operation",), happenings=happenings)
    told = window.now.labelled >= 1 and base.golden.labelled >= LABELLED
    now = _now(window.ledger, window.now, base, slices)
    recent = _recent(window)
    seen = observe(
        _with_labels(now, window.ledger, base) if told else now,
        replace(
            base_of(base),
            recent_off_rate=recent.off,
            recent_far=recent.far,
            past=_past(window, base),
        ),
        happenings,
        named,
    )
    return replace(
        seen,
        alike=_alike(window.ledger, base) if seen.alike is None else seen.alike,
        language=bool(window.now.sums[Part.TOKENS][1]),
    )


def _happenings(window: Window) -> Iterator[Happening]:
    """What the owners did of late, each event once, in the order of time."""
    told = (*window.history, *window.before.of(*_OWNERS), *window.record.of(*_OWNERS))
    every = {h.event: h for h in told if h.at >= window.span.start - AGO}
    for one in sorted(every.values(), key=lambda h: (h.at, h.event)):
        yield Happening(
            what=f"{one.kind} {one.version or one.what}".strip(),
            at=one.at,
            kind=str(one.kind),
            version=one.version,
            by=one.principal,
            event=one.event,
        )


def _now(ledger: Ledger, summary: Summary, base: Baseline, slices: Sequence[Slice]) -> Now:
    told = [s for s in slices if s.summary.n >= FEWEST]
    who = people(ledger, 0)
    return Now(
        principals=tuple(PrincipalId(n) for n in ledger.names),
        rows=ledger.block(Block.ROWS)[:, 0],
        different=_whole(who.trials()),
        off=_whole(who.fresh(who.count(Block.OFF))) if base.plan.manifold.tells else None,
        graded=_graded(who) if Part.FAR in summary.sums else None,
        grades=summary.sums[Part.MANIFOLD] if base.plan.manifold.tells else None,
        again=_again(ledger, base),
        edge=_whole(who.fresh(who.count(Block.NEAR))) if base.plan.near > 0 else None,
        lost=_lost(summary),
        odd=ledger.block(Block.ODD)[:, 0],
        total=bins_of(summary) if base.plan.numbers else None,
        slices=np.stack([bins_of(s.summary) for s in told]) if told and base.plan.numbers else None,
        slice_starts=tuple(s.start for s in told),
        levels=_levels(summary, base) if base.plan.numbers else None,
    )


def _whole(counts: Floats) -> Ints:
    return np.rint(counts).astype(np.int64)


def _again(ledger: Ledger, base: Baseline) -> Ints | None:
    """The inputs of each that hardly differ, where inputs are numbers and habits are known."""
    if base.habits is None or not base.plan.numbers:
        return None
    return repeats_of(ledger, usual_repeats(base.habits).reach)


def base_of(base: Baseline) -> Base:
    """The baseline as a verdict sees it."""
    golden, habits = base.golden, base.habits
    manifold = golden.sums[Part.MANIFOLD]
    return Base(
        features=base.plan.numbers,
        classes=base.plan.classes[:BLOCK_CLASSES],
        off_rate=_share(int(manifold[MANIFOLD_BINS - 1]), int(manifold.sum()), 0.01),
        grades=manifold if base.plan.manifold.tells else None,
        graded=_grades(golden, base.plan.manifold),
        foreign=_foreign(base.plan.manifold),
        again=usual_repeats(habits).shares if habits is not None else None,
        edge_rate=_share(int(golden.sums[Part.NEAR][0]), golden.n, 0.05),
        cells=_golden_cells(golden),
        sure=_sure(golden),
        lost=_lost(golden),
        odd_rate=_share(int(golden.sums[Part.ODD][:4].max()), golden.n, 0.0),
        watched=(*base.plan.numbers, *(c.name for c in base.plan.categories)),
        bins=bins_of(golden) if base.plan.numbers else None,
        levels=_levels(golden, base) if base.plan.numbers else None,
        edges=base.plan.edges if base.plan.numbers else None,
        principals=frozenset(PrincipalId(n) for n in habits.names) if habits else frozenset(),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Recent:
    """What nine of ten windows of the last day stayed under."""

    off: float | None = None
    """The rate of odd combinations."""
    far: float | None = None
    """The share of these that were far off, in all of them together."""


def _recent(window: Window) -> _Recent:
    """Those of this window; an hour moves them not."""
    since = window.span.start - DAY
    told = [u for u in window.usage if u.start >= since and u.scored >= HOP_ROWS]
    if len(told) < HOPS:
        return _Recent()
    off, far = sum(u.off for u in told), sum(u.far for u in told)
    return _Recent(
        off=float(np.quantile([u.off / u.scored for u in told], USUAL)),
        far=(far + 1) / (off + 1) if off else None,
    )


def _past(window: Window, base: Baseline) -> Past | None:
    """The last day; None where it was not watched on this plan, or has fewer answers than now."""
    since = window.span.start - DAY
    told = [u for u in window.usage if u.start >= since and u.scored >= HOP_ROWS]
    length, until = window.span.end - window.span.start, window.span.start
    apart: list[Usage] = []
    for one in reversed(told):
        if one.start + length <= until:
            apart.append(one)
            until = one.start
    like = all(u.plan == base.plan.digest and u.stood for u in apart)
    if len(told) < HOPS or not like or sum(u.scored for u in apart) < window.n:
        return None
    tails = [(u.scored, u.unusual, u.off, u.far) for u in apart]
    fallen = [hop for u in apart for hop in u.places]
    return Past(
        graded=-np.diff([*np.sum(tails, axis=0), 0]),
        places=(
            np.sum(fallen, axis=0).reshape(-1, EIGHTHS)
            if len({len(hop) for hop in fallen}) == 1
            else None
        ),
        taste=narrowest([u.stood for u in apart], sum(u.people for u in apart)),
    )


def _graded(who: People) -> Ints:
    """(P, 4) different rows of each: ordinary, unusual, off, far off."""
    counts = [who.fresh(who.count(b)) for b in (Block.FAR, Block.OFF, Block.UNUSUAL)]
    tails = np.maximum.accumulate([_whole(c) for c in (*counts, who.trials())])
    return np.diff(tails, axis=0, prepend=0)[::-1].T


def _grades(golden: Summary, manifold: Manifold) -> Floats | None:
    """(4,) the shares of the baseline's rows; far ones are no rarer than so many can tell."""
    counts = golden.sums[Part.MANIFOLD]
    rows = int(counts.sum())
    if manifold.far is None or not rows:
        return None
    tails = np.array([rows, counts[UNUSUAL:].sum(), counts[-1], golden.sums[Part.FAR][0]]) + 1
    return -np.diff(np.append(np.maximum.accumulate(tails[::-1])[::-1] / (rows + 1), 0.0))


def _foreign(manifold: Manifold) -> Floats | None:
    """(4,) the shares of shuffled rows."""
    return -np.diff([1.0, *manifold.foreign, 0.0]) if manifold.foreign else None


def _with_labels(now: Now, ledger: Ledger, base: Baseline) -> Now:
    """The same with labels by principal, predicted and told class.

    The ledger keeps only the sums of both sides: for two classes the cells are exact, for more
    each is the most that it can be, for everybody alike.
    """
    size = min(BLOCK_CLASSES, len(base.plan.classes))
    guessed = ledger.block(Block.GUESSED)[:, :size]
    missed = ledger.block(Block.MISSED)[:, :size]
    given = ledger.block(Block.GIVEN)[:, :size]
    cells = np.minimum(missed[:, :, None], given[:, None, :])
    place = np.arange(size)
    cells[:, place, place] = guessed - missed
    mixes = mixes_of(ledger.names, guessed.sum(axis=1), base.habits, list(range(size)))
    return replace(
        now,
        cells=cells,
        told=guessed,
        hard=_hard(ledger, base),
        sure=ledger.block(Block.SURE),
        seldom=mixes.seldom if mixes is not None else None,
        often=mixes.often if mixes is not None else None,
    )


def _golden_cells(golden: Summary) -> Ints:
    """(C, C) labels of the baseline by predicted, then by true class; as wide as a ledger."""
    counts = golden.sums[Part.LABELLED]
    size = min(BLOCK_CLASSES, len(counts) - 2)
    return counts[:size, :size].T


def _sure(golden: Summary) -> Ints:
    """(2, L) labels of the baseline, and those that say wrong, by how sure the model was."""
    told = golden.sums[Part.CALIBRATION]
    counts = np.stack([told[:, 0], told[:, 0] - told[:, 2]])
    low = LEVELS - BLOCK_SURE
    return np.concatenate(
        [counts[:, : low + 1].sum(axis=1, keepdims=True), counts[:, low + 1 :]], 1
    )


def _alike(ledger: Ledger, base: Baseline) -> float | None:
    """The share of principals whose inputs moved as the middle one's did, along the main axes.

    Of those who were there before, where they are a few: what is new is no custom of the place.
    """
    rows = ledger.block(Block.ROWS)[:, 0]
    enough = rows >= FEWEST
    before = frozenset(base.habits.names) if base.habits is not None else frozenset()
    known = enough & np.array([name in before for name in ledger.names], np.bool_)
    enough = known if known.sum() >= FEW_PRINCIPALS else enough
    if enough.sum() < FEW_PRINCIPALS or not base.golden.n:
        return None
    usual, square = base.golden.sums[Part.MOMENTS] / base.golden.n
    moved = ledger.block(Block.MOMENTS)[enough, 0] / rows[enough, None] - usual
    typical = np.median(moved, axis=0)
    axis = int(np.abs(typical).argmax())
    width = float(np.sqrt(max(square[axis] - usual[axis] ** 2, 0.0)))
    if abs(typical[axis]) < max(STILL * SIGMA, CHANCE * width / np.sqrt(rows[enough].sum())):
        return 0.0
    return float((moved[:, axis] / typical[axis] >= HALFWAY).mean())


def bins_of(summary: Summary) -> Ints:
    """(F, 66) where numbers fall: under the range, its bins, over it."""
    counts = summary.sums[Part.NUMBERS]
    return np.concatenate(
        [counts[:, UNDER : UNDER + 1], counts[:, :BINS], counts[:, OVER : OVER + 1]], axis=1
    )


def _lost(summary: Summary) -> Floats:
    """(F + K, 2) shares of rows whose value is out of range, or new; and absent."""
    numbers, kinds = summary.sums[Part.NUMBERS], summary.sums[Part.CATEGORIES]
    rows = max(1, summary.n)
    beyond = numbers[:, UNDER] + numbers[:, OVER]
    absent = numbers[:, MISSING] + numbers[:, INFINITE]
    pairs = [np.stack([beyond, absent], axis=1)]
    if len(kinds):
        pairs.append(kinds[:, _CATEGORIES : _CATEGORIES + 2])
    return np.concatenate(pairs).astype(np.float64) / rows


def _share(part: int, whole: int, otherwise: float) -> float:
    return part / whole if whole else otherwise


def _hard(ledger: Ledger, base: Baseline) -> Floats | None:
    """(P,) how much oftener than everybody's the answers of each are expected to be wrong.

    From how sure the model was of them, and how often the baseline was wrong when it was as sure.
    Of more than two classes the margin does not tell how sure it was.
    """
    told = base.golden.sums[Part.CALIBRATION]
    if len(base.plan.classes) != TWO or told[:, 0].sum() < LABELLED:
        return None
    wrong = float((told[:, 0] - told[:, 2]).sum() / told[:, 0].sum())
    rate = (told[:, 0] - told[:, 2] + FEWEST * wrong) / (told[:, 0] + FEWEST)
    margins = ledger.block(Block.MARGIN)
    sure = 0.5 + (np.arange(margins.shape[1]) + 0.5) / margins.shape[1] / 2
    each = rate[np.minimum((sure * len(rate)).astype(np.int64), len(rate) - 1)]
    rows = margins.sum(axis=1)
    if not rows.sum():
        return None
    usual = float((margins @ each).sum() / rows.sum())
    own: Floats = np.where(rows > 0, (margins @ each) / np.maximum(rows, 1), usual)
    return np.clip(own / max(usual, 1e-9), 1.0, HARDEST)


def _levels(summary: Summary, base: Baseline) -> Floats:
    """(F, Q) values at fixed quantiles, read off the bins; NaN where the range ends before."""
    sums = bins_of(summary).cumsum(axis=1)
    levels = np.full((len(sums), len(QUANTILES)), np.nan)
    for feature, counts in enumerate(sums):
        edges = base.plan.edges[feature]
        total = counts[-1]
        if not total or not np.isfinite(edges).all():
            continue
        wanted = np.array(QUANTILES) * total
        inside = (wanted > counts[0]) & (wanted <= counts[BINS])
        levels[feature] = np.where(inside, np.interp(wanted, counts[: BINS + 1], edges), np.nan)
    return levels
