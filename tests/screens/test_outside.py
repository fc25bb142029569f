"""A channel is written, corrected, tested, put into use and taken back in a real browser."""

from typing import Any

import pytest

pytestmark = pytest.mark.needs_browser
FILE = 'systems:\n  night: {connector: mail, address: "smtp://127.0.0.1:9", seconds: 1}\n'


def test_a_channel_is_checked_while_typing_tested_used_and_taken_back(
    visit: Any, served: Any
) -> None:
    page = visit("ada")
    page.goto(f"{served.url}/settings")
    page.click("#outside a.button")
    page.wait_for_url(f"{served.url}/settings/outside")
    page.fill("#text", FILE.replace("mail", "post"))
    page.wait_for_selector("#told .tag")
    assert page.inner_text("#told .tag").lower() == "line 2"
    page.fill("#text", FILE)
    page.wait_for_selector("#told button")
    page.click("#told button")
    assert "Nothing was put into use" in page.inner_text("#tried")
    assert page.input_value("#text") == FILE
    page.click("text=Put it into use")
    page.wait_for_selector("#versions >> text=version 1 by ada")
    page.fill("#text", "systems: {}  # nobody\n")
    page.click("text=Put it into use")
    page.wait_for_selector("#versions >> text=version 2 by ada")
    page.click("#versions button")
    page.wait_for_url(f"{served.url}/settings#outside")
    assert "night" in page.inner_text("#outside")


def test_what_is_set_up_is_read_without_javascript(served: Any, visit: Any) -> None:
    page = visit("ada", java_script_enabled=False)
    page.goto(f"{served.url}/settings/outside")
    page.fill("#text", FILE)
    page.click("text=Check")
    page.wait_for_selector("#systems >> text=night")
    assert page.input_value("#text") == FILE
