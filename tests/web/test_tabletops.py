"""The table as a page: what waits stands before what is done, the newest first."""

from datetime import UTC, datetime, timedelta

from stanch.engine.tabletop.shelf import shipped
from stanch.engine.tabletop.views import Play, Table, table
from stanch.learn.tabletop.play import Move, What, state
from stanch.learn.tabletop.score import score
from stanch.vocabulary.ids import IncidentId
from stanch.web.pages.tabletops import puts

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
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
