"""Systems outside in the console: written, tested, saved, in force at once, undone."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from stanch.app.parts import Parts, opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.settings import Settings
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.vocabulary.record import Deed
from stanch.web import door
from stanch.web.console import fields_of
from stanch.web.pages import PAGES
from stanch.web.visit import Answer, Console, Visit

HERE = "/settings/outside"
GOOD = """\
systems:
  models: {connector: files, address: "file://FOLDER"}
"""
MAIL = GOOD + '  mail: {connector: mail, address: "smtp://127.0.0.1:9", seconds: 1}\n'
HOSTILE = "<script>alert(1)</script>\u202etxt"


class World:
    def __init__(self, parts: Parts, file: Path) -> None:
        self.parts, self.file = parts, file
        self.console: Console = console_of(parts, work_of(parts))

    def ask(self, address: str, form: dict[str, str] | None = None, **how: str) -> Answer:
        """What the page answers through the door, to an admin unless it is said otherwise."""
        role = Role(how.get("role", Role.ADMIN))
        path, _, query = address.partition("?")
        csrf = how.get("csrf", self.console.access.sessions.csrf("c"))
        method = "GET" if form is None else "POST"
        (page,) = [p for p in PAGES if p.path == path and p.method == method]
        visit = Visit(
            console=self.console,
            method=method,
            path=path,
            at=datetime.now(UTC),
            query=fields_of(query),
            form=fields_of(urlencode({**(form or {}), "csrf": csrf})),
            known=Caller(name="ada", scopes=ROLE_SCOPES[role], role=role),
            cookie="c",
        )
        return door.answer(visit, page)

    def seen(self) -> str:
        found = re.search(r'name="seen" value="([^"]+)"', self.ask(HERE).body.decode())
        assert found is not None
        return found[1]

    def save(self, text: str, seen: str = "", **how: str) -> Answer:
        return self.ask(f"{HERE}/save", {"text": text, "seen": seen or self.seen()}, **how)


def said(answer: Answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.body.decode())).split())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace("FOLDER", str(tmp_path)))
    file.chmod(0o640)
    with opened(Settings(data=tmp_path / "data", connectors=str(file))) as parts:
        yield World(parts, file)


def test_a_channel_is_added_used_without_a_restart_and_taken_back(world: World) -> None:
    before = world.file.read_text()
    answer = world.save(before + MAIL.partition('FOLDER"}\n')[2])
    assert (answer.status, answer.headers["location"]) == (303, "/settings/outside")
    assert world.file.stat().st_mode & 0o777 == 0o640
    assert "mail smtp://127.0.0.1:9" in said(world.ask("/settings"))
    tried = said(world.ask("/settings/systems", {"system": "mail"}))
    assert "The mail server at smtp://127.0.0.1:9 cannot be reached" in tried
    page = world.ask(HERE)
    assert "version 2 by ada" in said(page)
    world.ask(f"{HERE}/restore", {"version": "1", "seen": world.seen()})
    assert world.file.read_text() == before
    assert "mail" not in [n.name for n in world.console.neighbours.all()]
    entries = [p.entry for p in world.parts.store.outbox()]
    changes = [e for e in entries if e.deed is Deed.CONNECTORS_CHANGED]
    assert [(e.actor, e.facts["systems"]) for e in changes[1:]] == [("ada", "mail")] * 2


def test_a_system_is_tested_before_anything_is_saved(world: World) -> None:
    text = world.file.read_text() + MAIL.partition('FOLDER"}\n')[2]
    form = {"text": text, "seen": world.seen(), "system": "models"}
    assert "models : It answers" in said(world.ask(f"{HERE}/test", form))
    told = said(world.ask(f"{HERE}/test", {**form, "system": "mail"}))
    assert "cannot be reached" in told
    assert "Nothing was put into use" in told
    assert "mail" not in world.file.read_text()


def test_a_mistake_is_told_with_its_line_and_is_not_saved(world: World) -> None:
    before = world.file.read_text()
    wrong = before + "  other: {connector: post, address: x}\n"
    for way in ("check", "save", "test"):
        form = {"text": wrong, "seen": world.seen(), "system": "models"}
        assert "Not yet good line 3" in said(world.ask(f"{HERE}/{way}", form)), way
    unset = (
        before + '  h: {connector: webhook, address: "http://h/", secret_env: STANCH_SECRET_X}\n'
    )
    assert "The variable STANCH_SECRET_X is not set" in said(world.save(unset))
    assert world.file.read_text() == before


def test_whoever_comes_second_keeps_their_text_and_the_first_ones_file(world: World) -> None:
    seen, text = world.seen(), world.file.read_text()
    world.file.write_text(text + "# by hand\n")
    told = world.save(text + "# mine\n", seen)
    assert "Your text is kept here" in said(told)
    assert "# mine" in said(told)
    assert world.file.read_text() == text + "# by hand\n"
    again = re.search(r'name="seen" value="([^"]+)"', told.body.decode())
    assert again is not None
    assert world.save(text + "# mine\n", again[1]).status == 303


def test_only_admins_reach_it_and_only_by_its_own_form(world: World) -> None:
    before = world.file.read_text()
    for way, form in ((HERE, None), (f"{HERE}/save", {"text": "", "seen": world.seen()})):
        assert world.ask(way, form, role="approver").status == 403
    assert world.save("", csrf="of another site").status == 403
    assert world.ask("/settings/trial", {"who": "*"}, role="responder").status == 403
    assert world.file.read_text() == before


def test_hostile_text_is_inert_and_a_password_is_not_shown(world: World) -> None:
    text = world.file.read_text()
    page = world.ask(f"{HERE}/check", {"text": f"{text}# {HOSTILE}\n{HOSTILE}: 1\n"}).body.decode()
    assert "<script>alert" not in page
    assert "\u202e" not in page.partition("<textarea")[0] + page.partition("</textarea>")[2]
    world.file.write_text(text + '  h: {connector: mail, address: "smtp://a:hunter2@h"}\n')
    assert world.console.switchboard.turn() == 0
    world.console.switchboard.turn()
    for where in (HERE, "/settings"):
        assert "hunter2" not in world.ask(where).body.decode()
    told = said(world.save(world.console.switchboard.shown().text))
    assert "holds a secret in its address" in told
    assert "hunter2" in world.file.read_text()


def test_a_trial_is_sent_by_every_channel_of_a_person(world: World) -> None:
    mail = MAIL.partition('FOLDER"}\n')[2]
    world.save(f"{world.file.read_text()}{mail}people: {{ada: [mail a@example.org]}}\n")
    assert "ada mail a@example.org" in said(world.ask("/settings"))
    assert "cannot be reached" in said(world.ask("/settings/trial", {"who": "ada"}))


def test_where_none_is_named_the_file_is_made_in_the_data_folder(tmp_path: Path) -> None:
    with opened(Settings(data=tmp_path / "data")) as parts:
        world = World(parts, tmp_path / "data" / "connectors.yaml")
        assert "Nothing outside is set up" in said(world.ask("/settings"))
        assert "smtp://stanch@mx.example.org:587" in said(world.ask(HERE))
        assert world.save('systems: {m: {connector: mail, address: "smtp://h"}}\n').status == 303
        assert world.file.stat().st_mode & 0o777 == 0o600
        assert [n.name for n in world.console.neighbours.all()] == ["m"]
    with opened(Settings(data=tmp_path / "data")) as parts:
        assert [n.name for n in World(parts, world.file).console.neighbours.all()] == ["m"]


def test_a_file_that_cannot_be_written_says_so_and_keeps_the_text(world: World) -> None:
    (world.file.parent / "mine.yaml.half").mkdir()
    told = said(world.save(world.file.read_text() + "# more\n"))
    assert "mine.yaml: cannot be written here" in told
    assert "# more" in told
