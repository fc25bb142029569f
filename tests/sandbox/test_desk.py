"""The desk plays one drill at a time, keeps what came of it, and never leaves one half told."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from stanch.engine.clock import utc_now
from stanch.sandbox.desk import DrillDesk, DrillRun, HowToPlay
from stanch.sandbox.moment import Moment, Part, Tell
from stanch.sandbox.player import Order, Told
from stanch.sandbox.score import Score, Seconds
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import BadInput, Busy, Conflict, NotFound

ADA = Caller(name="ada", scopes=frozenset({Scope.RESPOND}))
WON = Score(
    name="extraction",
    seed=1,
    attack="extraction",
    expected="extraction",
    got="extraction",
    right=True,
    principals_right=True,
    seconds=Seconds(finding=1.0, incident=1.0, contained=2.0),
    innocent_refused=0.0,
    contained_wrongly=(),
    evidence_verified=True,
    notes=(),
    won=True,
)


class Scripted:
    """A play that says what it is told to, and ends when it is let go or stopped."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.go = threading.Event()
        self.stopped = False

    def watch(self, tell: Tell) -> Told:
        tell(Moment(part=Part.ATTACK, says="it attacks", seconds=Seconds(finding=1.0)))
        assert self.go.wait(60)
        return Told(trouble="The drill was broken off.") if self.stopped else Told(score=WON)

    def stop(self) -> None:
        self.stopped = True
        self.go.set()


class Stage:
    """A demo's stage that is attacked until it is told to end."""

    name = "extraction"

    def __init__(self) -> None:
        self.end = threading.Event()

    due: datetime | None = None

    def attack(self, tell: Tell) -> Told:
        tell(Moment(part=Part.ATTACK, says="live"))
        assert self.end.wait(60)
        return Told(moment=Moment(part=Part.OVER, says="the copy agrees in 40%"), score=WON)

    def cancel(self) -> None:
        self.end.set()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(f"sqlite:///{tmp_path / 'db.sqlite'}", clock=utc_now)
    yield opened
    opened.close()


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def over(desk: DrillDesk, run: DrillRun) -> DrillRun:
    until(lambda: desk.get(run.id).ended is not None)
    return desk.get(run.id)


def test_a_drill_is_watched_live_and_its_score_is_kept(store: SqlStore) -> None:
    plays: list[Scripted] = []

    def play(order: Order) -> Scripted:
        plays.append(Scripted(order))
        return plays[-1]

    desk = DrillDesk(store, utc_now, play)
    run = desk.start("extraction", HowToPlay(seed=7), ADA)
    until(lambda: desk.get(run.id).part is Part.ATTACK)
    assert desk.get(run.id).seconds.finding == 1.0
    assert desk.board().running == desk.get(run.id)
    with pytest.raises(Busy):
        desk.start("extraction", HowToPlay(), ADA)
    plays[0].go.set()
    ended = over(desk, run)
    assert ended.score == WON
    assert ended.by == "ada"
    assert plays[0].order.options.seed == 7
    again = DrillDesk(store, utc_now, play)
    assert again.get(run.id) == ended
    assert [one.last for one in again.board().drills if one.last] == [ended]


def test_a_drill_that_is_stopped_says_so_and_makes_room_for_the_next(store: SqlStore) -> None:
    desk = DrillDesk(store, utc_now, Scripted)
    run = desk.start("evasion", HowToPlay(), ADA)
    until(lambda: desk.get(run.id).part is Part.ATTACK)
    stopped = desk.stop(run.id)
    assert stopped.trouble == "The drill was broken off."
    assert stopped.score is None
    assert desk.stop(run.id) == stopped
    other = desk.start("drift", HowToPlay(), ADA)
    desk.close()
    assert desk.get(other.id).ended is not None
    assert [one.id for one in desk.runs().items] == [other.id, run.id]
    first = desk.runs(limit=1)
    assert [one.id for one in desk.runs(after=first.next).items] == [run.id]


def test_a_drill_whose_server_died_is_not_said_to_go_on(store: SqlStore) -> None:
    desk = DrillDesk(store, utc_now, Scripted)
    run = desk.start("evasion", HowToPlay(), ADA)
    until(lambda: desk.get(run.id).part is Part.ATTACK)
    found = DrillDesk(store, utc_now, Scripted).get(run.id)
    assert "server ended" in found.trouble
    desk.close()


def test_a_demo_that_breaks_says_how_and_is_logged(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Stage):
        def attack(self, tell: Tell) -> Told:
            raise KeyError("row")

    desk = DrillDesk(store, utc_now, Scripted)
    desk.attach(Broken())
    found = over(desk, desk.start("extraction", HowToPlay(live=True), ADA))
    assert found.trouble == "The demo broke (KeyError): 'row'"
    assert "Traceback" in caplog.text


def test_only_a_demo_plays_live(store: SqlStore) -> None:
    desk = DrillDesk(store, utc_now, Scripted)
    with pytest.raises(Conflict, match="stanch up --demo"):
        desk.start("extraction", HowToPlay(live=True), ADA)
    stage = Stage()
    desk.attach(stage)
    assert desk.board().live == "extraction"
    run = desk.start("extraction", HowToPlay(live=True), ADA)
    until(lambda: desk.get(run.id).says == "live")
    desk.stop(run.id)
    assert (over(desk, run).says, over(desk, run).score) == ("the copy agrees in 40%", WON)


def test_what_cannot_be_played_is_refused(store: SqlStore) -> None:
    desk = DrillDesk(store, utc_now, Scripted)
    with pytest.raises(BadInput, match="teapot"):
        desk.start("teapot", HowToPlay(), ADA)
    with pytest.raises(BadInput, match="speed"):
        desk.start("drift", HowToPlay(speed=0.0), ADA)
    with pytest.raises(NotFound):
        desk.get("drl-none")
