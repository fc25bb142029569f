"""Documents: decode(encode(v)) == v for every noun, and a newer stanch's fields are passed over."""

import math
from datetime import UTC, datetime
from types import MappingProxyType

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.store.sql.codec import decode, encode, micros, moment
from stanch.vocabulary.approval import Approval
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.casework import Link, Note, SavedFilter, Undo
from stanch.vocabulary.clock import Clock
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.kept import PolicyVersion
from stanch.vocabulary.login import Credential
from stanch.vocabulary.people import ServiceKey, User
from stanch.vocabulary.record import Entry, Evidence
from stanch.vocabulary.run import Run
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput

NOUNS = (
    Approval,
    Asset,
    Clock,
    Credential,
    Entry,
    Evidence,
    Finding,
    Incident,
    Link,
    Note,
    PolicyVersion,
    Run,
    SavedFilter,
    ServiceKey,
    Undo,
    User,
)

times = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001  the strategy adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
st.register_type_strategy(datetime, times)
st.register_type_strategy(float, st.floats(allow_nan=False))
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))
st.register_type_strategy(str, st.text(st.characters(codec="utf-8"), max_size=12))
st.register_type_strategy(
    Span, st.tuples(times, times).map(lambda t: Span(start=min(t), end=max(t)))
)


@pytest.mark.parametrize("noun", NOUNS, ids=lambda n: n.__name__)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_noun_comes_back_as_it_was(noun: type, data: st.DataObject) -> None:
    one = data.draw(st.from_type(noun))
    assert decode(encode(one), noun) == one


@given(at=times)
def test_a_moment_comes_back_to_the_microsecond(at: datetime) -> None:
    assert moment(micros(at)) == at


def test_infinity_is_kept() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    one = Finding(
        detector="d",  # type: ignore[bad-argument-type]  any text
        asset="a",  # type: ignore[bad-argument-type]  any text
        window=Span(start=at, end=at),
        says="x",
        measured=MappingProxyType({"up": math.inf, "down": -math.inf}),
        because=(),
    )
    assert decode(encode(one), Finding) == one


def test_fields_of_a_newer_stanch_are_passed_over() -> None:
    text = encode(Asset(id="a", kind=AssetKind.MODEL, name="n", owner="o"))  # type: ignore[bad-argument-type]  any text
    later = msgspec.json.decode(text)
    later["colour"] = {"of": "later"}
    del later["domain"]
    made = decode(msgspec.json.encode(later).decode(), Asset)
    assert encode(made) == text


def test_a_document_of_another_kind_is_not_taken() -> None:
    with pytest.raises((msgspec.ValidationError, BadInput)):
        decode("[1]", Asset)
