"""A playbook is written, corrected, put into use and rehearsed in a real browser."""

from typing import Any

import pytest

pytestmark = pytest.mark.needs_browser


def test_a_mistake_is_shown_by_its_line_while_typing_and_the_good_text_is_put_into_use(
    visit: Any, served: Any
) -> None:
    page = visit("ada")
    page.goto(f"{served.url}/playbooks/new")
    good = page.input_value("#text").replace("my-answer", "night-watch")
    page.fill("#text", good.replace("do: notify", "do: notifi"))
    page.wait_for_selector("#told >> text=Did you mean notify?")
    line = good[: good.index("do: notify")].count("\n") + 1
    assert page.inner_text("#told .tag").lower() == f"line {line}"
    page.fill("#text", good)
    page.wait_for_selector("#told svg")
    page.click("text=Put it into use")
    page.wait_for_url(f"{served.url}/playbooks/night-watch")
    assert "version 1" in page.inner_text(".head")


def test_a_rehearsal_says_what_would_be_done_and_that_nothing_was(visit: Any, served: Any) -> None:
    page = visit("ben")
    page.goto(f"{served.url}/playbooks/extraction")
    page.select_option("#answers", "no")
    page.click("main button:text('Rehearse')")
    assert "nothing on this page was done" in page.inner_text(".exercise")
    page.wait_for_load_state()
    assert page.inner_text("nav[aria-label='How people answer'] [aria-current]") == "They say no"
    assert page.locator("main ol.todo li").count() > 3
