"""Everybody can read it: axe finds nothing, in whatever look; no page is heavy."""

from typing import Any

import pytest

pytestmark = pytest.mark.needs_browser
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
    f"{FIRST}/communications",
    f"{FIRST}/runs",
    f"{FIRST}/paper",
    f"{FIRST}/act?act=block_principal&arg.principals=key-91&why=it+goes+on",
    "/principals/key-91",
    "/findings",
    "/assets",
    "/approvals",
    "/clocks",
    "/evidence",
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
_RUN = "only => axe.run(document, {runOnly: only, resultTypes: ['violations']})"
_WEIGHT = "performance.getEntries().reduce((sum, one) => sum + (one.decodedBodySize ?? 0), 0)"


@pytest.fixture(scope="module")
def walked(chromium: Any, served: Any, axe: str) -> tuple[dict[str, Any], dict[str, int]]:
    """What axe finds at fault by look, and the weight of each page, from one walk through all."""
    faults: dict[str, list[Any]] = {name: [] for name, _, _ in LOOKS}
    weights: dict[str, int] = {}
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
        page.evaluate(axe)
        for name, look, only in LOOKS:
            page.emulate_media(**look)
            found = page.evaluate(_RUN, only)["violations"]
            faults[name] += [(path, one["id"], _nodes(one)) for one in found]
        page.emulate_media(color_scheme="light", contrast="no-preference")
    context.close()
    return faults, weights


def _nodes(fault: Any) -> list[str]:
    return [node["html"][:120] for node in fault["nodes"][:3]]


@pytest.mark.parametrize("look", [name for name, _, _ in LOOKS])
def test_axe_finds_nothing_to_fault(walked: Any, look: str) -> None:
    faults, _ = walked
    assert faults[look] == []


def test_no_page_weighs_more_than_it_may(walked: Any) -> None:
    _, weights = walked
    assert {path: weight for path, weight in weights.items() if weight > HEAVIEST} == {}
    assert min(weight for path, weight in weights.items() if path != "/login") > 20_000


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
