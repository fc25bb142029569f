"""Answers: rows of inferences as the columns that the algebra counts.

In    Arrow rows of one asset and one version, the asset, the names its plan counts by.
Out   `Columns` in the codes of those names.
Why   the algebra never sees text. Inputs come by position, in the asset's order, or by name; what
      the plan does not know is named, so that nothing is dropped unseen.
"""

from collections.abc import Container, Mapping, Sequence

import msgspec
import numpy as np
import pyarrow as pa

from stanch.detect.summaries.arrays import Codes, Floats, Ints
from stanch.detect.summaries.columns import MISSING_CODE, NEW_CODE, Columns
from stanch.detect.summaries.fingerprints import Fingerprints, Known
from stanch.detect.summaries.learn import Schema
from stanch.detect.summaries.plan import Plan
from stanch.engine.watch.recognised import recognised
from stanch.vocabulary.asset import Asset

_OBJECT = msgspec.json.Decoder(dict[str, object])
Strange = dict[str, dict[str, int]]


def schema_of(plan: Plan) -> Schema:
    """The names that the plan counts by."""
    return Schema(
        numbers=plan.numbers,
        categories=plan.categories,
        classes=plan.classes,
        groups=plan.groups,
    )


def answers(
    rows: pa.Table,
    schema: Schema,
    asset: Asset,
    *,
    valued: bool = False,
    prints: Sequence[Fingerprints] = (),
) -> Columns:
    """The rows in the schema's codes; `valued` when the answers are numbers."""
    strange: Strange = {}
    known = recognised(rows, order_of(schema, asset), prints) if prints else {}
    inputs = _Inputs(rows, schema, asset, strange)
    principals, names = factored(rows["principal"])
    predictions = coded(rows["prediction"], schema.classes)[0]
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
        hits=known.get(Known.TRAINING),
        canaries=known.get(Known.CANARIES),
        misshapen=inputs.misshapen,
        strange=strange or None,
    )


def order_of(schema: Schema, asset: Asset) -> list[str]:
    """The names of inputs that come by place."""
    declared = [feature.name for feature in asset.features]
    return declared or [*schema.numbers, *(known.name for known in schema.categories)]


def inputs_of(text: str, whole: Container[str] = ()) -> dict[str, object]:
    """A row's inputs by name: a list of numbers, as an embedding is, by its places.

    A name that is among `whole` is one input, whatever it holds.
    """
    told = _OBJECT.decode(text)
    if not any(isinstance(value, list) for value in told.values()):
        return told
    found: dict[str, object] = {}
    for name, value in told.items():
        if isinstance(value, list) and name not in whole and _all_numbers(value):
            found |= {f"{name}[{place}]": one for place, one in enumerate(value)}
        else:
            found[name] = value
    return found


def _all_numbers(values: list[object]) -> bool:
    """Whether it is a list of numbers, of which some may be missing."""
    some = [value for value in values if value is not None]
    return bool(some) and all(isinstance(v, int | float) and v is not True for v in some)


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


def coded(column: pa.ChunkedArray, known: Sequence[str]) -> tuple[Codes, dict[str, int]]:
    """The text as places among the known values, and the new values with their counts."""
    codes, names = factored(column)
    places = {value: i for i, value in enumerate(known)}
    remap = np.array([places.get(name, NEW_CODE) for name in names] or [0], np.int32)
    here = np.where(codes < 0, MISSING_CODE, remap[np.maximum(codes, 0)]).astype(np.int32)
    new = {
        name: int((codes == i).sum()) for i, name in enumerate(names) if places.get(name) is None
    }
    return here, new


class _Inputs:
    """The inputs of each row as a matrix of numbers and a matrix of category codes."""

    def __init__(self, rows: pa.Table, schema: Schema, asset: Asset, strange: Strange) -> None:
        n = rows.num_rows
        self.numbers: Floats = np.full((n, len(schema.numbers)), np.nan)
        self.categories: Codes = np.full((n, len(schema.categories)), MISSING_CODE, np.int32)
        self.misshapen = 0
        self._schema, self._strange = schema, strange
        by_place = rows["features"].combine_chunks()
        by_name = rows["named"].combine_chunks()
        if by_place.null_count < n:
            self._take_places(by_place, order_of(schema, asset))
        if by_name.null_count < n:
            self._take_names(by_name)

    def _take_places(self, lists: pa.ListArray, names: list[str]) -> None:
        schema = self._schema
        lengths = _lengths(lists)
        fit = np.flatnonzero(lengths == len(names))
        self.misshapen += int(((lengths >= 0) & (lengths != len(names))).sum())
        if not fit.size:
            return
        flat = lists.take(pa.array(fit)).flatten().to_numpy(zero_copy_only=False)
        matrix = flat.astype(np.float64, copy=False).reshape(fit.size, len(names))
        places = {name: i for i, name in enumerate(names)}
        for column, name in enumerate(schema.numbers):
            if name in places:
                self.numbers[fit, column] = matrix[:, places[name]]
        for column, known in enumerate(schema.categories):
            if known.name in places:
                text = [None if np.isnan(v) else f"{v:g}" for v in matrix[:, places[known.name]]]
                self._code(fit, column, text)

    def _take_names(self, texts: pa.StringArray) -> None:
        schema = self._schema
        at = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
        wanted = frozenset((*schema.numbers, *(k.name for k in schema.categories)))
        objects = [inputs_of(t, wanted) for t in texts.drop_null().to_pylist()]
        for one in objects:
            for name in one.keys() - wanted:
                counts = self._strange.setdefault(f"+{name}", {})
                counts["present"] = counts.get("present", 0) + 1
        for column, name in enumerate(schema.numbers):
            self.numbers[at, column] = [_number(one.get(name)) for one in objects]
        for column, known in enumerate(schema.categories):
            self._code(at, column, [_text(one.get(known.name)) for one in objects])

    def _code(self, at: Ints, column: int, values: list[str | None]) -> None:
        known = self._schema.categories[column]
        codes, new = coded(pa.chunked_array([pa.array(values, pa.string())]), known.values)
        self.categories[at, column] = codes
        counts = self._strange.setdefault(known.name, {}) if new else {}
        for value, count in new.items():
            counts[value] = counts.get(value, 0) + count


def _number(value: object) -> float:
    """The value as a number; what is none is missing."""
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return float(str(value)) if value is not None else np.nan
    except ValueError:
        return np.nan


def _text(value: object) -> str | None:
    """The value as the text that categories are compared by."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _value(column: pa.ChunkedArray) -> Floats:
    return np.array([_number(text) for text in column.to_pylist()], np.float64)


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
    for code, text in enumerate(encoded.dictionary.to_pylist()):
        for place in _places_of(_OBJECT.decode(text), places):
            members.setdefault(place, []).append(code)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return tuple(
        (place, np.flatnonzero(np.isin(codes, kept)).astype(np.int32))
        for place, kept in sorted(members.items())
    )


def _places_of(attributes: Mapping[str, object], places: Mapping[str, int]) -> list[int]:
    named = (f"{name}={_text(value)}" for name, value in attributes.items())
    return [places[name] for name in named if name in places]
