"""Everybody can read it: axe finds nothing, in whatever look; no page is heavy."""

import re
from typing import Any

import pytest

pytestmark = [pytest.mark.needs_browser, pytest.mark.timeout(1200)]
FIRST = "/incidents/inc-000000000000001"
PATHS = (
    "/login",
    "/",
    "/incidents",
    FIRST,
    f"{FIRST}/timeline",
    f"{FIRST}/findings",
    f"{FIRST}/evidence",
    f"{FIRST}/graph",
    f"{FIRST}/actions",
    f"{FIRST}/notes",
    f"{FIRST}/audit",
    f"{FIRST}/marks",
    f"{FIRST}/communications",
    f"{FIRST}/runs",
    f"{FIRST}/paper",
    f"{FIRST}/act?act=block_principal&arg.principals=key-91&why=it+goes+on",
    "/principals?name=key-91",
    "/findings",
    "/assets",
    "/approvals",
    "/clocks",
    "/evidence",
    "/audit",
    "/runs",
    "/playbooks",
    "/search?q=key",
    "/events",
    "/report",
    "/log/0",
    "/approvals/apr-000000000000002",
    "/assets/fraud-scorer",
    "/board",
    "/settings",
    "/settings/outside",
    "/account",
    "/rules",
    "/rules/new",
    "/rules/guessed_login",
    "/playbooks/extraction",
    "/playbooks/extraction/edit",
    "/playbooks/extraction/rehearsal?incident=inc-000000000000001",
    "/measures",
    "/drills",
    "/drills/tabletops",
    "/incidents/inc-000000000000001?tour=1.inc-000000000000001",
)
HEAVIEST = 200_000
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
LOOKS: tuple[tuple[str, dict[str, str], dict[str, Any]], ...] = (
    ("light", {"color_scheme": "light"}, {"type": "tag", "values": TAGS}),
    ("dark", {"color_scheme": "dark"}, {"type": "rule", "values": ["color-contrast"]}),
    (
        "high",
        {"color_scheme": "light", "contrast": "more"},
        {"type": "rule", "values": ["color-contrast"]},
    ),
)
"""A look changes colours and nothing else, so only the first is asked everything."""
_WORDS = """() => {
  const skip = "script, style, code, pre, textarea, kbd, .id, .mono, .hash";
  const page = document.querySelector("main") ?? document.body;
  const walk = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  const told = [...page.querySelectorAll("[aria-label]")].map((one) => one.ariaLabel);
  for (let one = walk.nextNode(); one; one = walk.nextNode())
    if (!one.parentElement.closest(skip)) told.push(one.data.trim());
  return told;
}"""
"""What a page says, in its drawings and labels too, without what is there to be typed or copied."""
_OF_PROGRAMS = re.compile(
    r"""\b[a-z]+(?:_[a-z0-9]+)+\b                    # the name of a value
      | \d{4}-\d\d-\d\dT\d\d:\d\d                  # a stamp
      | \b(?:None|True|False)$ | \{\} | \[\]         # what a language prints
      | (?<![\w.,:/-])1\ (?:[a-z]+\ )?(?!is|was|has|as|its|this|speaks)[a-z]+(?<!s)s\b""",
    re.VERBOSE,
)
_TONES = ("good", "odd", "calm")
"""How loud the bar of an incident is, beside how loud it is at the first one."""
_BAR = "tone => { document.querySelector('.now-is').className = `now-is ${tone}`; }"
_RUN = "only => axe.run(document, {runOnly: only, resultTypes: ['violations']})"
_WEIGHT = """() => performance.getEntries()
  .filter((one) => one.initiatorType !== "fetch")
  .reduce((sum, one) => sum + (one.decodedBodySize ?? 0), 0)"""
"""Of the page itself: what is fetched anew when something changes meanwhile is no part of it."""
_GROWTH = """async () => {
  const height = () => document.documentElement.scrollHeight;
  const before = height();
  window.scrollTo(0, before);
  for (let frame = 0; frame < 6; frame++) await new Promise(requestAnimationFrame);
  const grown = Math.abs(height() - before);
  window.scrollTo(0, 0);
  return grown;
}"""
"""By how many pixels a page is taller, or less tall, when its end was looked at."""
LINES = 48
"""Two lines: what a time that grew by a letter may move."""


@pytest.fixture(scope="module")
def walked(
    chromium: Any, served: Any, axe: str
) -> tuple[dict[str, Any], dict[str, int], dict[str, list[str]], dict[str, float]]:
    """By page what axe faults, its weight, its words, how it grows: from one walk through all."""
    faults: dict[str, list[Any]] = {name: [] for name, _, _ in LOOKS}
    weights: dict[str, int] = {}
    words: dict[str, list[str]] = {}
    growths: dict[str, float] = {}
    context = chromium.new_context(bypass_csp=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{served.url}/login")
    page.fill("#name", "ada")
    page.fill("#password", "correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.url}/")
    for path in PATHS:
        page.goto(f"{served.url}{path}", wait_until="load")
        weights[path] = page.evaluate(_WEIGHT)
        words[path] = page.evaluate(_WORDS)
        growths[path] = page.evaluate(_GROWTH)
        page.evaluate(axe)
        for name, look, only in LOOKS:
            page.emulate_media(**look)
            found = page.evaluate(_RUN, only)["violations"]
            for tone in _TONES if path == FIRST else ():
                page.evaluate(_BAR, tone)
                found += page.evaluate(_RUN, LOOKS[1][2])["violations"]
            faults[name] += [(path, one["id"], _nodes(one)) for one in found]
        page.emulate_media(color_scheme="light", contrast="no-preference")
    context.close()
    return faults, weights, words, growths


def _nodes(fault: Any) -> list[str]:
    return [node["html"][:120] for node in fault["nodes"][:3]]


@pytest.mark.parametrize("look", [name for name, _, _ in LOOKS])
def test_axe_finds_nothing_to_fault(walked: Any, look: str) -> None:
    faults, *_ = walked
    assert faults[look] == []


def test_no_page_moves_what_is_about_to_be_pressed_by_guessing_heights(walked: Any) -> None:
    *_, growths = walked
    assert {path: by for path, by in growths.items() if by > LINES} == {}


def test_no_page_weighs_more_than_it_may(walked: Any) -> None:
    _, weights, *_ = walked
    assert {path: weight for path, weight in weights.items() if weight > HEAVIEST} == {}
    assert min(weight for path, weight in weights.items() if path != "/login") > 20_000


def test_no_page_shows_what_only_programs_read(walked: Any) -> None:
    _, _, words, _ = walked
    found = {
        path: [one for one in told if _OF_PROGRAMS.search(one)] for path, told in words.items()
    }
    assert {path: told for path, told in found.items() if told} == {}
    assert all(_OF_PROGRAMS.search(one) for one in ("at_large", "1 earlier windows", "1 findings"))
    assert not any(_OF_PROGRAMS.search(one) for one in ("1 finding", "1 address", "21 findings"))


def test_a_very_wide_screen_has_larger_words_and_is_used(visit: Any, served: Any) -> None:
    size = {"width": 3840, "height": 2160}
    page = visit("ben", viewport=size)
    for path in ("/", FIRST, "/incidents", "/assets/fraud-scorer"):
        page.goto(f"{served.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
        assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 17, path
        assert page.locator("main").bounding_box()["width"] > 2600, path
    page.goto(f"{served.url}{FIRST}")
    beside = "all => new Set(all.map(one => Math.round(one.getBoundingClientRect().left))).size"
    assert page.locator("main .columns .card").evaluate_all(beside) == 3
