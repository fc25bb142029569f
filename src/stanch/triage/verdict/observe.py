"""Observe: from arrays of counts to the named numbers that a verdict looks at.

In    `Now` and `Base`; what happened nearby.
Out   `Observations`. The same counts give the same numbers, and the names of principals play no
      part in them.
Why   every family of evidence asks one question that natural change answers differently from an
      attack: who, in which shape, towards which label, at once or slowly.
Math  `nats.py` for counts; the largest Kolmogorov-Smirnov distance for drift; a step and a line
      fitted to the mean bin by time; the ratio of quantiles for a wrong unit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stanch.triage.verdict.carried import allowed
from stanch.triage.verdict.confusions import confusions
from stanch.triage.verdict.factor import scale_of
from stanch.triage.verdict.nats import bound, excess, most, surplus_of, together
from stanch.triage.verdict.observations import (
    Base,
    Broken,
    Floats,
    Happening,
    Ints,
    Now,
    Observations,
    Signal,
    Step,
)
from stanch.triage.verdict.oddness import by_principal, of_everybody
from stanch.triage.verdict.of_late import of_late
from stanch.triage.verdict.past import distance, taste_of
from stanch.triage.verdict.residuals import ANOTHER_WORLD
from stanch.triage.verdict.searches import searching
from stanch.triage.verdict.without import without
from stanch.vocabulary.finding import Suspect
from stanch.vocabulary.ids import PrincipalId

WHO = frozenset({Signal.OFF_WHO, Signal.DUP_WHO, Signal.PAIR_WHO, Signal.EDGE_WHO})
"""The families in which single principals are looked at."""
RAREST = 1e-99
"""No chance is taken for smaller."""
TOP = 3
"""How many suspects are left out to see whether the alarm goes away."""
STILL = 1e-9
"""Movement smaller than this is none."""
SLICES, HALF = 6, 0.5
"""Slices of time needed for a fit; how far is moving along."""
FEW = 20
"""Principals with fewer rows say nothing about moving alike."""
FEWEST = 5
"""The same for rows that are out of range or not: that takes fewer."""


def observe(
    now: Now,
    base: Base,
    happenings: Sequence[Happening] = (),
    named: Sequence[PrincipalId] = (),
) -> Observations:
    """All that can be told from these counts, and what was missing to tell more.

    `named` are those whom findings name: they are left out too, to see what is left.
    """
    signals: dict[Signal, float] = {}
    odd = np.zeros(len(now.principals))
    surplus = np.zeros(len(now.principals))
    far = _far(now, base)
    since = distance(_pooled(now), base.past)
    for one in _asking(now, base, taste_of(now, base.past, since)):
        signals[one.signal] = one.nats
        odd, surplus = _more(odd, surplus, one.each, one.surplus)
    signals |= _of_everybody(now, base)
    world = since if since is not None or far is None else float(far.max(initial=0.0))
    another = world is not None and world > ANOTHER_WORLD
    known = replace(now, sure=None) if another else now
    found = confusions(known, base, _new(now, base))
    if found is not None:
        signals[Signal.PAIR_WHO], signals[Signal.PAIR_ALL] = found.who, found.whole
        odd, surplus = _more(odd, surplus, found.each, found.surplus)
    families = len(signals.keys() & WHO)
    suspects = _suspects(now, odd, surplus, families)
    moved = _movement(now, base, suspects)
    return Observations(
        signals=signals,
        suspects=suspects,
        pair=None if found is None else found.pair,
        confused_rest=0.0 if found is None else found.rest,
        newcomers=_newcomers(now, base),
        largest=_largest(now),
        scale=scale_of(now, base, far),
        broken=_broken(now, base, far),
        happenings=tuple(happenings),
        missing=_missing(now, base),
        drift=moved.drift,
        moved=since,
        drifted=moved.drifted,
        drift_without=moved.without,
        left=without(now, base, (*(s.principal for s in suspects[:TOP]), *named), signals),
        alike=moved.alike,
        step=moved.step,
    )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Asked:
    """One thing that some ask more of than others."""

    signal: Signal
    nats: float
    each: Floats
    surplus: Floats


def _asking(now: Now, base: Base, taste: float) -> Iterator[_Asked]:
    """Who stands out by odd inputs, by those at the boundary, by nearly the same ones."""
    people = int((now.rows > 0).sum())
    rows = _different(now)
    for signal, count, rate, graded in (
        (Signal.OFF_WHO, now.off, _off_rate(base), by_principal(now, base, taste)),
        (Signal.EDGE_WHO, now.edge, base.edge_rate, None),
    ):
        if count is not None:
            nats, each = most(count, rows, rate)
            if graded is not None:
                nats, each = together(graded, people), graded
            yield _Asked(signal=signal, nats=nats, each=each, surplus=surplus_of(count, rows, rate))
    found = searching(now, base)
    if found is not None:
        nats = together(found.each, people)
        yield _Asked(signal=Signal.DUP_WHO, nats=nats, each=found.each, surplus=found.surplus)


def _of_everybody(now: Now, base: Base) -> dict[Signal, float]:
    """By how far odd things are more frequent than they may be when they come from everybody."""
    signals: dict[Signal, float] = {}
    if now.off is not None:
        up = allowed(now, base, _far(now, base))
        told = of_everybody(now, base, up)
        if told is not None:
            told = max(told, of_late(now, base, distance(_pooled(now), base.past)))
        else:
            count, rows = now.off.sum(keepdims=True), _different(now).sum(keepdims=True)
            told = float(excess(count, rows, up)[0])
        signals[Signal.OFF_ALL] = told
    found = searching(now, base)
    if found is not None:
        signals[Signal.DUP_ALL] = found.whole
    return signals


def _different(now: Now) -> Ints:
    return now.rows if now.different is None else now.different


def _off_rate(base: Base) -> float:
    return max(base.off_rate, base.recent_off_rate or 0.0)


def _more(odd: Floats, surplus: Floats, each: Floats, own: Floats) -> tuple[Floats, Floats]:
    """Per principal the family in which it is oddest, and its surplus in that one."""
    return np.maximum(odd, each), np.where(each > odd, own, surplus)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Movement:
    """How the marginals moved."""

    drift: float | None = None
    drifted: tuple[str, ...] = ()
    without: float | None = None
    alike: float | None = None
    step: Step | None = None


def _new(now: Now, base: Base) -> NDArray[np.bool_]:
    """(P,) who was not there in the baseline, where that can be told."""
    known = base.principals
    return np.array([bool(known) and p not in known for p in now.principals], np.bool_)


def _suspects(now: Now, odd: Floats, surplus: Floats, families: int) -> tuple[Suspect, ...]:
    """The principals above chance, oddest first; who is equal stands in order of name.

    One of all P is thought guilty beforehand; each was looked at in so many families.
    """
    limit = float(np.log(max(2, len(now.principals)))) + 1.0
    total = float(surplus.sum()) or 1.0
    ranked = sorted(range(len(odd)), key=lambda n: (-odd[n], now.principals[n]))
    sure = [bound(min(1.0, families * float(np.exp(-odd[n])) + RAREST)) for n in ranked[:10]]
    return tuple(
        Suspect(
            principal=now.principals[n],
            share=float(surplus[n]) / total,
            confidence=1.0 / (1.0 + len(odd) * float(np.exp(-told))),
        )
        for n, told in zip(ranked[:10], sure, strict=True)
        if odd[n] > limit
    )


def _newcomers(now: Now, base: Base) -> float | None:
    if not base.principals or now.rows.sum() == 0:
        return None
    return float(now.rows[_new(now, base)].sum() / now.rows.sum())


def _largest(now: Now) -> float | None:
    enough = len(now.principals) >= TOP and now.rows.sum() > 0
    return float(now.rows.max() / now.rows.sum()) if enough else None


def _movement(now: Now, base: Base, suspects: tuple[Suspect, ...]) -> _Movement:
    pooled = _pooled(now)
    if pooled is None or base.bins is None:
        return _Movement(step=_steepest(now))
    far = _ks(pooled, base.bins)
    top = int(far.argmax())
    order = np.argsort(-far, kind="stable")[:TOP]
    gone = {s.principal for s in suspects[:TOP]}
    kept = np.array([p not in gone for p in now.principals])
    return _Movement(
        drift=float(far.max()),
        drifted=tuple(base.features[n] for n in order if far[n] > 0),
        without=_without(now, base.bins, kept) if gone else None,
        alike=_alike(now, base.bins, top),
        step=_step(now, top),
    )


def _without(now: Now, base: Ints, kept: NDArray[np.bool_]) -> float | None:
    return None if now.bins is None else float(_ks(now.bins[kept].sum(axis=0), base).max())


def _steepest(now: Now) -> Step | None:
    """Without a baseline of bins: the step of the feature that a step explains best."""
    if now.slices is None:
        return None
    found = [s for n in range(now.slices.shape[1]) if (s := _step(now, n)) is not None]
    return max(found, key=lambda s: s.step_fit, default=None)


def _ks(now: Ints, base: Ints) -> Floats:
    """The distance between the two distributions, for each feature."""
    one = now.cumsum(axis=1) / np.maximum(now.sum(axis=1, keepdims=True), 1)
    two = base.cumsum(axis=1) / np.maximum(base.sum(axis=1, keepdims=True), 1)
    out: Floats = np.abs(one - two).max(axis=1)
    return out


def _middle(bins: Ints) -> Floats:
    """The mean bin, from 0 to 1, over the last axis."""
    width = bins.shape[-1]
    total = np.maximum(bins.sum(axis=-1), 1)
    out: Floats = (bins * np.arange(width)).sum(axis=-1) / total / max(1, width - 1)
    return out


def _alike(now: Now, base: Ints, feature: int) -> float | None:
    """The share of principals that moved at least half as far as the middle one, its way."""
    if now.bins is None:
        return None
    enough = now.rows >= FEW
    if enough.sum() < TOP:
        return None
    moved = _middle(now.bins[enough, feature]) - _middle(base[feature])
    typical = float(np.median(moved))
    if abs(typical) < STILL:
        return 0.0
    return float((moved / typical >= HALF).mean())


def _spread(path: Floats) -> float:
    return float(np.square(path - path.mean()).sum())


def _step(now: Now, feature: int) -> Step | None:
    if now.slices is None or len(now.slices) < SLICES:
        return None
    path = _middle(now.slices[:, feature])
    flat = _spread(path)
    if flat <= STILL:
        return Step(at=None, step_fit=0.0, ramp_fit=0.0)
    cuts = range(2, len(path) - 1)
    errors = [
        float(
            np.square(path[:c] - path[:c].mean()).sum()
            + np.square(path[c:] - path[c:].mean()).sum()
        )
        for c in cuts
    ]
    best = int(np.argmin(errors))
    time = np.arange(len(path), dtype=np.float64)
    line = np.polynomial.Polynomial.fit(time, path, 1)(time)
    return Step(
        at=now.slice_starts[cuts[best]] if now.slice_starts else None,
        step_fit=max(0.0, 1 - errors[best] / flat),
        ramp_fit=max(0.0, 1 - float(np.square(path - line).sum()) / flat),
    )


def _far(now: Now, base: Base) -> Floats | None:
    """How far each feature moved, for everybody together."""
    pooled = _pooled(now)
    return _ks(pooled, base.bins) if pooled is not None and base.bins is not None else None


def _pooled(now: Now) -> Ints | None:
    return now.total if now.bins is None else now.bins.sum(axis=0)


def _broken(now: Now, base: Base, far: Floats | None) -> Broken | None:
    """The input that most rows lost since the baseline: out of all range, or absent."""
    if now.lost is None or base.lost is None or not now.lost.size:
        return None
    grown = now.lost - base.lost
    at, absent = (int(n) for n in np.unravel_index(int(grown.argmax()), grown.shape))
    names = base.watched or base.features
    others = np.delete(grown, at, axis=0).max(initial=0.0)
    if far is not None:
        others = max(float(others), float(np.delete(far, at).max(initial=0.0)))
    return Broken(
        feature=names[at],
        absent=bool(absent),
        share=float(now.lost[at, absent]),
        before=float(base.lost[at, absent]),
        alike=_odd_alike(now, base),
        others=float(others),
    )


def _odd_alike(now: Now, base: Base) -> float | None:
    """The share of principals with at least half as many odd rows as the middle one."""
    enough = now.rows >= FEWEST
    if now.odd is None or enough.sum() < TOP:
        return None
    more = now.odd[enough] / now.rows[enough] - base.odd_rate
    typical = float(np.median(more))
    return float((more >= HALF * typical).mean()) if typical > STILL else 0.0


def _missing(now: Now, base: Base) -> tuple[str, ...]:
    gaps = (
        (now.off is None, "whether inputs keep their usual combinations (off-manifold counts)"),
        (now.again is None, "near-duplicates by principal"),
        (now.cells is None or base.cells is None, "true labels"),
        (len(now.principals) < TOP, "more than two principals to compare"),
        (now.bins is None or base.bins is None, "the distribution of each feature by principal"),
        (now.slices is None, "how the change came over time"),
    )
    return tuple(words for lacking, words in gaps if lacking)
