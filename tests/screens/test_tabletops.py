"""A tabletop is played by three people in real browsers, from its start to its report."""

from dataclasses import dataclass
from typing import Any

import pytest

pytestmark = pytest.mark.needs_browser
HOSTILE = "<script>document.title='owned'</script>\u202eevil [x](http://evil.example) '\"><b>b</b>"
NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
_RUN = "() => axe.run(document, {resultTypes: ['violations']})"


@dataclass(frozen=True, kw_only=True)
class People:
    """Who leads it, who joins it, who joins it without JavaScript; and where it is played."""

    lead: Any
    other: Any
    plain: Any
    here: str


def started(lead: Any, url: str) -> str:
    """Where the play is that this person started."""
    lead.goto(f"{url}/drills/tabletops")
    lead.click("button[aria-label='Start The scores moved overnight']")
    lead.wait_for_selector("#q-shift")
    return str(lead.url)


def joins_and_hears(people: People, url: str) -> None:
    other = people.other
    other.goto(f"{url}/drills/tabletops")
    other.click("a:text('Join')")
    other.select_option("#seat", "responder")
    other.click("button:text('Take it')")
    other.wait_for_load_state()
    assert other.locator("text=A good answer:").count() == 0
    other.locator('[data-live-state][data-state="on"]').wait_for()
    people.lead.click("button:text('Next inject now')")
    other.wait_for_selector("#q-world")


def writes_what_shows_as_it_is(other: Any) -> None:
    other.check("#q-shift input[value='look']")
    other.fill("#t-shift", HOSTILE)
    other.click("#q-shift button:text('Answer')")
    other.wait_for_selector("#q-shift .words")
    assert "<script>" in other.inner_text("#q-shift .words")
    assert "U+202E" in other.inner_text("#q-shift .words")
    assert other.title() != "owned"


def answers_without_javascript(people: People) -> None:
    plain = people.plain
    plain.goto(people.here)
    assert "look again" in plain.inner_text("main")
    plain.fill("#t-world", "Everybody moved, the airport closed, the labels are still right.")
    plain.select_option("#d-world", "data_scientist")
    plain.click("#q-world button:text('Answer')")
    plain.wait_for_selector("#q-world >> text=Everybody moved")
    people.lead.wait_for_selector("#q-world >> text=Everybody moved")


def is_paused_and_marked(people: People, url: str) -> None:
    lead, plain = people.lead, people.plain
    lead.click("button:text('Pause')")
    lead.wait_for_selector("text=Paused: the clock stands.")
    incident = lead.get_attribute("#table-head a", "href")
    lead.click("button:text('Go on')")
    plain.goto(f"{url}{incident}")
    assert "nothing real is done about it" in plain.inner_text(".exercise")
    plain.click("text=To the table")
    plain.wait_for_url(people.here)
    plain.goto(f"{url}/search?q={people.here.rpartition('/')[2]}")
    assert "The scores moved overnight" in plain.inner_text("main")


def ends_with_a_report(people: People) -> None:
    lead = people.lead
    lead.fill("#todo", "Tell the shop whom to call")
    lead.fill("#owner", "Ben")
    lead.fill("#due", "2026-12-12")
    lead.click("button:text('Agree on it')")
    lead.wait_for_selector("#table-side >> text=Tell the shop whom to call")
    lead.click("#table-head button:text('End it')")
    lead.wait_for_url(f"{people.here}/report")
    told = lead.inner_text("main").casefold()
    for words in ("what went well", "tell the shop whom to call", "2.0 of 2", "t+0:00"):
        assert words in told, words
    with lead.expect_download() as got:
        lead.click("a:text('Markdown')")
    text = got.value.path().read_text("utf-8")
    assert text.startswith("# Exercise: The scores moved overnight")
    assert "<script" not in text


def test_three_people_play_one_to_its_report(own_server: Any, visit: Any) -> None:
    lead = visit("ada", server=own_server)
    people = People(
        lead=lead,
        here=started(lead, own_server.url),
        other=visit("bea", server=own_server),
        plain=visit("ben", server=own_server, java_script_enabled=False),
    )
    joins_and_hears(people, own_server.url)
    writes_what_shows_as_it_is(people.other)
    answers_without_javascript(people)
    is_paused_and_marked(people, own_server.url)
    ends_with_a_report(people)
    assert lead.url == f"{people.here}/report"


def is_live(answer: Any) -> bool:
    """Whether this brought what is new on the page."""
    return "x-live" in answer.request.headers


def test_a_button_that_is_pressed_stays_until_it_is_let_go(own_server: Any, visit: Any) -> None:
    lead, other = visit("ada", server=own_server), visit("bea", server=own_server)
    here = started(lead, own_server.url)
    other.goto(here)
    other.select_option("#seat", "responder")
    other.click("button:text('Take it')")
    other.check("#q-shift input[value='look']")
    lead.goto(here)
    lead.locator('[data-live-state][data-state="on"]').wait_for()
    lead.hover("button:text('Next inject now')")
    lead.mouse.down()
    with lead.expect_response(is_live):
        other.click("#q-shift button:text('Answer')")
    lead.wait_for_timeout(100)  # what came would be shown by now
    lead.mouse.up()
    lead.wait_for_selector("#q-world")


def test_everybody_can_read_the_table_and_its_report_on_a_phone_too(
    visit: Any, served: Any, axe: str
) -> None:
    page = visit("ada", bypass_csp=True)
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url(f"{served.url}/drills/tabletops")
    here = started(page, served.url)
    page.check("#q-shift input[value='look']")
    with page.expect_navigation():
        page.click("#q-shift button:text('Answer')")
    page.wait_for_selector("#q-shift >> text=answered")
    with page.expect_navigation():
        page.click("button:text('Next inject now')")
    page.wait_for_selector("#q-world")
    looked(page, axe)
    page.click("#table-head button:text('End it')")
    page.wait_for_url(f"{here}/report")
    looked(page, axe)
    page.emulate_media(media="print")
    assert not page.is_visible("#todo")


def looked(page: Any, axe: str) -> None:
    """Nothing is at fault in both colours, and nothing sticks out of a phone."""
    page.evaluate(axe)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(_RUN)["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:160]) for one in found] == []
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.set_viewport_size(WIDE)
