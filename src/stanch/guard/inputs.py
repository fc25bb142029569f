"""Inputs: every row of numbers that a request asks about, in whatever common shape it comes.

In    the JSON or the table of a request; the rule, which knows how many numbers a row has.
Out   the rows; None where there is none, so that nobody takes silence for having looked.
Why   a filter of inputs that reads one shape is got round by another: a batch, columns, numbers by
      name in another order, numbers in quotes, a picture as rows of rows.
"""

import csv
from collections.abc import Iterator, Mapping
from typing import Any

from stanch.contain.alike import Likeness

Rows = list[list[float]]
_SIZES = frozenset({"shape"})
"""Fields that hold sizes, and no inputs."""
_LONGEST = 64


def rows_in(value: Any, like: Likeness) -> Rows | None:
    """Every row in this value of as many numbers as the rule is about."""
    found = [row for one in _parts(value, len(like.units), like.names) for row in one]
    return found or None


def rows_in_csv(text: str, like: Likeness) -> Rows | None:
    """Every row in this table of as many numbers as the rule is about."""
    width, names = len(like.units), like.names
    lines = [one for one in csv.reader(text.splitlines()) if one]
    order = _order(lines[0], names) if lines else None
    rows: Rows = []
    for line in lines:
        cells = [line[n] for n in order] if order and len(line) > max(order) else line
        numbers = _flat(cells)
        if numbers is not None and len(numbers) == width:
            rows.append(numbers)
    return rows or None


def _parts(value: Any, width: int, names: tuple[str, ...]) -> Iterator[Rows]:
    if isinstance(value, list):
        numbers = _flat(value)
        if numbers is not None:
            if numbers and len(numbers) % width == 0:
                yield [numbers[n : n + width] for n in range(0, len(numbers), width)]
            return
        yield from _tensors(value, names)
        for one in value:
            yield from _parts(one, width, names)
    elif isinstance(value, Mapping):
        yield from _of_mapping(value, width, names)


def _of_mapping(value: Mapping[str, Any], width: int, names: tuple[str, ...]) -> Iterator[Rows]:
    by_name = _columns([value[n] for n in names]) if names and value.keys() >= {*names} else None
    if by_name is not None:
        yield by_name
        return
    order = _order(value.get("columns"), names)
    if order is not None and isinstance(value.get("data"), list):
        rows = [one for one in value["data"] if isinstance(one, list) and len(one) > max(order)]
        yield [row for one in rows if (row := _flat([one[n] for n in order])) is not None]
        return
    if not names and len(value) == width and (row := _flat(list(value.values()))) is not None:
        yield [row]
        return
    for name, one in value.items():
        if name not in _SIZES:
            yield from _parts(one, width, names)


def _tensors(value: list[Any], names: tuple[str, ...]) -> Iterator[Rows]:
    """Rows that come as a tensor for each number, as KServe v2 has them."""
    given = {str(one.get("name")): one.get("data") for one in value if isinstance(one, Mapping)}
    if names and given.keys() >= {*names}:
        rows = _columns([given[n] for n in names])
        if rows is not None:
            yield rows


def _columns(values: list[Any]) -> Rows | None:
    """Rows, of a number or a column of them for each name."""
    columns = [_flat(one if isinstance(one, list) else [one]) for one in values]
    if any(one is None for one in columns):
        return None
    longest = max(len(one or ()) for one in columns)
    full = [one if len(one) == longest else one * longest for one in columns if one]
    if len(full) < len(values):
        return None
    return [list(row) for row in zip(*full, strict=False)]


def _order(columns: Any, names: tuple[str, ...]) -> list[int] | None:
    """Where each named number stands in a heading; None where it is not one of theirs."""
    if not names or not isinstance(columns, list) or not {*names} <= {str(c) for c in columns}:
        return None
    places = {str(name): n for n, name in enumerate(columns)}
    return [places[name] for name in names]


def _flat(value: list[Any]) -> list[float] | None:
    """All numbers of a list of lists, in order; None where there is anything else."""
    found: list[float] = []
    for one in value:
        if isinstance(one, list):
            inner = _flat(one)
            if inner is None:
                return None
            found += inner
        else:
            number = _number(one)
            if number is None:
                return None
            found.append(number)
    return found


def _number(value: Any) -> float | None:
    if value is None:
        return 0.0
    if isinstance(value, str) and len(value) > _LONGEST:
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
