"""Many drills are played side by side, and whatever is not played is said."""

import threading
import time
from collections.abc import Callable

import pytest
from tests.processes import PATIENCE

from stanch.sandbox import matrix
from stanch.sandbox.matrix import Budget, played
from stanch.sandbox.moment import Moment, Part, Tell
from stanch.sandbox.options import Options
from stanch.sandbox.player import Order, Told
from stanch.sandbox.plays import Play, Player
from stanch.sandbox.score import Score, Seconds


def order(name: str, seed: int = 1) -> Order:
    return Order(name=name, options=Options(seed=seed))


def score(name: str) -> Score:
    return Score(
        name=name,
        seed=1,
        attack="extraction",
        expected="",
        got="",
        right=True,
        principals_right=True,
        seconds=Seconds(),
        innocent_refused=0.0,
        contained_wrongly=(),
        evidence_verified=True,
        notes=(),
        won=True,
    )


class Scripted:
    """A player that plays at once."""

    made: int = 0
    stopped: int = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.name = ""

    def ask(self, order: Order) -> None:
        self.name = order.name

    def watch(self, tell: Tell) -> Told:
        tell(Moment(part=Part.ATTACK, says="it attacks"))
        if self.name == "broken":
            return Told(trouble="it broke")
        return Told(score=score(self.name))

    def stop(self) -> None:
        type(self).stopped += 1


@pytest.fixture(autouse=True)
def players(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scripted, "made", 0)
    monkeypatch.setattr(Scripted, "stopped", 0)
    monkeypatch.setattr(matrix, "Player", Scripted)


def test_scores_come_in_the_order_that_was_asked_for() -> None:
    heard: list[str] = []
    names = [f"d{n}" for n in range(20)]
    found = played([order(n) for n in names], Budget(jobs=3), lambda o, _: heard.append(o.name))
    assert [one.name for one in found.scores] == names
    assert (found.failed, found.left) == ([], [])
    assert sorted(set(heard)) == sorted(names)
    assert len(heard) == 40
    assert (Scripted.made, Scripted.stopped) == (3, 3)


def test_what_broke_and_what_no_time_was_left_for_is_said() -> None:
    found = played([order("a"), order("broken", 7)], Budget(), lambda _o, _t: None)
    assert found.failed == ["broken, seed 7: it broke"]
    late = played([order("a"), order("b")], Budget(seconds=0), lambda _o, _t: None)
    assert (late.scores, len(late.left)) == ([], 2)


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_real_player_tells_what_is_wrong_and_plays_on() -> None:
    player = Player()
    try:
        for _ in range(2):
            player.ask(order("teapot"))
            told = player.watch(lambda _: None)
            assert told.code == "bad-input"
            assert "no drill 'teapot'" in told.trouble
    finally:
        player.stop()


def test_a_play_that_is_stopped_ends_its_process() -> None:
    play = Play(order("extraction"))
    found: list[Told] = []
    watching = threading.Thread(target=lambda: found.append(play.watch(lambda _: None)))
    watching.start()
    play.stop()
    watching.join(PATIENCE)
    assert not watching.is_alive()
    assert found[0].trouble
    until(lambda: not play._player._process.alive)
