"""The console's stories, as people live them, in a real browser."""

import re
from typing import Any

import pytest

pytestmark = pytest.mark.needs_browser
PASSWORD = "correct horse battery"  # noqa: S105  of people who live for one test
FIRST = "/incidents/inc-000000000000001"


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement?.textContent?.trim() ?? ''"))


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def is_live(answer: Any) -> bool:
    """Whether this brought what is new on the page."""
    return "x-live" in answer.request.headers


def ready(page: Any) -> None:
    """The page that is coming has its keys: before that it is no page that hears them."""
    page.locator("html[data-js]").wait_for()


def test_a_wrong_password_says_so_and_keeps_the_name(visit: Any, served: Any, watched: Any) -> None:
    watched.allowed.append("401")
    page = visit("")
    page.goto(f"{served.url}/login")
    page.fill("#name", "ben")
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert "do not belong together" in page.get_by_role("alert").inner_text()
    assert page.input_value("#name") == "ben"


def test_a_stranger_is_asked_to_log_in_and_then_taken_where_they_wanted(
    visit: Any, served: Any
) -> None:
    page = visit("")
    page.goto(f"{served.url}/incidents?q=severity:high")
    assert "/login?next=" in page.url
    page.fill("#name", "ben")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.url}/incidents?q=severity:high")


def test_logging_out_ends_the_session(visit: Any, served: Any) -> None:
    page = visit("")
    page.goto(f"{served.url}/login")
    page.fill("#name", "ben")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.locator(".bar summary", has_text="ben").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{served.url}/login")
    page.goto(f"{served.url}/incidents")
    assert "/login" in page.url


def test_the_list_is_walked_picked_and_opened_by_keys_alone(visit: Any, served: Any) -> None:
    page = visit()
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url(f"{served.url}/incidents")
    page.keyboard.press("j")
    first = focused(page)
    page.keyboard.press("j")
    second = focused(page)
    assert first
    assert second not in {first, ""}
    page.keyboard.press("k")
    assert focused(page) == first
    page.keyboard.press("x")
    assert page.locator("[data-picked]").inner_text() == "1 picked:"
    page.keyboard.press("Space")
    page.locator("#drawer h1").wait_for()
    assert page.locator("#drawer h1").inner_text() in first
    page.keyboard.press("Escape")
    assert page.locator("#drawer").is_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/incidents/inc-"))


def test_paging_shows_every_incident_once(visit: Any, served: Any) -> None:
    page = visit()
    page.goto(f"{served.url}/incidents?q=is:open")
    told = re.search(r"(\d+) match", page.locator(".head").inner_text())
    seen: list[str] = []
    while True:
        seen += page.eval_on_selector_all("[data-row]", "rows => rows.map(r => r.dataset.row)")
        if not page.locator("[data-next]").count():
            break
        with page.expect_navigation():
            page.locator("[data-next]").click()
    assert told is not None
    assert len(seen) == len(set(seen)) == int(told[1]) >= 61


def test_a_card_that_is_drawn_to_another_lane_moves_and_one_that_needs_a_word_asks_for_it(
    visit: Any, served: Any
) -> None:
    page, key = visit(), "inc-000000000000059"
    page.goto(f"{served.url}/incidents/{key}")
    page.get_by_text("Judge", exact=True).click()
    page.select_option("#severity", "high")
    page.fill("#judge-why", "Money is lost.")
    page.get_by_role("button", name="Say so").click()
    page.get_by_text("says ben").wait_for()
    page.goto(f"{served.url}/board")
    page.locator('[data-live-state][data-state="on"]').wait_for()
    lane, card = "[data-phase='{}'] h2".format, f"[data-phase='{{}}'] [data-row={key}]".format
    page.locator(card("detected")).locator("span.line").hover()
    page.mouse.down()
    for _ in range(2):
        page.locator(lane("triaged")).hover()
    # What others do meanwhile takes no card out of the hand that draws it.
    other = visit("ada")
    other.goto(f"{served.url}/incidents/inc-000000000000057")
    with page.expect_response(is_live):
        other.get_by_role("button", name="Take command").click()
    with page.expect_navigation():
        page.mouse.up()
    page.locator(card("triaged")).wait_for()
    page.locator(card("triaged")).locator("span.line").drag_to(page.locator(lane("contained")))
    page.get_by_label("nothing to contain").check()
    page.get_by_role("button", name="To contained").click()
    page.locator(card("contained")).wait_for()


def test_two_alternatives_are_one_list_with_nothing_twice(visit: Any, served: Any) -> None:
    page = visit()
    page.goto(f"{served.url}/incidents?q=severity:high OR attack:extraction")
    told = re.search(r"(\d+) match", page.locator(".head").inner_text())
    seen: list[str] = []
    while True:
        seen += page.eval_on_selector_all("[data-row]", "rows => rows.map(r => r.dataset.row)")
        if not page.locator("[data-next]").count():
            break
        with page.expect_navigation():
            page.locator("[data-next]").click()
    assert told is not None
    assert len(seen) == len(set(seen)) == int(told[1])
    assert len(seen) > 50


def test_a_facet_says_how_many_and_gives_that_many(visit: Any, served: Any) -> None:
    page = visit()
    page.goto(f"{served.url}/incidents?q=is:open")
    facet = page.locator(".facets a", has_text="medium")
    told = int(facet.locator(".soft").inner_text())
    facet.click()
    page.wait_for_url(re.compile("severity"))
    assert f"{told} match" in page.locator(".head").inner_text()
    assert page.locator("tbody tr").count() == told


def test_a_query_that_cannot_be_read_says_what_it_knows(
    visit: Any, served: Any, watched: Any
) -> None:
    watched.allowed.append("422")
    page = visit()
    page.goto(f"{served.url}/incidents?q=colour:red")
    assert "'colour' is not a field of incidents" in page.get_by_role("alert").inner_text()
    assert page.input_value("#q") == "colour:red"


def test_a_note_is_written_by_keys_and_told_to_others_at_once(visit: Any, served: Any) -> None:
    reader = visit("ada")
    reader.goto(f"{served.url}{FIRST}/notes")
    reader.locator('[data-live-state][data-state="on"]').wait_for()
    writer = visit("ben")
    writer.goto(f"{served.url}{FIRST}")
    writer.keyboard.press("n")
    writer.wait_for_url(re.compile("/notes"))
    writer.locator("#text").focus()
    writer.keyboard.type("Looked at **all** of it. @ada")
    writer.keyboard.press("Control+Enter")
    writer.locator(".note strong", has_text="all").wait_for()
    reader.locator(".note strong", has_text="all").wait_for()
    assert reader.locator(".mention").inner_text() == "@ada"


def test_a_new_incident_is_said_to_who_cannot_see_the_counts(visit: Any, served: Any) -> None:
    listener, writer = visit("ada"), visit("ben")
    listener.goto(f"{served.url}/measures")
    listener.locator('[data-live-state][data-state="on"]').wait_for()
    told = listener.locator("[data-news][aria-live=polite]")
    assert told.text_content() == ""
    open_ = int(listener.locator("#rail a[title=Incidents] .count").inner_text().split()[0])
    writer.goto(f"{served.url}/report?asset=voice-reader")  # of which nobody else reports anything
    writer.fill("#report-text", "It hears numbers that nobody said.")
    writer.get_by_role("button", name="Report it").click()
    news = listener.locator("[data-news]", has_text=re.compile(r"Incidents: \d+ open"))
    news.wait_for(state="attached")
    assert int(news.inner_text().split()[1]) > open_


def test_what_changes_while_a_page_is_on_its_way_is_not_missed(visit: Any, served: Any) -> None:
    where = f"{served.url}/incidents/inc-000000000000017/notes"
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    reader = visit("ada")
    reader.route("**/api/v1/stream*", hold)
    reader.goto(where)
    writer = visit("ben")
    writer.goto(where)
    writer.fill("#text", "Written before the stream was open.")
    writer.get_by_role("button", name="Save the note").click()
    writer.locator(".note .body").wait_for()
    assert not reader.locator(".note .body").count()
    held[-1].continue_()
    reader.get_by_text("Written before the stream was open.").wait_for()


def test_two_people_race_and_the_second_is_told_and_keeps_their_words(
    visit: Any, served: Any, watched: Any
) -> None:
    watched.allowed.append("409")
    where = f"{served.url}/incidents/inc-000000000000007"
    one, two = visit("ben", java_script_enabled=False), visit("bea", java_script_enabled=False)
    for page in (one, two):
        page.goto(where)
        page.locator("summary", has_text="Judge").click()
        page.select_option("#verdict", "natural")
    one.fill("#judge-why", "It follows the sale.")
    one.get_by_role("button", name="Say so").click()
    one.locator("main", has_text="It follows the sale.").wait_for()
    two.fill("#judge-why", "My own long reason.")
    two.get_by_role("button", name="Say so").click()
    two.locator("h1", has_text="Somebody was first").wait_for()
    assert "My own long reason." in two.locator("main").inner_text()
    two.get_by_role("link", name="Look again").click()
    two.locator("main", has_text="It follows the sale.").wait_for()


def test_the_digit_keys_open_the_tabs(visit: Any, served: Any) -> None:
    page = visit()
    page.goto(f"{served.url}{FIRST}")
    titles = page.locator("[data-tab]").all_inner_texts()
    for place in range(len(titles), 0, -1):
        page.keyboard.press(str(place % 10))
        page.locator(f"[data-tab]:nth-child({place})[aria-current]").wait_for()
        ready(page)
    page.keyboard.press("]")
    page.locator("[data-tab]:nth-child(2)[aria-current]").wait_for()
    assert page.locator("[data-tab][aria-current]").all_inner_texts() == [titles[1]]


def test_the_palette_finds_and_goes(visit: Any, served: Any) -> None:
    page = visit()
    page.keyboard.press("Control+k")
    page.keyboard.type("case 33")
    page.locator("#palette-list li", has_text="case 33").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("inc-000000000000033"))
    assert "case 33" in page.locator("h1").first.inner_text()


def test_the_key_sheet_opens_and_closes(visit: Any) -> None:
    page = visit()
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#keys").is_hidden()


def tab_to(page: Any, name: str) -> None:
    """The Tab key until the focus is on what has this text or this id."""
    for _ in range(120):
        if focused(page) == name or page.evaluate("document.activeElement?.id") == name:
            return
        press(page, "Tab")
    raise AssertionError(f"the Tab key never comes to {name!r}")


def raise_alarm(visit: Any, served: Any) -> None:
    other = visit("ada")
    other.goto(f"{served.url}/report?asset=cv-ranker&principals=key-5")
    tab_to(other, "report-text")
    other.keyboard.type("It ranks the same person twice, differently.")
    tab_to(other, "Report it")
    press(other, "Enter")
    other.wait_for_url(re.compile("/incidents/inc-"))


def narrow_and_open(page: Any, words: str) -> None:
    press(page, "/", "End")
    page.keyboard.type(f" {words}")
    press(page, "Enter")
    page.wait_for_url(re.compile(words.replace(":", "%3A")))
    press(page, "j", "Enter")


def ask_for_a_stop(page: Any) -> None:
    press(page, "Control+k")
    page.keyboard.type("act by hand")
    page.locator("#palette-list li", has_text="Act by hand").wait_for()
    press(page, "Enter")
    page.wait_for_url(re.compile("/act$"))
    tab_to(page, "Stop the endpoint")
    press(page, "Enter")
    page.wait_for_url(re.compile("act=stop"))
    tab_to(page, "act-why")
    page.keyboard.type("It ranks people wrongly.")
    press(page, "Enter")
    page.locator("#would").wait_for()
    ready(page)
    press(page, "y")
    assert focused(page) == "Ask for it"
    press(page, "Enter")
    page.wait_for_url(re.compile("/runs"))


def on_paper(page: Any) -> str:
    """The incident as it would be printed, by the palette."""
    press(page, "Control+k")
    page.keyboard.type("on paper")
    page.locator("#palette-list li", has_text="On paper").wait_for()
    press(page, "Enter")
    page.wait_for_url(re.compile("/paper$"))
    page.emulate_media(media="print")
    return str(page.inner_text("article.on-paper"))


def test_from_alarm_to_consent_and_to_paper_by_keys_alone(visit: Any, served: Any) -> None:
    page = visit("ben")
    count = page.locator('.rail a[href="/incidents"] .count')
    before = count.inner_text()
    page.locator('[data-live-state][data-state="on"]').wait_for()
    raise_alarm(visit, served)
    changed = "was => document.querySelector('.rail .count').textContent !== was"
    page.wait_for_function(changed, arg=before)
    press(page, "g", "i")
    page.wait_for_url(re.compile("/incidents$"))
    narrow_and_open(page, "asset:cv-ranker")
    page.wait_for_url(re.compile("/incidents/inc-"))
    press(page, "6")
    page.wait_for_url(re.compile("/actions"))
    ask_for_a_stop(page)
    two = visit("bea")
    press(two, "g", "p")
    two.wait_for_url(re.compile("/approvals$"))
    narrow_and_open(two, "asset:cv-ranker")
    two.wait_for_url(re.compile("/approvals/apr-"))
    press(two, "y")
    assert focused(two) == "Yes, do it"
    press(two, "Enter")
    two.locator(".tag.yes").first.wait_for()
    press(page, "6")
    page.locator("article.note", has_text="Stop the endpoint").first.wait_for()
    told = on_paper(page)
    asked = ("It ranks the same person twice", "Stop the endpoint")
    for words in (*asked, "bea said yes at", "sha256:"):
        assert words in told, words


def test_paper_high_contrast_and_the_times_of_this_place(visit: Any, served: Any) -> None:
    page = visit("ben", timezone_id="Asia/Tokyo")
    page.goto(f"{served.url}{FIRST}")
    ready(page)
    stand = page.locator("time[data-abs]").first
    utc = stand.inner_text()
    assert page.locator("[data-zone-name]").inner_text() == "UTC"
    press(page, "t")
    local = stand.inner_text()
    assert local != utc
    assert page.locator("[data-zone-name]").inner_text() == "GMT+9"
    page.reload()
    ready(page)
    page.locator("time[data-abs]", has_text=local).first.wait_for()
    assert stand.inner_text() == local
    press(page, "t")
    page.emulate_media(media="print")
    assert page.locator(".rail").is_hidden()
    assert page.locator(".case h1").is_visible()
    for tab in ("findings", "timeline"):
        page.goto(f"{served.url}{FIRST}/{tab}")
        assert page.locator("main tr[data-row], .ledger li").first.is_visible(), tab
    page.emulate_media(media="screen", contrast="more")
    soft = "getComputedStyle(document.querySelector('.soft')).color"
    assert page.evaluate(soft) == "rgb(38, 38, 38)"


def test_what_cannot_be_undone_waits_for_a_second_person(visit: Any, served: Any) -> None:
    where = f"{served.url}/approvals/apr-000000000000002"
    one = visit("ben")
    one.goto(where)
    one.get_by_role("button", name="Yes, do it").click()
    one.get_by_text("1 more must say yes").wait_for()
    assert not one.get_by_role("button", name="Yes, do it").count()
    two = visit("bea")
    two.goto(where)
    two.get_by_role("button", name="Yes, do it").click()
    two.locator("header .tag.yes").wait_for()
    one.locator("header .tag.yes").wait_for()


def test_an_override_stands_until_somebody_else_has_looked_at_it(visit: Any, served: Any) -> None:
    where = f"{served.url}/approvals/apr-000000000000004"
    one = visit("ada")
    one.goto(where)
    one.locator("summary", has_text="Emergency override").click()
    one.fill("#override-why", "Nobody answers, and it goes on.")
    one.get_by_role("button", name="Override: do it now").click()
    one.get_by_text("nor answered it must look at it").wait_for()
    two = visit("ben")
    two.goto(served.url)
    assert "to be reviewed" in two.locator("#to-review").inner_text()
    two.goto(where)
    two.fill("#finding", "It was right.")
    two.get_by_role("button", name="I have looked at it").click()
    two.get_by_text("nor answered it must look at it").wait_for(state="detached")
    assert two.locator("main").inner_text().startswith("overridden")
    assert not two.locator("#finding").count()
    assert "It was right." in two.locator("#reviewed").inner_text()
    assert two.locator("#reviewed bdi").first.inner_text() == "ben"
    two.goto(served.url)
    assert not two.locator("#to-review").count()


def test_a_question_fits_a_phone_and_says_what_why_who_and_what_if_no(
    visit: Any, served: Any
) -> None:
    page = visit("bea", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page.goto(f"{served.url}/approvals/apr-000000000000003")
    said = page.locator("article.question").inner_text()
    for words in ("Block key-91", "Why:", "Who is hit:", "If no:", "sha256:", "left"):
        assert words in said
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
    button = page.get_by_role("button", name="No, do not").bounding_box()
    assert button["height"] >= 44
    page.get_by_role("button", name="No, do not").tap()
    page.locator("header .tag.no").wait_for()


BLOCK = "act=block_principal&arg.principals=key-91&why=it+goes+on"


def test_no_page_is_wider_than_a_phone(visit: Any, served: Any) -> None:
    page = visit("ben", viewport={"width": 360, "height": 740}, is_mobile=True)
    tabs = ("", "/timeline", "/findings", "/evidence", "/graph", "/actions", "/runs", "/notes")
    tabs += (
        "/communications",
        "/audit",
        "/marks",
        "/act",
        "/act?act=block_principal&arg.principals=key-91&why=it+goes+on",
    )
    lists = ("incidents", "board", "assets", "findings", "evidence", "clocks", "runs", "playbooks")
    lists += ("events", "report", "log/0", "audit")
    paths = ["/", "/assets/fraud-scorer", "/principals?name=key-91"]
    paths += [f"{FIRST}{tab}" for tab in tabs] + [f"/{name}" for name in lists]
    wide = {}
    for path in paths:
        page.goto(f"{served.url}{path}")
        wide[path] = page.evaluate("document.documentElement.scrollWidth")
    assert {path: width for path, width in wide.items() if width > 360} == {}


@pytest.mark.parametrize("width", [360, 1280])
def test_what_a_menu_opens_is_on_the_screen(visit: Any, served: Any, width: int) -> None:
    page = visit("ben", viewport={"width": width, "height": 900})
    seen = []
    for path in (FIRST, "/incidents"):
        page.goto(f"{served.url}{path}")
        for menu in page.locator(".menu:visible").all():
            menu.evaluate("one => { one.open = true; }")
            box = menu.locator("> div").bounding_box()
            seen.append(f"{path} {menu.locator('> summary').inner_text()}")
            assert box["x"] >= 0, seen[-1]
            assert box["x"] + box["width"] <= width, seen[-1]
            menu.evaluate("one => { one.open = false; }")
    assert f"{FIRST} Judge" in seen
    assert "/incidents Columns" in seen


def test_everything_can_be_read_and_written_without_javascript(visit: Any, served: Any) -> None:
    page = visit("ben", java_script_enabled=False)
    page.goto(f"{served.url}/incidents?q=is:open")
    page.get_by_role("link", name="case 12").click()
    page.locator("main", has_text="It comes from one key.").wait_for()
    page.get_by_role("link", name="Notes").click()
    page.fill("#text", "Written without a script.")
    page.get_by_role("button", name="Save the note").click()
    page.locator(".note .body", has_text="Written without a script.").wait_for()
    page.get_by_role("button", name="Take command").click()
    page.locator(".case .ring", has_text="ben").wait_for()
    page.fill("#find", "case 13")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="case 13").wait_for()
    assert page.input_value("#find") == "case 13"


def test_a_viewer_is_offered_nothing_that_they_may_not_do(
    visit: Any, served: Any, watched: Any
) -> None:
    watched.allowed.append("403")
    page = visit("vic")
    page.goto(f"{served.url}{FIRST}")
    assert not page.get_by_role("button", name="Take command").count()
    page.goto(f"{served.url}/settings")
    assert "You may not do this" in page.locator("main").inner_text()


def test_a_session_that_ends_in_mid_form_costs_nothing(
    visit: Any, served: Any, watched: Any
) -> None:
    watched.allowed.append("401")
    page = visit("ben", java_script_enabled=False)
    page.goto(f"{served.url}/incidents/inc-000000000000021/notes")
    page.fill("#text", 'An hour of thought.\n\nWith <markup> and "quotes".')
    page.context.clear_cookies()
    page.get_by_role("button", name="Save the note").click()
    page.locator("main", has_text="What you typed is kept").wait_for()
    page.fill("#name", "ben")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.locator("main", has_text="An hour of thought.").wait_for()
    page.get_by_role("button", name="Send it now").click()
    kept = page.locator(".note .body", has_text='With <markup> and "quotes".')
    kept.wait_for()
    assert [text.split() for text in kept.all_inner_texts()] == [
        ["An", "hour", "of", "thought.", "With", "<markup>", "and", '"quotes".']
    ]


def test_a_server_that_restarts_is_found_again_by_the_open_page(
    visit: Any, own_server: Any, watched: Any
) -> None:
    watched.allowed += ["ERR_CONNECTION", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY"]
    page = visit("ben", server=own_server)
    page.goto(f"{own_server.url}/incidents/inc-000000000000002/notes")
    page.locator('[data-live-state][data-state="on"]').wait_for()
    own_server.stop()
    page.locator('[data-live-state][data-state="off"]').wait_for()
    own_server.start()
    page.locator('[data-live-state][data-state="on"]').wait_for()
    other = visit("ada", server=own_server)
    other.goto(f"{own_server.url}/incidents/inc-000000000000002/notes")
    other.fill("#text", "After the restart.")
    other.get_by_role("button", name="Save the note").click()
    page.get_by_text("After the restart.").wait_for()
    assert page.locator("[data-live-state]").first.get_attribute("data-state") == "on"


def test_a_choice_of_looks_is_remembered_and_needs_no_script(visit: Any, served: Any) -> None:
    page = visit("ben", java_script_enabled=False)
    page.locator('summary[aria-label="Look of the pages"]').click()
    page.get_by_role("button", name="dark").click()
    page.goto(f"{served.url}/incidents")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_what_is_picked_is_taken_over_at_once(visit: Any, served: Any) -> None:
    page = visit("ada")
    page.goto(f"{served.url}/incidents?q=is:open case")
    rows = page.locator('input[name="pick"]')
    rows.nth(40).check()
    rows.nth(41).check()
    with page.expect_navigation():
        page.get_by_role("button", name="Put me in command").click()
    page.goto(f"{served.url}/incidents?q=is:open commander:ada")
    assert page.locator("tbody tr").count() >= 2
