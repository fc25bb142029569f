"""Everybody can read it: axe finds nothing, in light and in dark; no page is heavy."""

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
    f"{FIRST}/graph",
    f"{FIRST}/actions",
    f"{FIRST}/notes",
    f"{FIRST}/audit",
    f"{FIRST}/communications",
    f"{FIRST}/act?act=block_principal&arg.principals=key-91&why=it+goes+on",
    "/principals/key-91",
    "/events",
    "/report",
    "/log/0",
    "/approvals/apr-000000000000002",
    "/assets/fraud-scorer",
    "/board",
    "/settings",
    "/playbooks/extraction",
    "/playbooks/extraction/edit",
    "/playbooks/extraction/rehearsal?incident=inc-000000000000001",
    "/measures",
    "/drills",
    "/incidents/inc-000000000000001?tour=1.inc-000000000000001",
)
HEAVIEST = 200_000


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_nothing_to_fault(visit: Any, served: Any, axe: str, scheme: str) -> None:
    page = visit("ada", color_scheme=scheme, bypass_csp=True)
    faults = []
    for path in PATHS:
        page.goto(f"{served.url}{path}")
        page.evaluate(axe)
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags
        )
        for one in found["violations"]:
            nodes = [node["html"][:120] for node in one["nodes"][:3]]
            faults.append((path, one["id"], nodes))
    assert not faults, faults


def test_no_page_weighs_more_than_it_may(visit: Any, served: Any) -> None:
    page = visit("ada")
    weights = {}
    for path in PATHS[1:]:
        page.goto(f"{served.url}{path}", wait_until="load")
        weights[path] = page.evaluate(
            "performance.getEntries().reduce((sum, one) => sum + (one.decodedBodySize ?? 0), 0)"
        )
    assert {path: weight for path, weight in weights.items() if weight > HEAVIEST} == {}
    assert min(weights.values()) > 20_000
