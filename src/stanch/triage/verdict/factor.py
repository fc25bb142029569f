"""Factor: whether one number, multiplied by a constant, gives the values that come now.

In    histograms of one feature on the same bins, then and now, and the borders of the bins.
Out   the constant, and how far from the values of now that leaves those of then.
Why   a wrong unit (cents for euros, miles for kilometres) hits everybody alike. It throws most
      values out of the range of the bins, so that no quantile can be compared; but what is known of
      the old values tells how many must lie under each border now.
Math  P(f x <= e) = F(e / f). Inside a bin F lies between its ends, outside the range between what
      is known and 0 or 1. The misfit is how far the share of now lies outside of those bounds, at
      worst. A constant counts only where it sets borders against different bins: where all values
      are out of range, any large one would do.
"""

from dataclasses import dataclass

import numpy as np

from stanch.triage.verdict.observations import Base, Floats, Ints, Now, ScaleFit

LEVELS, STILL = 5, 1e-9
"""Quantiles needed for a fit; a smaller one tells no ratio."""
MOVED, MOST, WIDE = 0.1, 0.5, 1.5
"""A multiplied feature moved so far in distance, so much of the farthest, and has a wide range."""
FAR, EXACT = 0.3, 0.05
"""How far it moved, and how well a constant explains that, where only the bins can tell."""
SMALLEST, LARGEST, STEPS = 1.5, 1200.0, 400
"""Constants that are tried, and their inverses. Nature moves things by less: a newcomer who asks
of three things only shifted one of 64 features by a third, evenly."""
TOLD = 4
"""So many different bins must speak."""
INNER = (0.02, 0.98)


@dataclass(frozen=True, kw_only=True, slots=True)
class Factor:
    """The constant that fits best."""

    factor: float
    misfit: float


def factor_of(now: Ints, then: Ints, edges: Floats) -> Factor | None:
    """The best constant for histograms of K bins on K - 1 borders; None when none can be told."""
    if not np.isfinite(edges).all() or not now.sum() or not then.sum():
        return None
    shares, known = now.cumsum()[:-1] / now.sum(), then.cumsum()[:-1] / then.sum()
    grid = np.geomspace(SMALLEST, LARGEST, STEPS)
    tried = [_fit(shares, known, edges, float(f)) for f in (*grid, *(1 / grid))]
    fits = [f for f in tried if f is not None]
    if not fits:
        return None
    best = min(fits, key=lambda f: f.misfit)
    # Neighbours that fit as well as it does: the middle one is meant.
    alike = [f.factor for f in fits if f.misfit <= best.misfit + 1e-9]
    return Factor(factor=float(np.median(alike)), misfit=best.misfit)


def scale_of(now: Now, base: Base, far: Floats | None) -> ScaleFit | None:
    """The feature that is best explained as multiplied by a constant, if one is."""
    best: ScaleFit | None = None
    for n, feature in enumerate(base.features):
        if far is not None and far[n] < max(MOVED, MOST * far.max()):
            continue
        fits = [_by_quantiles(now, base, n)]
        if far is not None and far[n] >= FAR:
            fits.append(_by_bins(now, base, n))
        for fit in fits:
            if fit is not None and (best is None or fit.misfit < best.misfit):
                best = ScaleFit(feature=feature, factor=fit.factor, misfit=fit.misfit)
    return best


def _by_quantiles(now: Now, base: Base, n: int) -> Factor | None:
    """The constant ratio of the quantiles, where enough of them are within the range."""
    if now.levels is None or base.levels is None:
        return None
    usable = np.isfinite(now.levels[n]) & (np.abs(base.levels[n]) > STILL)
    told = np.abs(base.levels[n][usable])
    # Few values, or values close together: there any ratio looks constant.
    if len(np.unique(told)) < LEVELS or told.max() < WIDE * told.min():
        return None
    ratio = now.levels[n][usable] / base.levels[n][usable]
    factor = float(np.median(ratio))
    if factor <= 0 or abs(np.log(factor)) < np.log(SMALLEST):
        return None
    return Factor(factor=factor, misfit=float(np.median(np.abs(ratio / factor - 1))))


def _by_bins(now: Now, base: Base, n: int) -> Factor | None:
    """The constant that the bins tell; none that fits badly."""
    pooled = now.total if now.bins is None else now.bins.sum(axis=0)
    if pooled is None or base.bins is None or base.edges is None:
        return None
    found = factor_of(pooled[n], base.bins[n], base.edges[n])
    return found if found is not None and found.misfit <= EXACT else None


def _fit(shares: Floats, known: Floats, edges: Floats, factor: float) -> Factor | None:
    asked = edges / factor
    above = np.searchsorted(edges, asked, side="left")
    low = np.where(above > 0, known[np.maximum(above - 1, 0)], 0.0)
    high = np.where(above < len(edges), known[np.minimum(above, len(edges) - 1)], 1.0)
    inside = (asked >= edges[0]) & (asked <= edges[-1]) & (high > INNER[0]) & (low < INNER[1])
    if len(np.unique(above[inside])) < TOLD:
        return None
    return Factor(
        factor=factor, misfit=float(np.maximum(low - shares, shares - high).max(initial=0.0))
    )
