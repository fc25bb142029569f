"""Playbooks and their runs: begun, held, stepped, ended, used again."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from tests.web.pages.case import CASE, VIC

from stanch.app.parts import Parts
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, NotFound
from stanch.web.pages.playbook_editor import NEW
from stanch.web.visit import Answer, Console

NOW = datetime.now(UTC)
ADA = Caller(name="ada", scopes=ROLE_SCOPES[Role.ADMIN], role=Role.ADMIN)


def test_a_run_says_what_each_of_its_steps_came_to(
    world: tuple[Parts, Console], asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    parts, console = world
    wish = "act=block_principal&arg.principals=key-55&hours=2&why=it+goes+on"
    said = read(console, f"/incidents/{CASE}/act?{wish}")
    digest = re.search(r"sha256:[0-9a-f]{64}", said)
    assert digest is not None
    asked(console, "POST", f"/incidents/{CASE}/act", form=f"{wish}&digest={digest[0]}")
    with parts.store.begin() as tx:
        run = max(tx.runs.page(Wanted(incident=(CASE,))).items, key=lambda r: r.started)
        facts = {"step": run.step or "act", "says": "Key-55 is refused, and a probe shows it."}
        waits = {"step": "before", "says": "waits for approver: May key-55 ask?"}
        for told in (waits, {**facts, "says": "Nothing yet."}, facts):
            deed = Deed.STEP_DONE
            tx.record(
                Entry(at=NOW, deed=deed, actor="stanch", about=run.id, incident=CASE, facts=told)
            )
    said = read(console, f"/incidents/{CASE}/runs")
    assert "Key-55 is refused, and a probe shows it." in said
    assert "Nothing yet." not in said


def test_a_person_begins_a_playbook_and_a_viewer_is_not_offered_it(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    where = f"/incidents/{CASE}/runs"
    assert "Begin a playbook" in read(console, where)
    assert "Begin a playbook" not in read(console, where, by=VIC)
    asked(console, "POST", where, form="playbook=natural_drift")
    with console.store.look() as tx:
        runs = tx.runs.page(Wanted(incident=(CASE,))).items
    assert ("natural_drift", "ben") in [(run.playbook, run.by) for run in runs]


def test_a_run_is_held_stepped_and_ended_from_its_page_by_whoever_responds(
    world: tuple[Parts, Console], asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    _, console = world
    where = f"/incidents/{CASE}/runs"
    asked(console, "POST", where, form="playbook=natural_drift")
    with console.store.look() as tx:
        run = next(r for r in tx.runs.page(Wanted(incident=(CASE,))).items if r.by == "ben")
    assert "Hold it" in read(console, where)
    assert "Hold it" not in read(console, where, by=VIC)
    for wish, says in (
        ("pause", "A person holds it: it stops before its next step. One step Go on"),
        ("step", "A person lets it take one step, and then holds it. One step Go on"),
        ("go", "Hold it"),
        ("cancel and undo", "A person ends it; what it did is taken back, latest first."),
    ):
        answer = asked(console, "POST", f"{where}/{run.id}", form={"wish": wish})
        assert answer.headers["location"] == where
        assert says in read(console, where)
    with pytest.raises(BadInput, match="A run can be asked to: go, pause"):
        asked(console, "POST", f"{where}/{run.id}", form="wish=fly")


def test_an_earlier_playbook_is_used_again_and_one_put_aside_comes_back(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    form = {"text": NEW.replace("my-answer", "by-night"), "key": "", "seen": "0"}
    asked(console, "POST", "/playbooks/save", form=urlencode(form))
    second = {"text": form["text"].replace("Say in", "Tell in"), "key": "by-night", "seen": "1"}
    asked(console, "POST", "/playbooks/save", form=urlencode(second))
    assert "Tell in a few words" in read(console, "/playbooks/by-night", by=ADA)
    asked(console, "POST", "/playbooks/by-night/restore", form="version=1")
    said = read(console, "/playbooks/by-night", by=ADA)
    assert "Say in a few words" in said
    assert said.count("Use this again") == 2
    gone = asked(console, "POST", "/playbooks/by-night/aside").headers["location"]
    said = read(console, gone, by=ADA)
    assert "by-night was put aside; it answers nothing any more. Undo" in said
    assert "put aside version 4" in read(console, "/playbooks/by-night", by=ADA)
    asked(console, "POST", "/playbooks/by-night/restore", form="version=2")
    assert "Tell in a few words" in read(console, "/playbooks/by-night", by=ADA)
    with pytest.raises(NotFound):
        asked(console, "POST", "/playbooks/by-night/restore", form="version=99")
