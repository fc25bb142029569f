"""Calibration: what each signal does in windows in which nothing is wrong.

In    observations of benign windows: of this asset when it has some, else those of public data
      that the packaged table was made from.
Out   a table for each signal, and from it the chance of seeing this much or more.
Why   a verdict says how often it would be wrong. That takes a p-value, and a p-value takes windows
      in which the answer is known.
Math  Quantiles of the benign windows, none lower than theory has it (the tail of an excess is at
      most e to the minus nats); past the last one an exponential tail, no lighter than one
      nat and no lighter than the mean excess over the 90 % point. The evidence for an attack is
      at most 1 / (-e p ln p) to one (the bound of Sellke, Bayarri and Berger).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np

from stanch.triage.verdict.observations import Observations, Signal
from stanch.vocabulary.trouble import BadInput

GRID = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
"""The chances at which a table keeps the signal's value."""
ENOUGH = 30
"""Fewer benign windows than this make no table of an asset's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One signal in benign windows: its value at each chance of `GRID`, and its tail."""

    values: tuple[float, ...]
    tail: float = 1.0
    """Nats for each e-fold beyond the last value."""

    def p(self, value: float) -> float:
        """The chance that a benign window shows this much or more."""
        if value <= 0:
            return 1.0
        if value > self.values[-1]:
            return max(1e-12, GRID[-1] * float(np.exp((self.values[-1] - value) / self.tail)))
        steps = (0.0, *self.values)
        logs = np.log((1.0, *GRID))
        rising = np.maximum.accumulate(np.array(steps) + np.arange(len(steps)) * 1e-9)
        return float(np.exp(np.interp(value, rising, logs)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """The tables, and what they were made from."""

    tables: Mapping[Signal, Table] = field(default_factory=dict)
    windows: int = 0
    made_from: str = ""

    def p(self, signal: Signal, value: float) -> float:
        """The chance of this much in a benign window; one that was never calibrated is 1."""
        table = self.tables.get(signal)
        return table.p(value) if table else 1.0


def calibrate(benign: Sequence[Observations], made_from: str) -> Calibration:
    """Tables made from benign windows; at least thirty of them."""
    if len(benign) < ENOUGH:
        raise BadInput(
            f"{len(benign)} benign windows; at least {ENOUGH} are needed. Wait for more."
        )
    seen: dict[Signal, list[float]] = {}
    for window in benign:
        for signal, value in window.signals.items():
            seen.setdefault(signal, []).append(value)
    tables = {s: _table(np.sort(v)) for s, v in sorted(seen.items()) if len(v) >= ENOUGH}
    return Calibration(tables=tables, windows=len(benign), made_from=made_from)


def _table(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Table:
    marks = np.quantile(values, [1 - p for p in GRID], method="higher")
    knee = float(np.quantile(values, 0.9))
    beyond = values[values > knee] - knee
    tail = max(1.0, float(beyond.mean()) if len(beyond) else 1.0)
    floors = [-float(np.log(p)) for p in GRID]
    kept = tuple(round(max(float(m), low), 4) for m, low in zip(marks, floors, strict=True))
    return Table(values=kept, tail=round(tail, 4))


def kept(calibration: Calibration) -> Mapping[str, tuple[float, ...]]:
    """The tables as plain numbers, to be kept in a signed baseline: the values, then the tail."""
    return {str(s): (*t.values, t.tail) for s, t in calibration.tables.items()}


def read_back(numbers: Mapping[str, tuple[float, ...]], made_from: str) -> Calibration | None:
    """The calibration that these numbers are; None when there are none."""
    known = {str(s): s for s in Signal}
    tables = {
        known[name]: Table(values=tuple(row[:-1]), tail=row[-1])
        for name, row in numbers.items()
        if name in known and len(row) == len(GRID) + 1
    }
    return Calibration(tables=tables, windows=ENOUGH, made_from=made_from) if tables else None


def strictest(one: Calibration, other: Calibration) -> Calibration:
    """For each signal the less sure of the two: an asset's own windows only add caution."""
    tables = dict(other.tables)
    for signal, table in one.tables.items():
        held = tables.get(signal, table)
        pairs = zip(table.values, held.values, strict=True)
        tables[signal] = Table(
            values=tuple(max(a, b) for a, b in pairs), tail=max(table.tail, held.tail)
        )
    return Calibration(
        tables=tables,
        windows=one.windows + other.windows,
        made_from=f"{one.made_from}; {other.made_from}",
    )


@cache
def packaged() -> Calibration:
    """The table made from public data by `python -m bench.verdict --calibrate`."""
    text = files("stanch.triage.verdict").joinpath("calibration.json").read_text("utf-8")
    raw = json.loads(text)
    return Calibration(
        tables={
            Signal(name): Table(values=tuple(t["values"]), tail=t["tail"])
            for name, t in raw["tables"].items()
        },
        windows=raw["windows"],
        made_from=raw["made_from"],
    )
