"""The table as a page: what waits stands before what is done, the newest first."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from stanch.app.parts import opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.engine.tabletop.shelf import shipped
from stanch.engine.tabletop.views import Play, Table, table
from stanch.learn.tabletop.play import Move, What, state
from stanch.learn.tabletop.score import score
from stanch.settings import Settings
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.trouble import BadInput
from stanch.web.console import fields_of
from stanch.web.pages import PAGES
from stanch.web.pages.tabletops import puts
from stanch.web.visit import Answer, Console, Visit

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
HERE = "/drills/tabletops"
NIGHT = shipped()["moved-scores"].scenario


def seen(minutes: float, *moves: Move) -> Table:
    at = NOW + timedelta(minutes=minutes)
    start = Move(seq=1, at=NOW, by="ada", what=What.STARTED)
    one = Play(id="ttx", scenario=NIGHT, acts=(), incident=IncidentId("inc"), by="ada", started=NOW)
    now = state(NIGHT, (start, *moves), at)
    return table(one, now, score(NIGHT, now, frozenset()), leads=False)


def test_what_waits_stands_first_with_the_moment_at_which_it_is_late() -> None:
    at = NOW + timedelta(minutes=8)
    shown = puts(seen(8), at)
    assert [(p.one.id, p.due) for p in shown] == [
        ("world", NOW + timedelta(minutes=15)),
        ("shift", None),
    ]
    assert shown[0].begun == NOW + timedelta(minutes=7)


def test_while_the_clock_stands_nobody_has_to_hurry() -> None:
    pause = Move(seq=2, at=NOW + timedelta(minutes=8), by="ada", what=What.PAUSED)
    assert [p.due for p in puts(seen(90, pause), NOW + timedelta(minutes=90))] == [None, None]


def test_what_is_answered_waits_no_more() -> None:
    said = Move(seq=2, at=NOW + timedelta(minutes=1), by="bea", what=What.ANSWERED, inject="shift")
    (one,) = puts(seen(2, said), NOW + timedelta(minutes=2))
    assert one.due is None


LEAD = Caller(name="ada", scopes=frozenset({Scope.READ, Scope.RESPOND}), role=Role.RESPONDER)
READER = Caller(name="vic", scopes=frozenset({Scope.READ}), role=Role.VIEWER)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """What the pages may ask, in a folder of its own."""
    with opened(Settings(data=tmp_path_factory.mktemp("tabletops"))) as parts:
        yield console_of(parts, work_of(parts))


def asked(console: Console, method: str, address: str, form: str = "", by: Caller = LEAD) -> Answer:
    path, _, query = address.partition("?")
    for one in PAGES:
        names = re.fullmatch(re.sub(r"\{(\w+):str\}", r"(?P<\1>[^/]+)", one.path), path)
        if one.method == method and names is not None:
            visit = Visit(
                console=console,
                method=method,
                path=path,
                at=console.clock(),
                query=fields_of(query),
                names=names.groupdict(),
                form=fields_of(form),
                known=by,
            )
            return one.show(visit)
    raise AssertionError(address)


def test_every_act_of_a_table_has_its_page(console: Console) -> None:
    begun = asked(console, "POST", f"{HERE}/start", "scenario=moved-scores")
    table = begun.headers["location"]
    for act, form in (
        ("sit", "duty=responder&who=Mia"),
        ("next", ""),
        ("answer", "inject=shift&choice=look&who=Mia"),
        ("answer", "inject=world&text=%3Cb%3Eeverybody%3C/b%3E&duty=data_scientist"),
        ("rate", "answer=5&point=principals&point=cause"),
        ("pause", ""),
        ("resume", ""),
        ("remark", "text=Late."),
        ("follow-up", "text=Do+it&owner=Mia&due=2026-12-01"),
    ):
        assert asked(console, "POST", f"{table}/{act}", form).status == 303, act
    page = asked(console, "GET", table).body.decode()
    assert "&lt;b&gt;everybody&lt;/b&gt;" in page
    assert "For you, who lead it" in page
    read = asked(console, "GET", table, by=READER).body.decode()
    assert "For you, who lead it" not in read
    assert "<textarea" not in read
    incident = console.tabletops.table(table.rpartition("/")[2], LEAD).incident
    assert asked(console, "GET", f"{HERE}?incident={incident}").headers["location"] == table
    assert "To the table" in asked(console, "GET", f"/incidents/{incident}").body.decode()
    over = asked(console, "POST", f"{table}/stop").headers["location"]
    assert over == f"{table}/report"
    assert asked(console, "GET", table).headers["location"] == over
    report = asked(console, "GET", over, by=READER).body.decode()
    assert "Do it" in report
    assert "<textarea" not in report
    text = asked(console, "GET", f"{over}.md")
    assert text.body.startswith(b"# Exercise: ")


@pytest.mark.parametrize(
    ("act", "form"),
    [
        ("sit", "duty=king"),
        ("answer", "inject=shift&choice=look&duty=king"),
        ("rate", "answer=x"),
        ("rate", "answer=99999999"),
        ("follow-up", "text=Do+it&due=2026-12-01"),
        ("follow-up", "text=Do+it&owner=Mia&due=soon"),
        ("remark", "text=+"),
    ],
)
def test_what_cannot_be_meant_is_told(console: Console, act: str, form: str) -> None:
    begun = asked(console, "POST", f"{HERE}/start", "scenario=moved-scores")
    table = begun.headers["location"]
    with pytest.raises(BadInput):
        asked(console, "POST", f"{table}/{act}", form)
    asked(console, "POST", f"{table}/stop")


def test_older_plays_stand_on_a_page_of_their_own(console: Console) -> None:
    for _ in range(21):
        begun = asked(console, "POST", f"{HERE}/start", "scenario=moved-scores")
        asked(console, "POST", f"{begun.headers['location']}/stop")
    first = asked(console, "GET", HERE).body.decode()
    older = re.search(r'href="(/drills/tabletops\?after=[^"]+)"', first)
    assert older is not None
    assert "Played before" in asked(console, "GET", older[1]).body.decode()
