"""Named inputs: read side by side, and the same as value by value."""

import json
import math

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stanch.detect.summaries.learn import Schema, known_of
from stanch.engine.ingest.schema import conform
from stanch.engine.watch.answers import groups_of, read_of
from stanch.engine.watch.named import named_of
from stanch.vocabulary.asset import stranger
from stanch.vocabulary.ids import AssetId

NAMES = ("age", "country", "price", "a b", "")
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "de", "1.5", "nan", "x" * 30]),
    st.lists(st.one_of(st.none(), st.integers(-9, 9), st.booleans()), max_size=3),
)
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES), min_size=1, max_size=6)


def one_by_one(row: dict[str, object], whole: tuple[str, ...] = ()) -> dict[str, object]:
    """The inputs of a row, a list of numbers taken apart."""
    found: dict[str, object] = {}
    for name, value in row.items():
        some = [v for v in value if v is not None] if isinstance(value, list) else []
        numbers = all(isinstance(v, int | float) and v is not True for v in some)
        if isinstance(value, list) and some and numbers and name not in whole:
            found |= {f"{name}[{i}]": v for i, v in enumerate(value)}
        else:
            found[name] = value
    return found


def as_number(value: object) -> float:
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return math.nan if value is None else float(str(value))
    except ValueError:
        return math.nan


def as_text(value: object) -> str | None:
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    return f"{value:g}" if isinstance(value, int | float) else str(value)


@given(ROWS)
def test_rows_read_side_by_side_are_what_they_are_value_by_value(
    rows: list[dict[str, object]],
) -> None:
    read, slow = named_of([json.dumps(row) for row in rows]), [one_by_one(row) for row in rows]
    names = sorted({name for row in slow for name in row})
    assert read.names() == names
    numbers, texts, numeric = read.numbers(names), read.texts(names), read.numeric()
    for place, name in enumerate(names):
        values = [row.get(name) for row in slow]
        assert np.array_equal(numbers[:, place], [*map(as_number, values)], equal_nan=True)
        assert texts[name] == [*map(as_text, values)]
        told = [v for v in values if v is not None]
        only = bool(told) and all(isinstance(v, int | float) and v is not True for v in told)
        assert (name in numeric) == only


@given(ROWS, st.permutations(range(6)))
def test_a_part_of_rows_is_as_if_read_by_itself(
    rows: list[dict[str, object]], order: list[int]
) -> None:
    schema = Schema(numbers=("age", "gone"), categories=(known_of("country", ["de"]),))
    at = np.array([i for i in order if i < len(rows)][: max(1, len(rows) - 1)], np.int64)
    whole = table(rows)
    asset = stranger(AssetId("fraud"))
    part = read_of(whole, schema, asset).at(at)
    alone = read_of(whole.take(pa.array(at)), schema, asset)
    assert np.array_equal(part.numbers, alone.numbers, equal_nan=True)
    assert np.array_equal(part.categories, alone.categories)
    assert part.strange() == alone.strange()


def table(rows: list[dict[str, object]]) -> pa.Table:
    n = len(rows)
    return conform(
        pa.table(
            {
                "id": [str(i) for i in range(n)],
                "kind": ["inference"] * n,
                "asset": ["fraud"] * n,
                "named": [json.dumps(row) for row in rows],
            }
        )
    )


def test_a_number_that_no_computer_holds_is_infinite_and_stops_nothing() -> None:
    read = named_of(['{"age": 1e400, "sex": "f"}', '{"age": -1e999}', '{"age": 2}'])
    assert read.numbers(["age"])[:, 0].tolist() == [math.inf, -math.inf, 2.0]
    assert groups_of(pa.chunked_array([['{"region": "eu", "n": 1e400}']]), ("region=eu",))


def test_a_number_without_end_is_infinite_and_stops_nothing() -> None:
    read = named_of(['{"age": 1' + "0" * 400 + ', "sex": "f"}', '{"age": -1' + "0" * 400 + "}"])
    assert read.numbers(["age"])[:, 0].tolist() == [math.inf, -math.inf]
    assert read.texts(["age"])["age"] == ["inf", "-inf"]
