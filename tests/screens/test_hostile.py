"""Hostile text in every field stays text: nothing runs, nothing hides, nothing leaves."""

from typing import Any

import pytest
from tests.screens.conftest import HOSTILE

from stanch.engine.filling import plainly
from stanch.vocabulary.names import in_line
from stanch.web.address import principal_at
from stanch.web.inert import inert

pytestmark = pytest.mark.needs_browser
CASE = "/incidents/inc-000000000000099"
TABS = (
    *("timeline", "findings", "evidence", "graph", "actions", "runs", "notes", "audit"),
    *("communications", "paper"),
)
PATHS = (
    "/",
    "/incidents",
    "/incidents?q=%3Cscript%3Ealert(1)%3C/script%3E",
    CASE,
    *(f"{CASE}/{tab}" for tab in TABS),
    "/findings",
    "/assets",
    "/assets/hostile",
    "/evidence",
    "/approvals",
    "/approvals/apr-000000000000099",
    "/board",
    "/report?principals=%3Cb%3E",
    "/principals?name=%3Cscript%3E",
    "/search?q=script",
)


def test_nothing_that_was_written_becomes_part_of_the_page(visit: Any, served: Any) -> None:
    page = visit("ben")
    for path in PATHS:
        page.goto(f"{served.url}{path}")
        assert page.title() != "owned", path
        main = page.locator("main")
        assert main.locator("script, img, b, iframe, object").count() == 0, path
        assert main.locator("[onerror], [onload], [onclick], [style]").count() == 0, path
        for link in main.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href'))"):
            assert link.startswith(("/", "?", "#")), (path, link)
            assert not link.startswith("//"), (path, link)
        text = page.content()
        assert not any(c in text for c in "\u202e\u200b\x1b"), path


def test_what_would_turn_the_line_is_shown_as_its_number(visit: Any, served: Any) -> None:
    page = visit("ben")
    page.goto(f"{served.url}{CASE}")
    title = page.locator("h1").inner_text()
    assert "‹U+202E›" in title
    assert "<script>" in title


def test_whoever_is_blocked_by_hand_is_blocked_by_that_very_name(
    visit: Any, own_server: Any
) -> None:
    page, others = (
        visit("ben", server=own_server),
        ("role/a", "CN=a, O=Bank", "..", '"Jo" x', "$suspects"),
    )

    def go_to(name: str) -> Any:
        page.goto(f"{own_server.url}{principal_at(name)}")
        return page.locator(".head", has=page.locator("h1"))

    go_to(HOSTILE).get_by_role("link", name="Block on").click()
    page.locator("#arg-principals").press("End")
    page.locator("#arg-principals").type(f" {in_line(map(plainly, others))}")
    page.locator("#act-why").fill("it goes on")
    page.get_by_role("button", name="Show what it would change").click()
    page.get_by_role("button", name="Do it now").click()
    page.locator("main", has_text="Block principals, by hand").wait_for()
    for name in (HOSTILE, *others):
        go_to(name).get_by_text("blocked on 1").wait_for()
    for name in (inert(HOSTILE), "CN=a", "O=Bank", "Jo", "x"):
        assert "blocked" not in go_to(name).inner_text()
    page.goto("about:blank")


def test_evidence_is_shown_inert_and_that_somebody_looked_is_said(visit: Any, served: Any) -> None:
    page = visit("ben")
    page.goto(f"{served.url}{CASE}/evidence")
    page.locator("[data-open-row]").first.click()
    page.get_by_role("button", name="Read it").click()
    said = page.locator("pre.said").first.inner_text()
    for shown in ("<script>", "‹U+202E›", "‹U+001B›"):
        assert shown in said
    page.get_by_role("button", name="Verify it").click()
    held = page.locator("ul.tests li.good strong")
    held.nth(2).wait_for()
    assert held.all_inner_texts() == ["Holds.", "Holds.", "Holds."]
    page.locator('[data-live-state][data-state="still"]').wait_for()


def test_a_spreadsheet_gets_no_formula(visit: Any, served: Any) -> None:
    page = visit("ben")
    answer = page.request.get(f"{served.url}/incidents.csv?q=is:open")
    assert answer.status == 200
    assert "\u202e" not in answer.text()
    for line in answer.text().splitlines()[1:]:
        assert not line.startswith(("=", "+", "@"))


def test_every_page_says_a_content_policy_without_inline_script(visit: Any, served: Any) -> None:
    page = visit("ben")
    answer = page.request.get(f"{served.url}/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_form_of_another_site_changes_nothing(visit: Any, served: Any) -> None:
    page = visit("ben")
    for form in ({"text": "no token"}, {"text": "another's token", "csrf": "0" * 64}):
        answer = page.request.post(f"{served.url}{CASE}/note", form=form)
        assert answer.status == 403
    answer = page.request.post(
        f"{served.url}/login",
        form={"name": "ben", "password": "x"},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert answer.status == 403


@pytest.mark.parametrize("where", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_login_leads_nowhere_but_here(visit: Any, served: Any, where: str) -> None:
    page = visit("")
    page.goto(f"{served.url}/login?next={where}")
    page.fill("#name", "ben")
    page.fill("#password", "correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.url}/")
    assert page.url == f"{served.url}/"
