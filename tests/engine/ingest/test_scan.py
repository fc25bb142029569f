"""The compiled pass gives what the careful way gives, or leaves it to that."""

import json
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stanch.engine.ingest import rows
from stanch.engine.ingest.decoded import Decoded
from stanch.engine.ingest.scan import quick
from stanch.engine.ingest.schema import LOOSE, TYPE_OF, conform
from stanch.vocabulary.event import ColumnType

pytest.importorskip("numba")
FEW = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Careful = Callable[..., Decoded]


@pytest.fixture(scope="module", autouse=True)
def compiled() -> Iterator[None]:
    before = list(quick._compiled)
    assert quick.warm()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quick, "LEAST", 0)
        yield
    quick._compiled[:] = before


@pytest.fixture
def careful(monkeypatch: pytest.MonkeyPatch) -> Careful:
    """What is made of a body without the compiled pass."""

    def way(body: bytes, *, lines: bool) -> Decoded:
        with monkeypatch.context() as patch:
            patch.setattr(rows, "quickly", nothing)
            return rows.from_lines(body) if lines else rows.from_json(body)

    return way


def nothing(_: bytes, **__: bool) -> None:
    """As long as nothing is compiled."""


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(0, 1),
    st.integers(-(2**70), 2**70),
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-9999, max_value=9999
    ).map(float),
)
TEXTS = st.text(max_size=12)
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), TEXTS, NUMBERS)
TIMES = st.one_of(
    st.datetimes().map(lambda t: t.isoformat() + "Z"),
    st.just("2026-01-31T12:00:00.123456+01:00"),
    st.floats(0, 1e12),
    TEXTS,
)


def values_of(name: str) -> st.SearchStrategy[Any]:
    match TYPE_OF[name]:
        case ColumnType.TIME:
            return TIMES
        case ColumnType.NUMBER:
            return NUMBERS
        case ColumnType.COUNT:
            return st.integers(-(2**64), 2**64)
        case ColumnType.NUMBERS:
            return st.lists(st.one_of(NUMBERS, st.none()), max_size=5)
        case ColumnType.JSON:
            return st.one_of(st.dictionaries(TEXTS, PLAIN, max_size=3), st.lists(PLAIN, max_size=2))
        case _:
            return st.one_of(TEXTS, PLAIN) if name in LOOSE else TEXTS


ROWS = st.lists(
    st.fixed_dictionaries(
        {"id": TEXTS, "ts": st.just("2026-01-31T12:00:00Z")},
        optional={n: st.one_of(st.none(), values_of(n)) for n in TYPE_OF if n not in {"id", "ts"}},
    ),
    max_size=4,
)
SHAPES = st.sampled_from([(None, (",", ":")), (None, (", ", ": ")), (2, (",", " : "))])


def same(one: Decoded | None, other: Decoded) -> bool:
    """Equal to the bit; what was left to the careful way is equal by that."""
    if one is None:
        return True
    one.table.validate(full=True)
    both = (conform(each.table) for each in (one, other))
    return next(both).equals(next(both)) and not other.rejected and not other.wrong


@FEW
@given(sent=ROWS, shape=SHAPES, plain=st.booleans(), lines=st.booleans())
def test_what_is_found_is_what_the_careful_way_finds(
    careful: Careful, sent: list[Any], shape: Any, *, plain: bool, lines: bool
) -> None:
    indent, between = shape
    if lines:
        body = "\n".join(json.dumps(r, separators=between, ensure_ascii=plain) for r in sent)
    else:
        body = json.dumps(sent, indent=indent, separators=between, ensure_ascii=plain)
    found = quick.quickly(body.encode(), lines=lines)
    assert same(found, careful(body.encode(), lines=lines))


USUAL = {
    "id": "one",
    "ts": "2026-01-31T12:00:00Z",
    "kind": "inference",
    "asset": "fraud-scorer",
    "features": [0.25, 1, -3.5e-7, None],
    "prediction": "fraud",
    "latency_ms": 12.5,
    "status": 200,
    "groups": {"age": "30-40", "n": 3, "x": None, "y": True},
}


def test_usual_rows_are_taken_and_not_left(careful: Careful) -> None:
    body = json.dumps([USUAL, {**USUAL, "id": "two", "prediction": 7, "cost": 0.1}]).encode()
    found = quick.quickly(body, lines=False)
    assert found is not None
    assert same(found, careful(body, lines=False))
    assert found.table.column("prediction").to_pylist() == ["fraud", "7"]
    assert found.table.column("cost").to_pylist() == [None, 0.1]


def test_numbers_as_python_writes_them_are_taken_however_many_zeros_lead(careful: Careful) -> None:
    numbers = [0.00012345678901234567, 0.30000000000000004, 1 / 3, 1e-05, 123456789.98765433, 0.0]
    body = json.dumps([{**USUAL, "features": numbers}]).encode()
    found = quick.quickly(body, lines=False)
    assert found is not None
    assert same(found, careful(body, lines=False))
    assert found.table.column("features").to_pylist() == [numbers]


def test_a_text_of_any_length_ends_at_its_quote(careful: Careful) -> None:
    sent = [{**USUAL, "id": "i" * n, "source": "\u20ac" * (n % 9)} for n in range(1, 40)]
    body = json.dumps(sent, ensure_ascii=False).encode()
    found = quick.quickly(body, lines=False)
    assert found is not None
    assert same(found, careful(body, lines=False))


def test_every_name_fits_the_two_words_that_are_compared() -> None:
    assert max(map(len, quick.NAMES)) < 16  # with its closing quote


@FEW
@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), cut=st.booleans())
def test_a_body_with_one_wrong_byte_is_read_alike_or_left(
    careful: Careful, place: int, byte: int, *, cut: bool
) -> None:
    body = bytearray(json.dumps([USUAL, {**USUAL, "id": "two"}]).encode())
    place %= len(body)
    body[place : place + 1] = b"" if cut else bytes([byte])
    found = quick.quickly(bytes(body), lines=False)
    if found is not None:
        assert same(found, careful(bytes(body), lines=False))


@settings(max_examples=1000, deadline=None)
@given(
    text=st.one_of(
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.from_regex(
            r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
        ),
    )
)
def test_a_number_is_the_nearest_double_or_left(text: str) -> None:
    assert nearest_or_left(text)


def nearest_or_left(text: str) -> bool:
    body = b'[{"id":"a","cost":' + text.encode() + b"}]"
    found = quick.quickly(body, lines=False)
    if found is None:
        return True
    (cost,) = found.table.column("cost").to_pylist()
    return struct.pack(">d", cost) == struct.pack(">d", float(text))


@pytest.mark.parametrize(
    "text",
    [
        *("9007199254740993", "9007199254740992.5", "1e23", "8.5e-7", "123456789012345678e-30"),
        *(
            "0.3",
            "2.2250738585072014e-200",
            "1.7976931348623157e+300",
            "5e-324",
            "1e400",
            "-0",
            "0.0",
        ),
        *(
            "10000000000000003.0",
            "10000000000000005.0",
            "6178093774196511.5",
            "30869113764027390.0",
        ),
    ],
)
def test_numbers_at_the_edges_are_the_nearest_double_or_left(text: str) -> None:
    assert nearest_or_left(text)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"",
        b"[{}",
        b'[{"id":"a"},]',
        b'[{"id":"a",}]',
        b'[{"id":"a"}] x',
        b'[{"id":"a","id":"b"}]',
        b'[{"id":"a\\n"}]',
        b'[{"id":"a\x01"}]',
        b'[{"id":"\xff"}]',
        b'[{"id":7}]',
        b'[{"id":"a","unknown":1}]',
        b'[{"id":"a","received":"2026-01-01T00:00:00Z"}]',
        b'[{"status":2.0}]',
        b'[{"status":01}]',
        b'[{"cost":1.}]',
        b'[{"cost":.5}]',
        b'[{"cost":+1}]',
        b'[{"cost":-0}]',
        b'[{"cost":nul}]',
        b'[{"cost":NaN}]',
        b'[{"features":{"a":1}}]',
        b'[{"groups":{"a":{"b":1}}}]',
        b'[{"groups":[1]}]',
        b'[{"ts":"2026-01-01T00:00:00"}]',
        b'[{"ts":"yesterday"}]',
    ],
)
def test_what_is_unusual_or_wrong_is_left(body: bytes) -> None:
    assert quick.quickly(body, lines=False) is None


def test_nothing_is_compiled_for_a_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "_compiled", [])
    monkeypatch.setattr(quick, "_met", [0])
    assert not quick.warm_if_worth()
    assert quick.quickly(b"[]", lines=False) is None
    quick._met[0] = quick._WORTH
    assert quick.warm_if_worth()
