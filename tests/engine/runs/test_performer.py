"""What a step does: only what was allowed, after evidence, and again as often as it says."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from stanch.contain.playbook.walk import Came, State, Token, What
from stanch.engine.approvals import Question
from stanch.engine.runs.deeds import Order, Outcome, Shown
from stanch.engine.runs.performer import LONGEST_PAUSE, Performer, Visit, _later, bounded
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import AssetId, Digest, IncidentId, PlaybookId, RunId
from stanch.vocabulary.playbook import Ask, Do, Playbook
from stanch.vocabulary.run import Run
from stanch.vocabulary.trouble import Busy

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def visit(tries: int, *, attempts: int = 100, timeout: int = 3600) -> Visit:
    """An act that was tried so often, since noon."""
    act = Do(id="act", act="revoke_key", attempts=attempts, timeout=timeout)
    book = Playbook(id=PlaybookId("p"), title="t", start="act", steps={"act": act})
    run = Run(
        id=RunId("run-1"),
        playbook=book.id,
        incident=IncidentId("inc-1"),
        asset=AssetId("fraud"),
        started=NOON,
        updated=NOON,
    )
    return Visit(run=run, book=book, state=State(), token=Token(at="act", tries=tries, since=NOON))


@pytest.mark.parametrize(("tries", "seconds"), [(0, 2), (1, 4), (4, 32), (9, LONGEST_PAUSE)])
def test_each_pause_is_twice_the_one_before_up_to_the_longest(tries: int, seconds: float) -> None:
    came = _later(visit(tries), "It is away.", NOON)
    assert (came.what, came.until) == (What.AGAIN, NOON + seconds * SECOND)


def test_an_act_that_was_tried_as_often_as_its_step_says_has_failed() -> None:
    assert _later(visit(1, attempts=3), "It is away.", NOON).what is What.AGAIN
    assert _later(visit(2, attempts=3), "It is away.", NOON).what is What.FAILED


def test_an_act_is_not_tried_again_when_its_time_would_be_over_by_then() -> None:
    once = visit(0, timeout=10)
    assert _later(once, "It is away.", NOON + 8 * SECOND).what is What.AGAIN
    assert _later(once, "It is away.", NOON + 9 * SECOND).what is What.FAILED


@dataclass
class Hands:
    """Deeds and questions that only say what they were asked for."""

    shows: Shown
    did: list[str] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)

    def show(self, _: Order) -> Shown:
        return self.shows

    def freeze(self, incident: IncidentId, *, by: str) -> None:
        del by
        self.did.append(f"freeze {incident}")

    def perform(self, order: Order) -> Outcome:
        assert order.seen == self.shows.digest
        self.did.append(f"perform {order.act}")
        return Outcome(ok=True, says="Done.")

    def ask(self, question: Question) -> None:
        self.asked.append(question)
        raise Busy("this test", 1)

    def performer(self) -> Performer:
        world: Any = SimpleNamespace(store=None, deeds=self, approvals=self, clock=lambda: NOON)
        return Performer(world)


WIDE = Shown(text="Stop it?", digest=Digest("sha256:now"), risk=Risk.ONE)


@pytest.mark.parametrize(("granted", "done"), [("sha256:now", True), ("sha256:before", False)])
def test_a_yes_to_what_an_act_would_have_done_before_allows_not_what_it_would_do_now(
    granted: str, *, done: bool
) -> None:
    hands = Hands(WIDE)
    here = replace(visit(0), state=State(granted={"act": granted}))
    hands.performer()._tried(here)
    assert hands.did == (["perform revoke_key"] if done else [])
    assert [one.acts for one in hands.asked] == ([] if done else [{"act": "sha256:now"}])


@pytest.mark.parametrize("shown", [replace(WIDE, risk=Risk.AUTOMATIC), replace(WIDE, idle=True)])
def test_what_needs_no_yes_is_done_at_once_and_evidence_is_kept_before(shown: Shown) -> None:
    hands = Hands(shown)
    here = visit(0)
    act = Do(id="act", act="revoke_key", evidence_first=True)
    book = replace(here.book, steps={"act": act})
    assert hands.performer()._tried(replace(here, book=book)).what is What.DONE
    assert hands.did == ["freeze inc-1", "perform revoke_key"]


@pytest.mark.parametrize(
    ("people", "risk", "wanted"),
    [(1, Risk.ONE, Risk.ONE), (1, Risk.TWO, Risk.TWO), (2, Risk.AUTOMATIC, Risk.TWO)],
)
def test_a_question_wants_as_many_people_as_it_says_or_its_acts_need(
    people: int, risk: Risk, wanted: Risk
) -> None:
    hands = Hands(replace(WIDE, risk=risk))
    assert _put(hands, people).what is What.AGAIN
    (question,) = hands.asked
    assert (question.risk, question.acts) == (wanted, {"act": "sha256:now"})


def test_nobody_is_asked_about_what_is_in_force_already() -> None:
    hands = Hands(replace(WIDE, idle=True))
    assert _put(hands, 1).what is What.YES
    assert hands.asked == []


def _put(hands: Hands, people: int) -> Came:
    """What comes of the question whether the act may be done."""
    here = visit(0)
    ask = Ask(id="ok", says="Shall it?", about=("act",), people=people, yes="act")
    book = replace(here.book, start="ok", steps={"ok": ask, **here.book.steps})
    return hands.performer()._tried(replace(here, book=book, token=Token(at="ok")))


def test_an_undo_that_broke_says_so_and_is_logged_with_all_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken() -> Outcome:
        raise ZeroDivisionError("nothing to divide by")

    told = bounded(broken)
    assert (told.ok, told.says) == (False, "ZeroDivisionError: nothing to divide by")
    assert "Traceback" in caplog.text
    assert bounded(lambda: Outcome(ok=True, says="Done.")).ok
