"""Answers: rows of inferences as the columns that the algebra counts.

In    Arrow rows of one asset and one version, the asset, the names its plan counts by.
Out   `Columns` in the codes of those names.
Why   the algebra never sees text. Inputs come by position, in the asset's order, or by name; what
      the plan does not know is named, so that nothing is dropped unseen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from stanch.detect.summaries.arrays import Codes, Flags, Floats, Ints
from stanch.detect.summaries.columns import MISSING_CODE, NEW_CODE, Columns
from stanch.detect.summaries.fingerprints import Fingerprints, Known
from stanch.detect.summaries.learn import Schema
from stanch.detect.summaries.plan import Plan
from stanch.engine.watch.named import Named, named_of, number, object_of, text
from stanch.engine.watch.recognised import recognised
from stanch.vocabulary.asset import Asset


@dataclass(frozen=True, kw_only=True, slots=True)
class Strays:
    """Values that the schema has no place for, of one input."""

    rows: Ints
    codes: Ints
    """Which of the values each of the rows holds."""
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """The inputs of rows as they were read; a part of the rows is not read again."""

    numbers: Floats
    categories: Codes
    misshapen: Flags
    strays: Mapping[str, Strays] = field(default_factory=dict)
    known: Mapping[Known, Flags] = field(default_factory=dict)
    """Which rows are recognised, by what kind of rows they are."""

    def at(self, rows: Ints) -> "Read":
        """Those of these rows, in this order."""
        places = np.full(len(self.numbers), -1)
        places[rows] = np.arange(len(rows))
        return Read(
            numbers=self.numbers[rows],
            categories=self.categories[rows],
            misshapen=self.misshapen[rows],
            strays={where: _among(one, places) for where, one in self.strays.items()},
            known={known: flags[rows] for known, flags in self.known.items()},
        )

    def strange(self) -> dict[str, dict[str, int]] | None:
        """How often each value came that the schema has no place for."""
        found = {where: _counts(one) for where, one in self.strays.items() if one.rows.size}
        return found or None


def _among(one: Strays, places: Ints) -> Strays:
    rows = places[one.rows]
    return Strays(rows=rows[rows >= 0], codes=one.codes[rows >= 0], values=one.values)


def _counts(one: Strays) -> dict[str, int]:
    counts = np.bincount(one.codes)
    return {one.values[code]: int(counts[code]) for code in np.flatnonzero(counts).tolist()}


def schema_of(plan: Plan) -> Schema:
    """The names that the plan counts by."""
    return Schema(
        numbers=plan.numbers,
        categories=plan.categories,
        classes=plan.classes,
        groups=plan.groups,
    )


def answers(  # noqa: PLR0913  what rows are read by
    rows: pa.Table,
    schema: Schema,
    asset: Asset,
    *,
    valued: bool = False,
    prints: Sequence[Fingerprints] = (),
    read: Read | None = None,
) -> Columns:
    """The rows in the schema's codes; `valued` when the answers are numbers."""
    inputs = read or read_of(rows, schema, asset, prints)
    principals, names = factored(rows["principal"])
    predictions = coded(rows["prediction"], schema.classes)
    return Columns(
        numbers=inputs.numbers,
        categories=inputs.categories,
        principals=principals,
        names=names,
        predictions=predictions,
        ticks=_ticks(rows["ts"]),
        value=_value(rows["prediction"]) if valued else None,
        scores=_scores(rows["scores"], len(schema.classes)),
        latency=_floats(rows["latency_ms"]),
        status=_status(rows["status"]),
        cost=_floats(rows["cost"]),
        tokens=_ints(rows["tokens"]),
        groups=groups_of(rows["groups"], schema.groups),
        hits=inputs.known.get(Known.TRAINING),
        canaries=inputs.known.get(Known.CANARIES),
        misshapen=int(inputs.misshapen.sum()),
        strange=inputs.strange(),
    )


def read_of(
    rows: pa.Table,
    schema: Schema,
    asset: Asset,
    prints: Sequence[Fingerprints] = (),
    named: Named | None = None,
) -> Read:
    """The inputs of these rows; `named` are those that came by name, if they are read already."""
    known = recognised(rows, order_of(schema, asset), prints) if prints else {}
    made = _Inputs(rows, schema, asset, named)
    strays = {where: _strays_of(found) for where, found in made.strays.items()}
    return Read(
        numbers=made.numbers,
        categories=made.categories,
        misshapen=made.misshapen,
        strays=strays,
        known=known,
    )


def _strays_of(found: Sequence[tuple[Ints, Sequence[str]]]) -> Strays:
    held = [value for _, values in found for value in values]
    values = tuple(sorted({*held}))
    places = {value: i for i, value in enumerate(values)}
    codes = np.array([places[value] for value in held], np.int64)
    return Strays(rows=np.concatenate([rows for rows, _ in found]), codes=codes, values=values)


def order_of(schema: Schema, asset: Asset) -> list[str]:
    """The names of inputs that come by place."""
    declared = [feature.name for feature in asset.features]
    return declared or [*schema.numbers, *(known.name for known in schema.categories)]


def factored(column: pa.ChunkedArray) -> tuple[Codes, tuple[str, ...]]:
    """The text as places in the tuple of different ones, in the order of their text."""
    encoded = column.combine_chunks().dictionary_encode()
    found = encoded.dictionary.to_pylist()
    names = sorted(found)
    places = {name: i for i, name in enumerate(names)}
    remap = np.array([places[name] for name in found] or [0], np.int32)
    codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    nobody = encoded.indices.is_null().to_numpy(zero_copy_only=False)
    return np.where(nobody, MISSING_CODE, remap[codes]).astype(np.int32), tuple(names)


def coded(column: pa.ChunkedArray, known: Sequence[str]) -> Codes:
    """The text as places among the known values."""
    codes, names = factored(column)
    places = {value: i for i, value in enumerate(known)}
    remap = np.array([places.get(name, NEW_CODE) for name in names] or [0], np.int32)
    return np.where(codes < 0, MISSING_CODE, remap[np.maximum(codes, 0)]).astype(np.int32)


class _Inputs:
    """The inputs of each row as a matrix of numbers and a matrix of category codes."""

    def __init__(self, rows: pa.Table, schema: Schema, asset: Asset, named: Named | None) -> None:
        n = rows.num_rows
        self.numbers: Floats = np.full((n, len(schema.numbers)), np.nan)
        self.categories: Codes = np.full((n, len(schema.categories)), MISSING_CODE, np.int32)
        self.misshapen: Flags = np.zeros(n, np.bool_)
        self.strays: dict[str, list[tuple[Ints, Sequence[str]]]] = {}
        self._schema = schema
        by_place = rows["features"].combine_chunks()
        by_name = rows["named"].combine_chunks()
        if by_place.null_count < n:
            self._take_places(by_place, order_of(schema, asset))
        if by_name.null_count < n:
            self._take_names(by_name, named)

    def _take_places(self, lists: pa.ListArray, names: list[str]) -> None:
        schema = self._schema
        lengths = _lengths(lists)
        fit = np.flatnonzero(lengths == len(names))
        self.misshapen |= (lengths >= 0) & (lengths != len(names))
        if not fit.size:
            return
        flat = lists.take(pa.array(fit)).flatten().to_numpy(zero_copy_only=False)
        matrix = flat.astype(np.float64, copy=False).reshape(fit.size, len(names))
        places = {name: i for i, name in enumerate(names)}
        there = np.array([places.get(name, -1) for name in schema.numbers], np.int64)
        kept = np.flatnonzero(there >= 0)
        self.numbers[np.ix_(fit, kept)] = matrix[:, there[kept]]
        for column, known in enumerate(schema.categories):
            if known.name in places:
                values = [None if np.isnan(v) else f"{v:g}" for v in matrix[:, places[known.name]]]
                self._code(fit, column, values)

    def _take_names(self, texts: pa.StringArray, named: Named | None) -> None:
        schema = self._schema
        at = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
        wanted = frozenset((*schema.numbers, *(k.name for k in schema.categories)))
        if named is None or not named.spread.isdisjoint(wanted):
            named = named_of(texts.drop_null().to_pylist(), wanted)
        for name, rows in named.present():
            if name not in wanted:
                into = self.strays.setdefault(f"+{name}", [])
                into.append((at[rows], ["present"] * len(rows)))
        self.numbers[at] = named.numbers(schema.numbers)
        written = named.texts([known.name for known in schema.categories])
        for column, known in enumerate(schema.categories):
            self._code(at, column, written[known.name])

    def _code(self, at: Ints, column: int, values: list[str | None]) -> None:
        known = self._schema.categories[column]
        written = pa.chunked_array([pa.array(values, pa.string())])
        self.categories[at, column] = codes = coded(written, known.values)
        new = np.flatnonzero(codes == NEW_CODE)
        if new.size:
            held = [values[row] or "" for row in new.tolist()]
            self.strays.setdefault(known.name, []).append((at[new], held))


def _value(column: pa.ChunkedArray) -> Floats:
    return np.array([number(one) for one in column.to_pylist()], np.float64)


def _ticks(column: pa.ChunkedArray) -> Ints:
    return column.cast(pa.int64()).to_numpy()


def _floats(column: pa.ChunkedArray) -> Floats | None:
    if column.null_count == len(column):
        return None
    return column.combine_chunks().to_numpy(zero_copy_only=False).astype(np.float64)


def _ints(column: pa.ChunkedArray) -> Ints | None:
    if column.null_count == len(column):
        return None
    return column.fill_null(-1).to_numpy().astype(np.int64)


def _status(column: pa.ChunkedArray) -> Codes | None:
    found = _ints(column)
    return None if found is None else found.astype(np.int32)


def _scores(column: pa.ChunkedArray, classes: int) -> Floats | None:
    lists = column.combine_chunks()
    if not classes or lists.null_count == len(lists):
        return None
    lengths = _lengths(lists)
    scores = np.full((len(lists), classes), np.nan)
    fit = np.flatnonzero(lengths == classes)
    flat = lists.take(pa.array(fit)).flatten().to_numpy(zero_copy_only=False)
    scores[fit] = flat.astype(np.float64, copy=False).reshape(fit.size, classes)
    return scores


def _lengths(lists: pa.ListArray) -> Ints:
    """How long each list is; -1 for an absent one."""
    offsets = lists.offsets.to_numpy()
    absent = lists.is_null().to_numpy(zero_copy_only=False)
    return np.where(absent, -1, np.diff(offsets))


def groups_of(column: pa.ChunkedArray, groups: Sequence[str]) -> tuple[tuple[int, Codes], ...]:
    """The rows of each of these groups."""
    if not groups or column.null_count == len(column):
        return ()
    members: dict[int, list[int]] = {}
    places = {name: i for i, name in enumerate(groups)}
    encoded = column.combine_chunks().dictionary_encode()
    for code, told in enumerate(encoded.dictionary.to_pylist()):
        for place in _places_of(object_of(told), places):
            members.setdefault(place, []).append(code)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return tuple(
        (place, np.flatnonzero(np.isin(codes, kept)).astype(np.int32))
        for place, kept in sorted(members.items())
    )


def _places_of(attributes: Mapping[str, object], places: Mapping[str, int]) -> list[int]:
    named = (f"{name}={text(value)}" for name, value in attributes.items())
    return [places[name] for name in named if name in places]
