"""One entry, one spelling."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.store.log import leaf
from stanch.vocabulary.ids import IncidentId, digest_of
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALAR = st.one_of(TEXT, st.booleans(), st.integers(-(2**53), 2**53), st.floats(-1e300, 1e300))


def entry(**more: object) -> Entry:
    said = {"at": AT, "deed": Deed.FINDING_MADE, "actor": "me", "about": "it", **more}
    return Entry(**said)  # type: ignore[arg-type]


def test_a_leaf_is_read_back_as_the_entry_it_was() -> None:
    one = entry(
        digest=digest_of(b"x"), incident=IncidentId("inc-1"), facts={"b": 1, "a": "é", "c": 1.5}
    )
    assert leaf.decode(leaf.encode(one)) == one


def test_keys_are_sorted_and_nothing_empty_is_said() -> None:
    text = leaf.encode(entry(facts={"b": True, "a": 2})).decode()
    assert text == (
        '{"about":"it","actor":"me","at":"2026-11-21T08:00:00.000000Z",'
        '"deed":"finding.made","facts":{"a":2,"b":true}}'
    )


def test_the_same_moment_in_another_zone_is_the_same_leaf() -> None:
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert leaf.encode(entry(at=there)) == leaf.encode(entry())


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1.5e300, "1.5e+300"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (4.5e-324, "5e-324"),
        (333333333.33333329, "333333333.3333333"),
        (-1234.5678, "-1234.5678"),
        (0.1, "0.1"),
        (9007199254740994.0, "9007199254740994"),
        (123456789012345680000.0, "123456789012345680000"),
    ],
)
def test_numbers_are_spelt_as_ecmascript_spells_them(number: float, text: str) -> None:
    assert leaf.canonical({"n": number}) == b'{"n":%b}' % text.encode()


def test_keys_sort_by_utf16_so_an_emoji_comes_before_a_private_letter() -> None:
    assert list(json.loads(leaf.canonical({"\ue000": 1, "\U0001f600": 2}))) == [
        "\U0001f600",
        "\ue000",
    ]


@given(st.dictionaries(TEXT, SCALAR, max_size=6))
def test_the_quick_way_and_the_careful_way_write_the_same_bytes(facts: dict[str, object]) -> None:
    assert leaf.canonical(facts) == leaf._slow(facts).encode()
    assert leaf.canonical(json.loads(leaf.canonical(facts))) == leaf.canonical(facts)


@pytest.mark.parametrize(
    "broken",
    [
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001  a time without a zone is the point
        {"facts": {"n": math.nan}},
        {"facts": {"n": math.inf}},
        {"about": "\ud800"},
        {"about": "x" * 70_000},
    ],
)
def test_what_cannot_be_written_down_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        leaf.encode(entry(**broken))
