"""The whole story on a phone, by touch: from what somebody saw to consent to the page for paper."""

import re
from typing import Any

import pytest

pytestmark = pytest.mark.needs_browser
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 780},
    "has_touch": True,
    "is_mobile": True,
}


def fits(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"], (
        page.url
    )


def asked_for_a_stop(page: Any, served: Any) -> str:
    """A person reports what they saw and asks for a stop; gives back where the incident is."""
    page.goto(f"{served.url}/report?asset=doc-reader")
    fits(page)
    page.fill("#report-text", "It reads amounts that are not there.")
    page.get_by_role("button", name="Report it").tap()
    page.wait_for_url(re.compile("/incidents/inc-"))
    where = str(page.url)
    fits(page)
    page.locator("[data-tab]", has_text="Actions").tap()
    page.wait_for_url(re.compile("/actions$"))
    page.get_by_role("link", name="Act by hand").tap()
    page.get_by_role("link", name="Stop the endpoint").tap()
    page.fill("#act-why", "Claims are paid wrongly.")
    page.get_by_role("button", name="Show what it would change").tap()
    page.locator("#would").wait_for()
    fits(page)
    page.get_by_role("button", name="Ask for it").tap()
    page.wait_for_url(re.compile("/runs"))
    return where


def test_whether_it_is_contained_and_what_to_do_stand_before_the_first_scroll(
    visit: Any, served: Any
) -> None:
    page = visit("ben", **{**PHONE, "viewport": {"width": 360, "height": 740}})
    page.goto(f"{served.url}/incidents/inc-000000000000001")
    now = page.locator(".now-is")
    box, rail = now.bounding_box(), page.locator("#rail").bounding_box()
    assert box["y"] + box["height"] < rail["y"]
    assert re.match(r"Not contained: .* left\.", now.inner_text())
    now.get_by_role("link", name="Answer it").tap()
    page.wait_for_url(re.compile("/approvals/apr-"))
    answer = page.locator("form.answer").bounding_box()
    assert answer["y"] + answer["height"] <= rail["y"]


def test_from_what_was_seen_to_consent_and_to_paper_on_a_phone(visit: Any, served: Any) -> None:
    page = visit("ben", **PHONE)
    where = asked_for_a_stop(page, served)
    two = visit("bea", **PHONE)
    two.goto(f"{where.split('?')[0]}/actions")
    two.locator("article.note a.strong", has_text="Stop the endpoint").first.tap()
    two.wait_for_url(re.compile("/approvals/apr-"))
    assert "sha256:" in two.inner_text("main")
    fits(two)
    two.get_by_role("button", name="Yes, do it").tap()
    two.locator(".tag.yes").first.wait_for()
    page.goto(where)
    page.get_by_role("link", name="On paper").tap()
    page.wait_for_url(re.compile("/paper$"))
    fits(page)
    assert "bea said yes at" in page.inner_text("article.on-paper")
