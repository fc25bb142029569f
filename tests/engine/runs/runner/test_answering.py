"""An incident is answered by demands in force, the narrowest first, and by nobody twice."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.engine.runs.runner.house import (
    FRAUD,
    House,
    house_of,
)

from stanch.contain.alike import likeness
from stanch.engine.policies import Change
from stanch.engine.runs.durable import Durable, Place
from stanch.engine.runs.hops import Carrier
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.ids import (
    DetectorId,
    PrincipalId,
)
from stanch.vocabulary.incident import Phase, Verdict, VerdictKind
from stanch.vocabulary.policy import Scores
from stanch.vocabulary.run import RunState
from stanch.vocabulary.span import Span


def test_extraction_is_answered_by_demands_that_are_really_in_force(
    house: House, tmp_path: Path
) -> None:
    engine = Durable(Place(url=f"sqlite:///{tmp_path}/runs.db"), Carrier(house.world).carry)
    house.runner.begin(engine)
    engine.start()
    try:
        house.runner.answer(house.incident)
        house.runner.answer(house.incident)
        until(lambda: house.run().state is RunState.WAITING)
        # Who surely does it is refused at once, while people are asked about the rest.
        assert house.denied() == {"key-91"}
        with house.store.look() as tx:
            assert tx.incidents.get(house.incident.id).phase is Phase.CONTAINED
        assert house.run().waits_for == (f"an answer to {house.asked().id}", "at_large >= 1")
        assert "64 rows" in house.asked().shown
        # Nobody answers: nobody else is touched, and the run ends when it is quiet.
        house.clock.at += timedelta(minutes=20)
        house.runner.tick()
        until(lambda: "quiet" in house.run().waits_for)
        house.runner.tick()
        until(lambda: house.run().state is RunState.DONE)
        assert house.policies.now(FRAUD).limit.max_batch is None
    finally:
        engine.stop()
    assert house.freezer.frozen


def test_who_is_named_later_is_refused_too_without_asking(house: House) -> None:
    house.answer()
    with house.store.begin() as tx:
        seen = tx.incidents.get(house.incident.id)
        more = Suspect(principal=PrincipalId("key-92"), share=0.1, confidence=0.9)
        house.incident = tx.incidents.save(replace(seen, suspects=(*seen.suspects, more)))
    house.runner.answer(house.incident)
    house.inline.work()
    assert house.denied() == {"key-91", "key-92"}
    assert house.run().state is RunState.WAITING


def test_who_is_named_while_a_hop_is_at_work_is_refused_as_soon_as_the_run_waits(
    house: House,
) -> None:
    waiting = house.answer()
    with house.store.begin() as tx:
        seen = tx.incidents.get(house.incident.id)
        more = Suspect(principal=PrincipalId("key-92"), share=0.1, confidence=0.9)
        house.incident = tx.incidents.save(replace(seen, suspects=(*seen.suspects, more)))
        at_work = tx.runs.save(replace(waiting, state=RunState.RUNNING))
    house.runner.answer(house.incident)
    assert not house.inline.queue
    with house.store.begin() as tx:
        tx.runs.save(replace(at_work, state=RunState.WAITING))
    house.runner.tick()
    house.inline.work()
    assert house.denied() == {"key-91", "key-92"}
    house.runner.tick()
    assert not house.inline.queue


def test_where_nobody_is_surely_behind_it_the_wide_acts_are_asked_at_once(house: House) -> None:
    with house.store.begin() as tx:
        seen = tx.incidents.get(house.incident.id)
        house.incident = tx.incidents.save(replace(seen, suspects=()))
    house.answer()
    assert house.denied() == frozenset()
    asked = house.asked()
    for words in ("64 rows", "highest score", "60/min", "everybody"):
        assert words in asked.shown, asked.shown
    house.vote(yes=True)
    policy = house.policies.now(FRAUD)
    assert (policy.shape.scores, policy.limit.max_batch) == (Scores.TOP1, 64)
    assert policy.limit.per_principal is not None


@pytest.mark.parametrize(
    ("attack", "known", "told"),
    [
        (AttackKind.EVASION, 400, {"ada", "communications", "ml_engineer"}),
        (AttackKind.EVASION, 40, set[str]()),
        (AttackKind.THRESHOLD_PROBING, 400, {"ada", "ml_engineer"}),
    ],
    ids=["evasion", "evasion, too few inputs are known", "threshold probing"],
)
def test_a_search_by_nobody_knows_whom_is_asked_about_by_the_narrowest_that_is_possible(
    house: House, attack: AttackKind, known: int, told: set[str]
) -> None:
    house.ordinary.count = known
    search = Verdict(kind=VerdictKind.ATTACK, attack=attack, confidence=0.9)
    with house.store.begin() as tx:
        seen = tx.incidents.get(house.incident.id)
        house.incident = tx.incidents.save(replace(seen, suspects=(), verdict=search))
    house.answer()
    shown = house.asked().shown
    if known < 100:
        assert "without scores" in shown
        return
    assert "almost the same" in shown
    assert "Nothing was asked in the span looked at" in shown
    house.vote(yes=True)
    (rule,) = house.policies.now(FRAUD).filter.rules
    assert likeness(rule).kept == 200
    assert {n.to for n in house.told.notices} >= told
    house.later(minutes=11)
    house.later(hours=25)
    assert not house.policies.now(FRAUD).filter.rules


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_watching_harder_contains_nothing(tmp_path: Path) -> None:
    steps = "  - do: freeze\n  - do: enhanced_monitoring\n  - do: await_probe\n"
    with house_of(tmp_path, steps) as house:
        assert house.answer().state is RunState.DONE
        with house.store.look() as tx:
            assert tx.incidents.get(house.incident.id).phase is Phase.TRIAGED


def test_whom_a_person_let_go_stays_free_until_they_do_something_new(house: House) -> None:
    house.answer()
    house.clock.at += timedelta(minutes=2)
    block = next(d for d in house.policies.standing(FRAUD).demands if d.policy.deny.principals)
    change = Change(by="ada", because="a partner of ours", incident=house.incident.id)
    house.policies.revert(FRAUD, block.id, change)
    freed = house.clock.at
    for _ in range(3):
        run = house.later(seconds=20)
    assert house.denied() == frozenset()
    assert run.state is RunState.WAITING
    said = [str(one.entry.facts.get("says")) for one in house.store.outbox(limit=500)]
    told = "ada let key-91 go; this playbook refuses them for new deeds only"
    assert [s for s in said if "let key-91 go" in s] == [told]
    # The counts of before say nothing new, also where somebody else is named beside them.
    named(house, "key-92", since=freed - timedelta(minutes=10))
    assert house.denied() == {"key-92"}
    named(house, "key-91", since=freed)
    assert house.denied() == {"key-91", "key-92"}


def named(house: House, key: str, since: datetime) -> None:
    """Names them in a finding whose window begins then, and lets the run hear of it."""
    suspect = Suspect(principal=PrincipalId(key), share=0.9, confidence=0.97)
    finding = Finding(
        detector=DetectorId("extraction"),
        asset=FRAUD,
        window=Span(start=since, end=house.clock.at),
        says="Somebody copies the model.",
        measured={},
        because=(),
        suspects=(suspect,),
    )
    with house.store.begin() as tx:
        tx.findings.put([finding], at=house.clock.at)
        seen = tx.incidents.get(house.incident.id)
        suspects = {s.principal: s for s in (*seen.suspects, suspect)}
        house.incident = tx.incidents.save(
            replace(
                seen,
                suspects=tuple(suspects.values()),
                findings=(*seen.findings, finding.id),
            )
        )
    house.runner.answer(house.incident)
    house.inline.work()
