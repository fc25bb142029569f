"""The verdict where the asset was watched before: the second scenario of `bench.verdict`.

In    a set's asset, and its calibration.
Out   rates as in the first scenario, where the judged window is the first of a new period
      (onset), and where its period has gone on for a while (mid); with an attacker who was there.
Why   a server that runs has seen the hours before an incident. A benchmark without them asks of it
      what nobody must do.
How   Twelve windows of rows that are not judged, in the order of time: of the period before, and
      in mid-period of a part of this one, too. No row is in two: small sets have small ones.
"""

from dataclasses import replace

import numpy as np

from bench.verdict_judge import Judge
from bench.verdict_sets import Floats, Ints, Rows, both
from bench.verdict_windows import (
    CLIENTS,
    HOURS,
    ROWS,
    Asset,
    Rng,
    count,
    guilty,
    people,
    probe,
)
from stanch.detect.summaries.count import Counted
from stanch.triage.verdict.calibration import Calibration
from stanch.triage.verdict.decide import verdict_of
from stanch.vocabulary.incident import VerdictKind

FEW = (0.02, 0.05)
"""Shares of the rows that attacks have; of more, the first scenario tells enough."""
PART, MANY = 6, 8000
"""Of a period, one in so many rows is history in mid-period; half of one that has many rows."""
HALF = 0.5
"""The share of yesterday's attack, over that of today's."""
PLACES, TIMES = 3, 8
"""Periods in which an attacker was there before, and windows in each."""


def watched(made: Asset, table: Calibration, *, think: bool) -> dict[str, dict[str, float]]:
    """Rates at the onset of a period, and in the middle of it."""
    rng = np.random.default_rng(1023 if think else 23)
    found: dict[str, dict[str, float]] = {}
    for way in ("onset", "mid"):
        scenes = _scenes(made, way, rng)
        at = tuple(
            (pool, made.watched([_seen(made, p, rng) for p in past])) for pool, past in scenes
        )
        judge = Judge(made=made, tables={way: (table, 0)}, rng=rng, scenes=at, shares=FEW)
        found[f"watched, {way}"] = judge.run()[way]
        if way == "mid":
            found[f"watched, {way}"] |= _there(made, table, scenes, rng)
    return found


Scene = tuple[Rows, list[Rows]]


def _scenes(made: Asset, way: str, rng: Rng) -> list[Scene]:
    """Of each later period the rows that windows are drawn from, and the windows of before."""
    first = made.set.first
    unseen = first.take(np.arange(1, len(first.said), 2))
    periods = [p.take(rng.permutation(len(p.said))) for p in (unseen, *made.set.later.values())]
    found: list[Scene] = []
    for n in range(1, len(periods)):
        before, now = periods[n - 1], periods[n]
        size = len(now.said)
        part = 0 if way == "onset" else size // 2 if size >= MANY else size // PART
        past = both(before, now.take(np.arange(part)))
        last = np.arange(max(0, len(past.said) - HOURS * ROWS), len(past.said))
        found.append(
            (now.take(np.arange(part, size)), [past.take(p) for p in np.array_split(last, HOURS)])
        )
    return found


def _there(made: Asset, table: Calibration, scenes: list[Scene], rng: Rng) -> dict[str, float]:
    """What is caught of those who did half as much in every window of the day before, too."""
    out: dict[str, float] = {}
    for share in FEW:
        for kind in ("probe", "collude"):
            caught: list[bool] = []
            for pool, past in scenes[:PLACES]:
                some = rng.choice(CLIENTS, rng.integers(1, 4), replace=False)
                by = some if kind == "probe" else np.arange(CLIENTS)
                after = made.watched([_seen(made, p, rng, (HALF * share, by)) for p in past])
                for _ in range(TIMES):
                    seen = after.window(*probe(pool, rng, share, by)[:2])
                    caught.append(verdict_of((), seen, table).kind is VerdictKind.ATTACK)
            out[f"there/{share:g}/{kind}"] = float(np.mean(caught))
    return out


def _seen(made: Asset, rows: Rows, rng: Rng, attack: tuple[float, Ints] | None = None) -> Counted:
    """One window of the day before, counted; with an attack of this share by these clients."""
    who = people(rows, rng)
    x: Floats = rows.x
    if attack is not None:
        share, by = attack
        _, where = guilty(who, share, rng, by)
        x = x.copy()
        for f in range(x.shape[1]):
            x[where, f] = rows.x[rng.integers(0, len(x), len(where)), f]
    return count(made.plan, replace(rows, x=x), who)
