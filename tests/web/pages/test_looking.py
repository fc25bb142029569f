"""Lists, events, principals, views and the search."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

import pytest
from tests.web.pages.case import CASE, VIC, finding

from stanch.app.parts import Parts, opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.engine.event_list import Events
from stanch.settings import Settings
from stanch.vocabulary.clock import Clock
from stanch.vocabulary.ids import (
    AssetId,
    PlaybookId,
    RunId,
)
from stanch.vocabulary.run import Run, RunState
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import CouldNotTell, NotAllowed
from stanch.vocabulary.words import absolute
from stanch.web.visit import Answer, Console

NOW = datetime.now(UTC)


def test_events_come_in_pages_each_once_and_are_counted(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    seen: list[str] = []
    links: list[str] = []
    where = "/events?q=since:1h"
    while where:
        said = asked(console, "GET", where).body.decode()
        assert "120" in said
        seen += re.findall(r'data-row="([^"]+)"', said)
        links += re.findall(r'href="(/events/fraud[^"]+)" data-open-row', said)
        onward = re.search(r'href="([^"]+)" rel="next"', said)
        where = unescape(onward[1]) if onward else ""
    assert len(seen) == len(set(seen)) == 120
    for key, link in zip(seen, links, strict=True):
        assert f" {unescape(key)} " in read(console, unescape(link))
    assert "24" in read(console, "/events?q=kind:label")
    assert "60 events" in read(console, "/principals?name=key-90")


class _Slow:
    """A lake that is asked for too much."""

    def hourly(self, *_: object) -> None:
        raise CouldNotTell("the hunt took over 60 s; ask for less time")


def test_a_principal_is_shown_before_the_lake_is_asked_and_when_it_does_not_answer(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    slow = replace(console, events=cast("Events", _Slow()))
    first = asked(slow, "GET", "/principals?name=key-91").body.decode()
    assert "Suspected in" in first
    assert "Findings that name them" not in first
    whole = read(slow, "/principals?name=key-91")
    assert "the hunt took over 60 s" in whole
    assert whole.index("took over 60 s") < whole.index("Findings that name them")


def test_a_view_is_kept_for_oneself_or_for_all(
    console: Console, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    keep = "noun=findings&q=since:2h&cols=finding&cols=asset"
    asked(console, "POST", "/views", form=f"{keep}&name=My+two+hours")
    asked(console, "POST", "/views", form=f"{keep}&name=Ours&shared=yes")
    mine, theirs = read(console, "/findings"), read(console, "/findings", by=VIC)
    assert "My two hours" in mine
    assert "My two hours" not in theirs
    assert "Ours" in theirs
    with console.store.look() as tx:
        shared = next(v for v in tx.filters.of("vic") if v.name == "Ours")
    assert shared.columns == ("finding", "asset")
    with pytest.raises(NotAllowed):
        asked(console, "POST", "/views/drop", form=f"view={shared.id}", by=VIC)
    asked(console, "POST", "/views/drop", form=f"view={shared.id}")
    assert "Ours" not in read(console, "/findings", by=VIC)


def test_pages_of_a_list_hold_the_moment_that_the_first_was_asked_at(
    console: Console, asked: Callable[..., Answer]
) -> None:
    first = asked(console, "GET", "/events?q=since:1h").body.decode()
    onward = re.search(r'href="([^"]+)" rel="next"', first)
    assert onward is not None
    assert "at=" in onward[1]


def test_a_file_of_the_list_has_the_columns_that_were_chosen(
    console: Console, asked: Callable[..., Answer]
) -> None:
    answer = asked(console, "GET", "/findings.csv?q=&cols=finding")
    assert answer.body.decode().splitlines()[0] == "Finding"


def test_a_file_of_findings_says_when_each_was_made_though_its_window_goes_on(
    tmp_path: Path,
    asked: Callable[..., Answer],
) -> None:
    with opened(Settings(data=tmp_path / "data")) as parts:
        with parts.store.begin() as tx:
            ahead = replace(finding(0, NOW), window=Span(start=NOW, end=NOW + timedelta(hours=2)))
            tx.findings.put([ahead], at=NOW)
        answer = asked(console_of(parts, work_of(parts)), "GET", "/findings.csv?q=&cols=window")
    assert answer.body.decode().split() == ["Seen", *absolute(NOW).split()]


def test_any_id_is_found_from_the_search(
    world: tuple[Parts, Console], asked: Callable[..., Answer]
) -> None:
    parts, console = world
    with parts.store.begin() as tx:
        clock = Clock(id="clk-7", incident=CASE, duty="Tell them", law="-", started=NOW, due=NOW)
        run = Run(
            id=RunId("run-7"),
            playbook=PlaybookId("extraction"),
            incident=CASE,
            asset=AssetId("fraud"),
            started=NOW,
            updated=NOW,
            state=RunState.DONE,
        )
        tx.clocks.add(clock)
        tx.runs.add(run)
    parts.recorder.drain()
    ways = {
        "run-7": f"/incidents/{CASE}/runs",
        "clk-7": f"/incidents/{CASE}",
        "key-91": "/principals?name=key-91",
        "extraction": "/playbooks/extraction",
        "log 0": "/log/0",
        CASE: f"/incidents/{CASE}",
    }
    for text, where in ways.items():
        answer = asked(console, "GET", f"/search.json?{urlencode({'q': text})}")
        assert where in [one["href"] for one in json.loads(answer.body)], text
    nothing = asked(console, "GET", "/search.json?q=log+99999")
    assert nothing.body == b"[]"


def test_a_search_says_of_what_and_when_and_leads_to_all_that_it_does_not_show(
    world: tuple[Parts, Console], asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    parts, console = world
    with parts.store.begin() as tx:
        tx.findings.put([finding(n, NOW) for n in range(6, 9)], at=NOW)
    page = asked(console, "GET", "/search?q=Sight").body.decode()
    assert 'value="Sight"' in page
    assert page.count('class="tag">finding<') == 6
    assert 'href="/findings?q=Sight"' in page
    said = read(console, "/search?q=Sight")
    assert re.search(r"Sight number 0\. fraud \d\d \w+ \d\d:\d\d finding", said), said
    assert "Sight number 3" in read(console, "/findings?q=Sight")
    for text in ("kind:Sight", "sight OR number", 'sight "'):
        there = asked(console, "GET", f"/search?{urlencode({'q': text})}").body.decode()
        assert "with these words" not in there, text
