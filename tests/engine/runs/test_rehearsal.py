"""Rehearsals: the walk and the previews are real, and nothing is done."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from stanch.contain.playbook.written import read
from stanch.engine.approvals import Approvals
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.policies import Policies
from stanch.engine.runs.library import shipped
from stanch.engine.runs.performer import World
from stanch.engine.runs.rehearsal import Answers, Play, Rehearsal
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind, Suspect
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.playbook import Playbook
from stanch.vocabulary.trouble import NotFound

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD, CASE = AssetId("fraud"), IncidentId("inc-1")
SHORT = """\
playbook: short
title: Short
steps:
  - do: freeze
  - id: block
    do: block_principal
    with: {principals: $suspects}
    lasts: 1h
  - id: ok
    ask: May the fallback answer everybody?
    about: [safe]
    within: 10m
    if_silent: no
    no: end
  - id: safe
    do: safe_mode
    lasts: 1h
"""
Played = Callable[..., Play]


class Nobody:
    def freeze(self, incident: Incident) -> None:
        raise AssertionError("a rehearsal froze something")


@pytest.fixture
def play(sql_store: Any) -> Played:
    clock = lambda: NOON  # noqa: E731  a clock that stands
    hands = Hands(
        store=sql_store, policies=Policies(sql_store, clock), keeper=Nobody(), clock=clock
    )
    world = World(
        store=sql_store,
        deeds=RealDeeds(hands),
        approvals=Approvals(sql_store, clock),
        clock=clock,
    )
    with sql_store.begin() as tx:
        asset = Asset(id=FRAUD, kind=AssetKind.MODEL, name="f", owner="ada", fallback='"no"')
        tx.assets.add(asset)
        tx.incidents.add(
            Incident(
                id=CASE,
                title="Model extraction",
                asset=FRAUD,
                opened=NOON,
                first_seen=NOON,
                updated=NOON,
                phase=Phase.TRIAGED,
                suspects=(Suspect(principal=PrincipalId("key-91"), share=0.9, confidence=0.97),),
                verdict=Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION),
            )
        )

    def played(book: Playbook | None = None, answers: Answers = Answers.YES) -> Play:
        return Rehearsal(world).play(book or read(SHORT).playbook, CASE, answers)

    return played


def test_acts_are_previewed_and_their_consent_is_told(play: Played) -> None:
    told = play()
    assert [s.step for s in told.scenes] == ["freeze", "block", "ok", "safe"]
    block = told.scenes[1]
    assert "key-91" in block.shown
    assert block.risk is Risk.AUTOMATIC
    assert told.scenes[3].came == "done after a yes"
    assert (told.asked, told.cut) == (2, False)


@pytest.mark.parametrize("answers", [Answers.NO, Answers.SILENCE])
def test_a_no_and_silence_take_the_other_way(play: Played, answers: Answers) -> None:
    assert [s.step for s in play(answers=answers).scenes] == ["freeze", "block", "ok"]


def test_nothing_is_changed_by_it(play: Played, sql_store: Any) -> None:
    before = sql_store.latest()
    for book in shipped().values():
        play(book.playbook)
    assert sql_store.latest() == before
    assert not [p for p in sql_store.outbox(limit=500) if p.entry.actor != "stanch"]
    with sql_store.look() as tx:
        assert tx.policies.now(FRAUD) is None
        assert tx.approvals.count() == tx.runs.count() == 0


def test_one_round_of_what_repeats_stands_for_all_and_the_rest_is_told(play: Played) -> None:
    book = read(
        "playbook: long\ntitle: Long\nsteps:\n"
        "  - id: round\n    repeat: rest\n    while: suspects >= 1\n    most: 9\n    next: last\n"
        "  - id: rest\n    wait: 1m\n    next: end\n"
        "  - id: last\n    wait: 1m\n    next: end\n"
    ).playbook
    told = play(book)
    assert [s.step for s in told.scenes] == ["round", "rest", "round", "last"]
    assert told.scenes[2].came.startswith("and so on, as long as ")
    assert not told.cut


def test_a_playbook_that_is_too_long_is_cut_and_says_so(
    play: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stanch.engine.runs.rehearsal.MOST_STEPS", 2)
    told = play()
    assert told.cut
    assert len(told.scenes) == 2


def test_an_incident_that_is_not_there_is_refused(play: Played, sql_store: Any) -> None:
    with pytest.raises(NotFound):
        Rehearsal(
            World(store=sql_store, deeds=None, approvals=None, clock=lambda: NOON)  # type: ignore[bad-argument-type]  never asked
        ).play(read(SHORT).playbook, IncidentId("inc-none"))
