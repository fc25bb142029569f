"""What a request says, read quickly: the same as read whole, or not at all."""

import json

import msgspec
import pytest

from stanch.guard.extract import automatic, decoded, quickly

SHAPES: tuple[tuple[object, object], ...] = (
    ({"features": [1, 2.5, -3e-2]}, {"prediction": "ham", "scores": [0.7, 0.3]}),
    ({"features": [1], "note": "x"}, {"label": 1, "probabilities": {"ham": 0.7, "spam": 0.3}}),
    ({"features": [0.5]}, ["no", "dict"]),
    ({"instances": [[1, 2], [3, 4]]}, {"predictions": [[0.1, 0.9], [0.8, 0.2]]}),
    ({"instances": [[1, 2]]}, {"predictions": ["ham"]}),
    ({"instances": [[1, 2]]}, {"error": "down"}),
    (
        {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1, 2]}]},
        {"outputs": [{"name": "p", "data": ["ham"]}, {"name": "s", "data": [0.7, 0.3]}]},
    ),
    ({"features": [True, 2]}, {"prediction": "ham"}),
    ({"features": [[1, 2]]}, {"prediction": "ham"}),
    ({"features": {"age": 1}}, {"prediction": "ham"}),
    ({"features": [10**400]}, {"prediction": "ham"}),
    ({"messages": [], "features": [1]}, {"prediction": "ham"}),
    ({"inputs": [[1, 2]]}, {"predictions": [1]}),
    ({"instances": []}, {"predictions": [1]}),
)


@pytest.mark.parametrize(("asked", "answered"), SHAPES)
def test_what_is_read_quickly_says_what_reading_it_whole_says(
    asked: object, answered: object
) -> None:
    bodies = json.dumps(asked).encode(), json.dumps(answered).encode()
    whole = automatic(*map(decoded, bodies))
    quick = quickly(*bodies)
    if quick is not None:
        assert json.loads(msgspec.json.encode(quick)) == json.loads(msgspec.json.encode(whole))


def test_long_rows_of_numbers_are_told_as_they_were_written_unless_padded() -> None:
    written = b'{"features": [1.50, 2]}'
    quick = quickly(written, b'{"prediction": "ham"}')
    assert msgspec.json.encode(quick) == b'{"features":[1.50, 2],"prediction":"ham"}'
    padded = b'{"features": [1.5,' + b" " * 500 + b"2]}"
    assert quickly(padded, b"{}") == {"features": [1.5, 2.0]}
