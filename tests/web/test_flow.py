"""A playbook drawn: every step once, no step above what leads to it, no two on one spot."""

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from stanch.contain.playbook.written import read
from stanch.engine.runs.library import shipped
from stanch.web.flow import Marks, flow, ways

BOOKS = {key: one.playbook for key, one in shipped().items()}
HOSTILE = '<script>alert(1)</script>\u202e"&'


def boxes(text: str) -> list[tuple[str, float, float]]:
    root = ET.fromstring(text)  # noqa: S314  our own drawing
    found = []
    for link in root.iter("{http://www.w3.org/2000/svg}a"):
        rect = next(r for r in link.iter("{http://www.w3.org/2000/svg}rect"))
        name = link.get("href", "").removeprefix("#step-")
        found.append((name, float(rect.get("x", "")), float(rect.get("y", ""))))
    return found


@pytest.mark.parametrize("name", BOOKS)
def test_every_step_is_drawn_once_below_what_leads_to_it(name: str) -> None:
    book = BOOKS[name]
    drawn = boxes(str(flow(book)))
    assert sorted(one for one, _, _ in drawn) == sorted(book.steps)
    high = {one: y for one, _, y in drawn}
    for step in book.steps.values():
        assert all(high[way.start] < high[way.end] for way in ways(step)), step.id


@pytest.mark.parametrize("name", BOOKS)
def test_no_two_steps_stand_on_one_another(name: str) -> None:
    for (_, x1, y1), (_, x2, y2) in combinations(boxes(str(flow(BOOKS[name]))), 2):
        assert abs(x1 - x2) >= 196 or abs(y1 - y2) >= 46


def test_the_same_playbook_gives_the_same_drawing() -> None:
    assert flow(BOOKS["extraction"]) == flow(BOOKS["extraction"])


def test_where_a_run_is_and_what_it_did_is_marked() -> None:
    marks = Marks(here=frozenset({"block"}), done=frozenset({"freeze"}))
    text = str(flow(BOOKS["extraction"], marks))
    assert re.findall(r'class="step do (here|done)"', text) == ["done", "here"]


def test_words_of_a_stranger_are_inert_in_it() -> None:
    book = read(
        f"playbook: p\ntitle: T\nsteps:\n  - do: note\n    says: {HOSTILE!r}\n"
        "    with: {text: x}\n"
    ).playbook
    text = str(flow(book))
    assert "<script>" not in text
    assert "\u202e" not in text
