"""The pages say what came back and was seen again, and what the demo is about to do."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stanch.app.parts import Parts, opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.sandbox.desk import HowToPlay
from stanch.sandbox.moment import Moment, Part, Tell
from stanch.sandbox.player import Told
from stanch.settings import Settings
from stanch.vocabulary.approval import Answer, Approval, Risk
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.casework import Link, LinkKind
from stanch.vocabulary.ids import (
    ActionId,
    ApprovalId,
    AssetId,
    IncidentId,
    PlaybookId,
    RunId,
    digest_of,
)
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.vocabulary.run import Run
from stanch.web.visit import Console

NOW = datetime.now(UTC)
FRAUD = AssetId("fraud")
OLD, NEW = IncidentId("inc-1"), IncidentId("inc-2")
BEN = Caller(name="ben", scopes=ROLE_SCOPES[Role.APPROVER], role=Role.APPROVER)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Parts, Console]]:
    """One model, one incident that was closed, and the one that it came back as."""
    with opened(Settings(data=tmp_path)) as parts:
        with parts.store.begin() as tx:
            tx.assets.add(Asset(id=FRAUD, kind=AssetKind.MODEL, name="Fraud", owner="ada"))
            for key, phase in ((OLD, Phase.CLOSED), (NEW, Phase.TRIAGED)):
                tx.incidents.add(
                    Incident(
                        id=key,
                        title="Somebody copies the model",
                        asset=FRAUD,
                        opened=NOW,
                        first_seen=NOW,
                        updated=NOW,
                        phase=phase,
                        closed_at=NOW if key == OLD else None,
                        contained_at=NOW - timedelta(hours=1),
                        came_back=OLD if key == NEW else None,
                        came_back_after=720.0,
                        again=2 if key == NEW else 0,
                        again_at=NOW,
                        loose_at=NOW if key == NEW else None,
                    )
                )
            link = Link(
                id="lnk-1", incident=OLD, at=NOW, by="stanch", kind=LinkKind.RELATED, to=NEW
            )
            tx.links.add(link)
        yield parts, console_of(parts, work_of(parts))


def test_both_say_that_it_came_back(world: tuple[Parts, Console], read: Callable[..., str]) -> None:
    _, console = world
    assert f"It came back: {OLD} was closed 12 min before this began." in read(
        console, f"/incidents/{NEW}"
    )
    assert f"It came back as {NEW} ." in read(console, f"/incidents/{OLD}")
    assert f"It came back: {OLD} had been closed" in read(console, f"/incidents/{NEW}/timeline")


def test_what_was_seen_again_and_is_loose_is_not_said_to_be_contained(
    world: tuple[Parts, Console],
    read: Callable[..., str],
) -> None:
    _, console = world
    said = read(console, f"/incidents/{NEW}")
    assert "Seen again twice, last" in said
    assert "Seen again, and not contained yet this time" in said
    assert "Seen again, and nothing held it" in read(console, f"/incidents/{NEW}/timeline")


def test_a_second_round_says_why_it_began(
    world: tuple[Parts, Console], read: Callable[..., str]
) -> None:
    parts, console = world
    with parts.store.begin() as tx:
        for number, heir in ((1, RunId("run-2")), (2, None)):
            tx.runs.add(
                Run(
                    id=RunId(f"run-{number}"),
                    playbook=PlaybookId("extraction"),
                    incident=NEW,
                    asset=FRAUD,
                    started=NOW,
                    updated=NOW,
                    round=number,
                    because="seen again, after what contained it had ended" if number > 1 else "",
                    heir=heir,
                )
            )
    said = read(console, f"/incidents/{NEW}/runs")
    assert "round 2" in said
    assert "Begun once more: seen again, after what contained it had ended ." in said
    assert "It gave way to extraction, round 2, which has what of it is still in force." in said


def test_a_question_that_nobody_needs_to_answer_any_more_says_why(
    world: tuple[Parts, Console],
    read: Callable[..., str],
) -> None:
    parts, console = world
    why = "extraction gave way to evasion: the incident is called evasion now"
    with parts.store.begin() as tx:
        tx.approvals.add(
            Approval(
                id=ApprovalId("apr-1"),
                incident=NEW,
                asset=FRAUD,
                action=ActionId("query_limit"),
                risk=Risk.ONE,
                role=Role.APPROVER,
                shown="May each query ask less?",
                digest=digest_of(b"shown"),
                asked=NOW,
                expires=NOW + timedelta(minutes=15),
                answer=Answer.WITHDRAWN,
                why=why,
            )
        )
    said = read(console, "/approvals/apr-1")
    assert "withdrawn" in said
    assert why in said


class Stage:
    """A demo that attacks until it is told to end."""

    name = "unsigned_model"

    def __init__(self) -> None:
        self.due: datetime | None = datetime.now(UTC) + timedelta(hours=4, minutes=30)
        self.end = threading.Event()

    def attack(self, tell: Tell) -> Told:
        self.due = None
        tell(Moment(part=Part.ATTACK, says="a model goes into service"))
        assert self.end.wait(60)
        return Told(moment=Moment(part=Part.OVER, says="It is over."))

    def cancel(self) -> None:
        self.end.set()


def test_home_says_when_the_demo_attacks_and_that_it_does_and_then_nothing(
    world: tuple[Parts, Console],
    read: Callable[..., str],
) -> None:
    _, console = world
    assert "demo" not in read(console, "/").lower()
    stage = Stage()
    console.drills.attach(stage)
    assert "This is a demo: its model is attacked in 4 h" in read(console, "/")
    run = console.drills.start(stage.name, HowToPlay(live=True), BEN)
    try:
        assert "The demo attacks its model now." in read(console, "/")
    finally:
        console.drills.stop(run.id)
    assert "demo" not in read(console, "/").lower()
    assert "as often as you like" in read(console, "/drills")
