"""A rule is written, corrected, tried, put into use, put aside and taken back in a real browser."""

from typing import Any

import pytest

pytestmark = pytest.mark.needs_browser


def test_a_rule_is_checked_while_typing_used_put_aside_and_taken_back(
    visit: Any, served: Any
) -> None:
    page = visit("ada")
    page.goto(f"{served.url}/rules/new")
    good = page.input_value("#text").replace("keys_then_export", "keys_at_night")
    page.fill("#text", good.replace("within: 1h", "within: soon"))
    page.wait_for_selector("#told .tag")
    line = good[: good.index("within:")].count("\n") + 1
    assert page.inner_text("#told .tag").lower() == f"line {line}"
    page.fill("#text", good)
    page.wait_for_selector("#told dl")
    page.click("text=Try it on the past")
    assert "Nothing was written" in page.inner_text("#tried")
    page.click("text=Put it into use")
    page.wait_for_url(f"{served.url}/rules/keys_at_night")
    page.click("text=Put it aside")
    page.wait_for_url("**/rules?aside=keys_at_night")
    page.click("[data-undo]")
    page.wait_for_url(f"{served.url}/rules/keys_at_night")
    assert "version 3" in page.inner_text(".head")
