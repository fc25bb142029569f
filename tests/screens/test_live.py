"""What comes late or from others moves nothing under the hand of who is at work."""

from typing import Any

import pytest

pytestmark = pytest.mark.needs_browser
TOP = "one => Math.round(one.getBoundingClientRect().top)"


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


class Kept:
    """Answers to what a page asks for that come when the test lets them."""

    def __init__(self, page: Any, what: str) -> None:
        self.page, self.routes = page, list[Any]()
        page.route(what, self._keep)

    def _keep(self, route: Any) -> None:
        self.routes.append(route)

    def the(self, number: int) -> Any:
        """The one that was asked for as this, once it was."""
        while len(self.routes) <= number:
            self.page.evaluate("new Promise(requestAnimationFrame)")
        return self.routes[number]


def is_live(answer: Any) -> bool:
    """Whether this brought what is new on the page."""
    return "x-live" in answer.request.headers


def write(page: Any, text: str) -> None:
    page.fill("#text", text)
    page.get_by_role("button", name="Save the note").click()
    page.locator(".note .body", has_text=text).wait_for()


def test_who_is_busy_on_a_page_is_told_of_news_and_nothing_moves_under_their_hand(
    visit: Any, served: Any
) -> None:
    where = f"{served.url}/incidents/inc-000000000000031/notes"
    reader, writer = visit("ada"), visit("ben")
    writer.goto(where)
    reader.goto(where)
    reader.locator('[data-live-state][data-state="on"]').wait_for()
    reader.fill("#text", "In the middle of a thought")
    button = reader.get_by_role("button", name="Save the note")
    before = button.evaluate(TOP)
    write(writer, "Written meanwhile.")
    told = reader.get_by_role("status").filter(has_text="while you were busy here")
    told.wait_for()
    assert button.evaluate(TOP) == before
    assert reader.input_value("#text") == "In the middle of a thought"
    reader.get_by_role("link", name="Show what is new").click()
    reader.locator(".note .body", has_text="Written meanwhile.").wait_for()


def test_news_that_is_none_for_a_part_of_the_page_leaves_it_as_it_is(
    visit: Any, served: Any
) -> None:
    reader, writer = visit("ada"), visit("ben")
    reader.goto(f"{served.url}/incidents/inc-000000000000006/notes")
    reader.locator('[data-live-state][data-state="on"]').wait_for()
    head = reader.locator("#case-all header.case").element_handle()
    writer.goto(f"{served.url}/incidents/inc-000000000000008/notes")
    with reader.expect_response(is_live):
        write(writer, "Of another incident.")
    writer.goto(f"{served.url}/incidents/inc-000000000000006/notes")
    assert head.evaluate("one => one.isConnected")
    write(writer, "Of this one.")
    reader.locator(".note .body", has_text="Of this one.").wait_for()
    assert not head.evaluate("one => one.isConnected")


def test_what_is_chosen_in_the_palette_stays_chosen_when_more_is_found(
    visit: Any, served: Any
) -> None:
    page = visit()
    kept = Kept(page, "**/search.json*")
    page.keyboard.press("Control+k")
    page.keyboard.type("in")
    late = kept.the(0)
    chosen = page.locator("#palette-list li[aria-selected=true]")
    page.keyboard.press("ArrowDown")
    second = chosen.inner_text()
    assert second != page.locator("#palette-list li").first.inner_text()
    late.fulfill(json=[{"title": "found late", "kind": "incident", "href": "/incidents"}])
    page.locator("#palette-list li", has_text="found late").wait_for()
    assert chosen.inner_text() == second


def test_a_look_beside_that_was_closed_meanwhile_stays_closed(visit: Any, served: Any) -> None:
    page = visit()
    page.goto(f"{served.url}/incidents")
    kept = Kept(page, "**/incidents/inc-*")
    press(page, "j", "Space")
    closed = kept.the(0)
    press(page, "Escape", "j", "Space")
    with page.expect_response("**/incidents/inc-*"):
        kept.the(1).continue_()
    page.locator("#drawer h1").wait_for()
    with page.expect_response("**/incidents/inc-*"):
        closed.continue_()
    second = page.locator("#drawer h1").inner_text()
    assert second in str(page.evaluate("document.activeElement.textContent"))
    press(page, "Escape")
    assert page.locator("#drawer").is_hidden()
