"""Named inputs: rows whose inputs came by name, as numbers and texts by name.

In    the text of a JSON object for each row.
Out   `Named`: which names there are, the numbers and texts of each name.
Why   rows have ten thousand inputs at times, and most rows of a model have the same names: those
      are read side by side, and no value is looked at by itself unless it is text.
"""

import json
import math
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from stanch.detect.summaries.arrays import Floats

_NUMBERS = msgspec.json.Decoder(dict[str, float | None])
_OBJECT = msgspec.json.Decoder(dict[str, object])
_OTHERS = frozenset({str, bool, list, dict})
_LONGEST = 300
"""Digits of a whole number that is read as one."""
Values = Mapping[int, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Alike:
    """The rows that have the same names in the same order."""

    names: tuple[str, ...]
    rows: list[int]
    numbers: list[Floats]
    """Of each row; NaN where a value is missing, or is no number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """The inputs of rows, by name."""

    n: int
    alike: Sequence[Alike]
    others: Mapping[str, Values]
    """By name and row: the values that are neither numbers nor missing."""
    spread: frozenset[str]
    """The names that held a list of numbers, which was taken apart."""

    def names(self) -> list[str]:
        """All of them, in the order of their text."""
        return sorted({name for one in self.alike for name in one.names})

    def numeric(self) -> frozenset[str]:
        """The names that hold nothing but numbers, and at least one; false counts as 0."""
        found = {
            name
            for one in self.alike
            for name, held in zip(one.names, _held(one).tolist(), strict=True)
            if held
        }
        text = {n for n, held in self.others.items() if any(v is not False for v in held.values())}
        return frozenset((found | self.others.keys()) - text)

    def present(self) -> Iterator[tuple[str, list[int]]]:
        """Each name, and the rows in which it stands; a name may come several times."""
        for one in self.alike:
            for name in one.names:
                yield name, one.rows

    def numbers(self, names: Sequence[str]) -> Floats:
        """(n, F) the numbers of these names; NaN where there is none."""
        found = np.full((self.n, len(names)), np.nan)
        places = {name: i for i, name in enumerate(names)}
        for one in self.alike:
            there = np.array([places.get(name, -1) for name in one.names], np.int64)
            kept = np.flatnonzero(there >= 0)
            found[np.ix_(np.array(one.rows), there[kept])] = np.array(one.numbers)[:, kept]
        for name in self.others.keys() & places.keys():
            for row, value in self.others[name].items():
                found[row, places[name]] = number(value)
        return found

    def texts(self, names: Collection[str]) -> dict[str, list[str | None]]:
        """The text of each row, by these names; None where there is none."""
        found: dict[str, list[str | None]] = {name: [None] * self.n for name in names}
        for one in self.alike:
            for place, name in enumerate(one.names):
                if name in found:
                    into = found[name]
                    for row, numbers in zip(one.rows, one.numbers, strict=True):
                        value = numbers[place]
                        into[row] = None if np.isnan(value) else f"{value:g}"
        for name in self.others.keys() & found.keys():
            for row, value in self.others[name].items():
                found[name][row] = text(value)
        return found


def _held(one: Alike) -> np.ndarray:
    """Which of its names hold a number in some row."""
    held = np.zeros(len(one.names), np.bool_)
    for numbers in one.numbers:
        held |= ~np.isnan(numbers)
    return held


def named_of(texts: Iterable[str], whole: Container[str] = ()) -> Named:
    """The inputs of these rows; a name that is among `whole` is one input, whatever it holds."""
    alike: dict[tuple[str, ...], Alike] = {}
    others: dict[str, dict[int, object]] = {}
    spread: set[str] = set()
    plain = True
    for row, told in enumerate(texts):
        one: Mapping[str, object] | None = _numbers_of(told) if plain else None
        plain = one is not None
        if one is None:
            one = inputs_of(told, whole, spread)
            for name, value in one.items():
                if type(value) in _OTHERS:
                    others.setdefault(name, {})[row] = value
            numbers = np.fromiter(map(_own, one.values()), np.float64, len(one))
        else:
            numbers = np.array(list(one.values()), np.float64)
        names = tuple(one)
        group = alike.get(names)
        if group is None:
            alike[names] = group = Alike(names=names, rows=[], numbers=[])
        group.rows.append(row)
        group.numbers.append(numbers)
    n = sum(len(one.rows) for one in alike.values())
    return Named(n=n, alike=tuple(alike.values()), others=others, spread=frozenset(spread))


def object_of(told: str) -> dict[str, object]:
    """The JSON object of this text; a number past what a computer holds is infinite."""
    try:
        return _OBJECT.decode(told)
    except msgspec.ValidationError:
        found: dict[str, object] = json.loads(told, parse_int=_whole)
        return found


def value_of(told: str) -> object:
    """The JSON value of this text, likewise."""
    try:
        return msgspec.json.decode(told)
    except msgspec.ValidationError:
        return json.loads(told, parse_int=_whole)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < _LONGEST else float(digits)


def inputs_of(told: str, whole: Container[str], spread: set[str]) -> dict[str, object]:
    """A row's inputs by name: a list of numbers, as an embedding is, by its places."""
    given = object_of(told)
    if list not in set(map(type, given.values())):
        return given
    found: dict[str, object] = {}
    for name, value in given.items():
        if isinstance(value, list) and name not in whole and _all_numbers(value):
            spread.add(name)
            found |= {f"{name}[{place}]": one for place, one in enumerate(value)}
        else:
            found[name] = value
    return found


def number(value: object) -> float:
    """The value as a number; what is none is missing, and what is too large is infinite."""
    try:
        return float(value) if isinstance(value, bool | int | float) else float(str(value))
    except OverflowError:
        return math.inf if isinstance(value, int) and value > 0 else -math.inf
    except ValueError:
        return math.nan


def text(value: object) -> str | None:
    """The value as the text that categories are compared by."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{number(value):g}" if isinstance(value, int | float) else str(value)


def _own(value: object) -> float:
    return number(value) if type(value) is float or type(value) is int else math.nan


def _numbers_of(told: str) -> dict[str, float | None] | None:
    """The inputs of a row that has nothing but numbers."""
    try:
        return _NUMBERS.decode(told)
    except msgspec.ValidationError:
        return None


def _all_numbers(values: list[object]) -> bool:
    """Whether it is a list of numbers, of which some may be missing."""
    some = [value for value in values if value is not None]
    return bool(some) and all(isinstance(v, int | float) and v is not True for v in some)
