"""Laws over every page: none is open by mistake, none writes by GET, each template is used."""

import re
from pathlib import Path

from stanch.vocabulary.people import Scope
from stanch.web.lists import ALL
from stanch.web.pages import PAGES
from stanch.web.paper import STATIC

HERE = STATIC.parent
OPEN = {
    ("GET", "/welcome/{token:str}"),
    ("POST", "/welcome/{token:str}"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("GET", "/static/{stamp:str}/{name:str}"),
}


def test_only_login_and_static_files_are_open_to_strangers() -> None:
    assert {(p.method, p.path) for p in PAGES if p.needs is None} == OPEN


def test_no_place_has_two_pages() -> None:
    places = [(p.method, p.path) for p in PAGES]
    assert len(places) == len(set(places))


def test_settings_are_for_admins() -> None:
    assert {p.needs for p in PAGES if p.path.startswith("/settings")} == {Scope.ADMIN}


def test_no_template_or_module_has_an_inline_script_or_style() -> None:
    bad = re.compile(r"<script(?![^>]*src=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
    for path in (HERE / "templates").iterdir():
        assert not bad.search(path.read_text("utf-8")), path.name


def test_no_template_turns_escaping_off() -> None:
    off = re.compile(r"\|\s*safe\b|autoescape|filter\s+safe")
    for path in (HERE / "templates").iterdir():
        assert not off.search(path.read_text("utf-8")), path.name


def test_every_form_that_changes_something_carries_the_token() -> None:
    form = re.compile(r"<form\b.*?</form>", re.DOTALL)
    changes = re.compile(r"method\s*=\s*[\"']?post", re.IGNORECASE)
    every = [
        (path.name, one)
        for path in (HERE / "templates").iterdir()
        if path.name != "login.html"
        for one in form.findall(path.read_text("utf-8"))
        if changes.search(one)
    ]
    assert len(every) > 1
    for name, one in every:
        assert "{{ csrf }}" in one, (name, one[:80])


def test_nothing_static_asks_another_machine() -> None:
    for path in Path(STATIC).iterdir():
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name


def test_the_style_sheet_knows_the_width_of_every_column() -> None:
    known = {
        int(n)
        for n in re.findall(
            r"\.w(\d+) \{ width: \1rem; \}", (STATIC / "stanch.css").read_text("utf-8")
        )
    }
    assert {c.wide for lines in ALL for c in lines.columns} - {0} == known
