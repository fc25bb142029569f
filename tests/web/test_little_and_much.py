"""Lists with nothing in them say what to do; with much of one kind they still fill a page."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.web.pages.case import finding

from stanch.app.parts import opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.settings import Settings
from stanch.vocabulary.finding import Suspect
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Phase
from stanch.web.charts import shares
from stanch.web.visit import Answer, Console

NOW = datetime.now(UTC)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """A console on an empty folder."""
    with opened(Settings(data=tmp_path)) as parts:
        yield console_of(parts, work_of(parts))


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/incidents", "Nothing here yet No incident yet. Send events to an asset"),
        ("/findings", "Nothing here yet No detector has said anything. Set a baseline"),
        ("/findings?q=asset:x", "Nothing here yet No detector has said anything."),
        ("/assets", "Describe the first asset: stanch asset add FILE"),
        ("/clocks", "No legal clock was ever started."),
        ("/board", "No incident is open What is reported or found stands here"),
    ],
)
def test_where_there_was_never_anything_the_page_says_how_it_begins(
    console: Console, read: Callable[..., str], path: str, says: str
) -> None:
    said = read(console, path)
    assert says in said
    assert "`" not in said


def test_where_all_is_closed_the_list_is_calm_and_names_no_first_step(
    console: Console, read: Callable[..., str]
) -> None:
    with console.store.begin() as tx:
        tx.incidents.add(
            Incident(
                id=IncidentId("inc-1"),
                title="Old",
                asset=AssetId("fraud"),
                opened=NOW,
                first_seen=NOW,
                updated=NOW,
                phase=Phase.CLOSED,
            )
        )
    said = read(console, "/incidents")
    assert "No incident is open" in said
    assert "Nothing here yet" not in said


def test_a_page_of_which_most_stands_together_is_filled_with_what_comes_after(
    console: Console, asked: Callable[..., Answer]
) -> None:
    one = finding(0, NOW)
    other = [
        replace(
            finding(300 + n, NOW),
            suspects=(Suspect(principal=PrincipalId(f"key-{n}"), share=1, confidence=1),),
        )
        for n in range(20)
    ]
    with console.store.begin() as tx:
        tx.findings.put([*(finding(n, NOW) for n in range(200)), *other], at=NOW)
    body = asked(console, "GET", "/findings?q=").body.decode()
    rows = re.findall(r'<tr data-row="([^"]+)"', body)
    assert rows == [one.id, *(f.id for f in other)]
    assert "Next page" not in body
    assert "and 199 other looks at this crowd" in body


def test_a_wide_name_does_not_run_into_its_bar() -> None:
    drawn = str(shares([("W" * 200, 0.4, "hot")], "who"))
    said = re.search(r">(W+[^<]*)<", drawn)
    assert said is not None
    assert len(said[1]) <= 25
