"""One evening of a responder in the console alone: each deed is a form, and can be taken back."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from tests.web.pages.case import VIC, finding

from stanch.app.parts import Parts, opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.settings import Settings
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.people import Role
from stanch.web.visit import Answer, Console

Ask = Callable[..., Answer]
FORM = re.compile(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
FIELD = re.compile(r'<(?:input|button)[^>]*name="(\w+)"[^>]*value="([^"]*)"')
PASSWORD = "correct horse battery"  # noqa: S105  of people who live for one test


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Parts, Console]]:
    """Two models, and two responders with accounts."""
    with opened(Settings(data=tmp_path)) as parts:
        for name in ("ben", "bea"):
            parts.access.add_user(name, Role.APPROVER, by="test", password=PASSWORD)
        with parts.store.begin() as tx:
            for name in ("fraud", "loans"):
                tx.assets.add(
                    Asset(id=AssetId(name), kind=AssetKind.MODEL, name=name, owner="payments")
                )
        yield parts, console_of(parts, work_of(parts))


def pressed(asked: Ask, console: Console, page: str, deed: str, **typed: str) -> str:
    """Where one is after the form of this deed was sent from the page, with what it carries."""
    body = asked(console, "GET", page).body.decode()
    for action, inside in FORM.findall(body):
        carried = dict(FIELD.findall(inside))
        if action.endswith(f"/{deed}") and all(
            f'name="{name}"' in inside and (not said or carried.get(name, said) in ("", said))
            for name, said in typed.items()
        ):
            kept = {k: unescape(v) for k, v in carried.items() if k in ("seen", "link", "undo")}
            answer = asked(console, "POST", unescape(action), {**kept, **typed})
            return answer.headers["location"]
    raise AssertionError(f"{page} has no form to {deed}")


def now(console: Console, key: str) -> Incident:
    with console.store.look() as tx:
        return tx.incidents.get(IncidentId(key))


def test_all_of_it_is_done_by_forms_and_can_be_taken_back(
    world: tuple[Parts, Console], asked: Ask, read: Callable[..., str]
) -> None:
    console = world[1]
    said = {"asset": "fraud", "text": "Cards are refused since eight."}
    place = pressed(asked, console, "/report", "report", **said)
    key = place.rpartition("/")[2]
    pressed(asked, console, f"{place}/notes", "note", text="The supplier in Orléans was called.")
    assert key in asked(console, "GET", "/search?q=orleans").body.decode()
    pressed(asked, console, f"{place}/notes", "link", kind="url", to="https://tracker.example/7")
    assert "tracker.example/7" in read(console, f"{place}/notes")
    pressed(asked, console, f"{place}/notes", "unlink")
    assert "tracker.example/7" not in read(console, f"{place}/notes")
    pressed(asked, console, place, "command")
    assert now(console, key).commander == "ben"
    assert '<option value="bea">' in asked(console, "GET", place).body.decode()
    pressed(asked, console, place, "command", commander="bea")
    assert now(console, key).commander == "bea"
    pressed(asked, console, place, "command", nobody="yes")
    assert now(console, key).commander == ""


def test_what_was_regrouped_is_put_back_and_what_was_closed_is_opened_again(
    world: tuple[Parts, Console], asked: Ask
) -> None:
    console, at = world[1], datetime.now(UTC)
    with console.store.begin() as tx:
        seen = tx.findings.put([finding(n, at) for n in range(4)], at=at)
        for key, asset, ids in (("inc-1", "fraud", seen), ("inc-2", "loans", ())):
            tx.incidents.add(
                Incident(
                    id=IncidentId(key),
                    title=f"On {asset}",
                    asset=AssetId(asset),
                    opened=at,
                    first_seen=at,
                    updated=at,
                    phase=Phase.TRIAGED,
                    findings=tuple(one.id for one in ids),
                )
            )
    whole = set(now(console, "inc-1").findings)
    here = "/incidents/inc-1"
    for deed in ("split", "detach"):
        form = {"do": deed, "pick": seen[0].id}
        asked(console, "POST", f"{here}/regroup", form)
        assert set(now(console, "inc-1").findings) == whole - {seen[0].id}
        pressed(asked, console, here, "undo")
        assert set(now(console, "inc-1").findings) == whole
    assert '<option value="inc-2">On loans' in asked(console, "GET", here).body.decode()
    away = pressed(asked, console, here, "merge", into="inc-2")
    assert set(now(console, "inc-2").findings) == whole
    pressed(asked, console, away, "undo")
    assert set(now(console, "inc-1").findings) == whole
    pressed(asked, console, here, "move", to="closed", why="It was a test of ours.")
    assert now(console, "inc-1").phase is Phase.CLOSED
    pressed(asked, console, here, "move", to="triaged", why="It goes on.")
    assert now(console, "inc-1").phase is Phase.TRIAGED


def test_whoever_may_only_look_is_offered_none_of_it(
    world: tuple[Parts, Console], asked: Ask
) -> None:
    console = world[1]
    where = asked(console, "POST", "/report", {"asset": "fraud", "text": "Odd."})
    body = asked(console, "GET", where.headers["location"], by=VIC).body.decode()
    for deed in ("command", "move", "merge", "judge"):
        assert f'/{deed}"' not in body
