"""Rules in the console: written, tried on the past, used, put aside and taken back."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlencode

import pyarrow as pa
import pytest

from stanch.app import opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.engine.ingest.schema import conform
from stanch.settings import Settings
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.vocabulary.trouble import BadInput, NotFound
from stanch.web.console import fields_of
from stanch.web.pages import rules
from stanch.web.visit import Answer, Console, Visit

ADA = Caller(name="ada", scopes=ROLE_SCOPES[Role.ADMIN], role=Role.ADMIN)
OWN = """\
id: many_exports
title: Many exports
says: "{who} exported {count} times on {asset}."
events:
  out: {kind: access, action: [export]}
by: [principal]
within: 10m
when:
  count: {of: out, at_least: 3}
"""
SIGMA = """\
title: Many downloads
name: many_downloads
logsource: {product: app}
detection:
  selection: {action: download}
  condition: selection
---
title: Many downloads by one
correlation:
  type: event_count
  rules: [many_downloads]
  group-by: [User]
  timespan: 10m
  condition: {gte: 5}
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console whose past has four exports of one person."""
    now = datetime.now(UTC)
    with opened(Settings(data=tmp_path_factory.mktemp("rules"))) as parts:
        rows = [
            {
                "id": f"e-{n}",
                "ts": now - timedelta(minutes=n),
                "kind": "access",
                "asset": "fraud",
                "principal": "ann",
                "action": "export",
                "received": now,
            }
            for n in range(1, 5)
        ]
        parts.spool.append(conform(pa.Table.from_pylist(rows)))
        yield console_of(parts, work_of(parts))


def asked(console: Console, address: str, form: dict[str, str] | None = None) -> Answer:
    path, _, query = address.partition("?")
    method = "GET" if form is None else "POST"
    for page in rules.PAGES:
        found = re.fullmatch(re.sub(r"\{(\w+):str\}", r"(?P<\1>[^/]+)", page.path), path)
        if found and page.method == method:
            visit = Visit(
                console=console,
                method=method,
                path=path,
                at=datetime.now(UTC),
                query=fields_of(query),
                form=fields_of(urlencode(form or {})),
                names=found.groupdict(),
                known=ADA,
                cookie="c",
            )
            return page.show(visit)
    raise AssertionError(f"no page at {address}")


def read(answer: Answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.body.decode())).split())


def test_a_rule_is_used_put_aside_and_taken_back(console: Console) -> None:
    put = asked(console, "/rules/save", {"text": OWN, "key": "", "seen": "0"})
    assert put.headers["location"] == "/rules/many_exports"
    assert "version 1, written here" in read(asked(console, "/rules/many_exports"))
    gone = asked(console, "/rules/many_exports/aside", {}).headers["location"]
    said = asked(console, gone)
    assert "nobody asks it any more" in read(said)
    version = re.search(r'name="version" value="(\d+)"', said.body.decode())
    assert version is not None
    assert "put aside" in read(asked(console, "/rules/many_exports"))
    asked(console, "/rules/many_exports/restore", {"version": version[1]})
    assert "version 3, written here" in read(asked(console, "/rules/many_exports"))
    assert "many_exports" in [r.id for r in console.rulebook.in_use() if r.asked]


def test_a_trial_tells_what_it_would_have_said_and_writes_nothing(console: Console) -> None:
    before = console.rulebook.in_use()
    form = {"text": OWN.replace("many_exports", "tried"), "days": "1"}
    said = read(asked(console, "/rules/trial", form))
    assert "Over the past: 1 time" in said
    assert "ann exported 3 times on fraud" in said
    silent = {**form, "text": form["text"].replace("at_least: 3", "at_least: 9")}
    assert "It would have stayed silent" in read(asked(console, "/rules/trial", silent))
    assert console.rulebook.in_use() == before
    with pytest.raises(BadInput):
        asked(console, "/rules/trial", {**form, "days": "9999"})


def test_a_mistake_is_told_with_its_line_and_is_not_put_into_use(console: Console) -> None:
    wrong = OWN.replace("within: 10m", "within: soon").replace("many_exports", "wrong_one")
    for way in ("/rules/check", "/rules/save", "/rules/trial"):
        said = read(asked(console, way, {"text": wrong}))
        assert "Not yet good line 7" in said, way
    with pytest.raises(NotFound):
        asked(console, "/rules/wrong_one")


def test_a_sigma_rule_is_pasted_as_it_is_and_how_it_is_read_is_told(console: Console) -> None:
    said = read(asked(console, "/rules/check", {"text": SIGMA}))
    assert "a Sigma rule" in said
    assert "'User' is read as 'principal'" in said


def test_whoever_comes_second_keeps_their_text(console: Console) -> None:
    text = OWN.replace("many_exports", "raced")
    asked(console, "/rules/save", {"text": text, "seen": "0"})
    asked(console, "/rules/save", {"text": text, "key": "raced", "seen": "1"})
    late = {"text": f"# mine\n{text}", "key": "raced", "seen": "1"}
    said = read(asked(console, "/rules/save", late))
    assert "Your text is kept here" in said
    assert "# mine" in said
    said = read(asked(console, "/rules/save", {"text": text, "key": "", "seen": "0"}))
    assert "A rule 'raced' is there already" in said
    said = read(asked(console, "/rules/save", {**late, "seen": "one"}))
    assert "Load the page again" in said


def test_one_that_came_with_stanch_is_shown_and_can_be_replaced(console: Console) -> None:
    ours = next(r for r in console.rulebook.in_use() if not r.own)
    assert "came with stanch" in read(asked(console, f"/rules/{ours.id}"))
    assert ours.id in read(asked(console, f"/rules/{ours.id}/edit"))
