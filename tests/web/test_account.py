"""The page of one's own account, through the door, as somebody who logged in sees it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from stanch.app.parts import opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.engine import passwords
from stanch.engine.sessions import LoggedIn
from stanch.settings import Settings
from stanch.vocabulary.ids import UserId
from stanch.vocabulary.people import Role
from stanch.web import door
from stanch.web.console import fields_of
from stanch.web.pages import PAGES
from stanch.web.visit import Answer, Console, Visit

OLD, NEW = "correct horse battery", "a staple of another colour"
Ask = Callable[..., Answer]


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    monkeypatch.setattr(passwords, "_LOG_N", 8)
    with opened(Settings(data=tmp_path)) as parts:
        parts.access.add_user("vic", Role.VIEWER, by="test", password=OLD)
        yield console_of(parts, work_of(parts))


@pytest.fixture
def ask(console: Console) -> Ask:
    """What a page answers to whom a cookie belongs to, from whose form it came."""

    def answer(cookie: str, address: str, form: dict[str, str] | None = None) -> Answer:
        path, _, query = address.partition("?")
        method = "GET" if form is None else "POST"
        (page,) = (p for p in PAGES if p.path == path and p.method == method)
        sent = {**(form or {}), "csrf": console.access.sessions.csrf(cookie)}
        visit = Visit(
            console=console,
            method=method,
            path=path,
            at=datetime.now(UTC),
            query=fields_of(query),
            form=fields_of(urlencode(sent)),
            source="::1",
            cookie=cookie,
        )
        return door.answer(replace(visit, known=door.caller_of(cookie, visit)), page)

    return answer


def come_in(console: Console, source: str = "::1") -> LoggedIn:
    return console.access.login("vic", OLD, source=source)


def said(answer: Answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.body.decode())).split())


def test_a_viewer_sees_who_they_are_what_they_may_and_where_they_are_logged_in(
    console: Console, ask: Ask
) -> None:
    here = come_in(console)
    alone = said(ask(here.cookie, "/account"))
    for told in ("Name vic", "Role viewer", "May look at everything here", "nowhere else"):
        assert told in alone
    come_in(console, "192.0.2.7")
    shown = ask(here.cookie, "/account")
    assert re.search(r"::1 this one .* 192\.0\.2\.7 .* End all others", said(shown))
    assert 'href="/account"' in ask(here.cookie, "/").body.decode()
    (session,) = re.findall(r'name="session" value="(\w+)"', shown.body.decode())
    ended = ask(here.cookie, "/account/sessions", {"session": session})
    assert "That session is over." in said(ask(here.cookie, ended.headers["location"]))
    assert "192.0.2.7" not in said(ask(here.cookie, "/account"))
    come_in(console, "192.0.2.8")
    ended = ask(here.cookie, "/account/sessions", {})
    assert "here, and nowhere else" in said(ask(here.cookie, ended.headers["location"]))


def test_a_password_is_changed_and_the_browser_stays_under_a_new_cookie(
    console: Console, ask: Ask
) -> None:
    here = come_in(console)
    done = ask(here.cookie, "/account/password", {"present": OLD, "password": NEW, "again": NEW})
    assert (done.status, done.headers["location"]) == (303, "/account?done=password")
    cookie = door.jar(done.cookie, door.COOKIE)
    assert "Your password is changed" in said(ask(cookie, done.headers["location"]))
    assert ask(here.cookie, "/account").headers["location"].startswith("/login")


@pytest.mark.parametrize(
    ("form", "status", "told"),
    [
        ({"present": OLD, "password": NEW, "again": OLD}, 422, "differ"),
        ({"present": OLD, "password": OLD, "again": OLD}, 422, "is the present one"),
        ({"present": OLD, "password": "short", "again": "short"}, 422, "12 to 1024 characters"),
        ({"present": NEW, "password": NEW + "!", "again": NEW + "!"}, 403, "not your present"),
    ],
    ids=["two differ", "the same", "too short", "not theirs"],
)
def test_what_is_wrong_is_said_beside_the_form_and_shows_no_password(
    console: Console, ask: Ask, form: dict[str, str], status: int, told: str
) -> None:
    here = come_in(console)
    answer = ask(here.cookie, "/account/password", form)
    assert answer.status == status
    assert told in said(answer)
    assert not any(secret in answer.body.decode() for secret in (OLD, NEW))
    assert ask(here.cookie, "/account").status == 200


def test_a_session_that_ends_in_mid_form_keeps_no_password_and_leads_back(
    console: Console, ask: Ask
) -> None:
    here = come_in(console)
    console.access.sessions.end(here.cookie)
    form = {"back": "/account", "present": OLD, "password": NEW, "again": NEW}
    answer = ask(here.cookie, "/account/password", form)
    assert answer.status == 401
    body = answer.body.decode()
    assert not any(secret in body for secret in (OLD, NEW, "What you typed is kept"))
    assert 'name="then" value="/account"' in body


def test_who_comes_in_through_the_provider_reads_where_the_password_is_changed(
    console: Console, ask: Ask
) -> None:
    entered = console.access.enter("eve", Role.VIEWER, key=UserId("oidc-1"), source="::1")
    page = ask(entered.cookie, "/account")
    assert "your password is changed there" in said(page)
    assert 'name="present"' not in page.body.decode()
