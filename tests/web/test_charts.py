"""Drawings: well-formed, inert, without a style attribute, with words for who cannot see them."""

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from stanch.vocabulary.words import ago, left, size, spell
from stanch.web import charts, trends

BAD = "<script>\u202e\"'&"
DRAWINGS: dict[str, Callable[[], str]] = {
    "strip": lambda: charts.strip([charts.Cell(tone="hot", says=BAD)], BAD),
    "then and now": lambda: charts.then_and_now([charts.Bar(name=BAD, then=0.2, now=0.4)], BAD),
    "shares": lambda: charts.shares([(BAD, 0.4, "hot"), ("x", 2.0, "warm")], BAD),
    "lanes": lambda: charts.lanes(
        [charts.Point(at=1e9, lane="a", tone="now", says=BAD)], ("a", "b"), BAD
    ),
    "graph": lambda: charts.graph(
        [[charts.Node(id="1", name=BAD, href="/x?a=1&b=2")], [charts.Node(id="2", name="two")]],
        [charts.Edge(start="1", end="2"), charts.Edge(start="1", end="missing")],
        BAD,
    ),
    "stacks": lambda: trends.stacks(
        [trends.Stack(name=BAD, parts=(("hot", 2, BAD), ("good", 0, "x")))], BAD
    ),
    "spreads": lambda: trends.spreads(
        [trends.Spread(name=BAD, median=0.0, worst=9e6), trends.Spread(name="none")], BAD
    ),
    "no periods": lambda: trends.spreads([], "nothing") + trends.stacks([], "nothing")[:0],
    "nothing": lambda: charts.lanes([], (), "nothing"),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_whole_and_inert(name: str) -> None:
    text = str(DRAWINGS[name]())
    root = ET.fromstring(text)  # noqa: S314  our own drawing
    assert root.get("aria-label")
    assert "\u202e" not in text
    assert not any(one.tag.endswith("script") or one.get("style") for one in root.iter())


def test_the_same_numbers_give_the_same_bytes() -> None:
    for make in DRAWINGS.values():
        assert str(make()) == str(make())


def test_durations_are_said_in_two_units() -> None:
    said = [spell(seconds) for seconds in (0, 59, 60, 3_725, 90_000, 86_400)]
    assert said == ["0 s", "59 s", "1 min", "1 h 2 min", "1 d 1 h", "1 d"]
    assert size(999) == "999 B"
    assert size(2_500_000) == "2.4 MB"


def test_what_is_due_is_left_or_late() -> None:
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415  only here

    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert left(now + timedelta(minutes=5), now) == "5 min left"
    assert left(now - timedelta(hours=1), now) == "1 h late"
    assert ago(now - timedelta(hours=3), now) == "3 h ago"
    assert ago(now + timedelta(days=2), now) == "in 2 d"
