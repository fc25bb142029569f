"""Unproved: what no guard could show when it was done is shown as soon as one can."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.engine.contained import FRAUD, INCIDENT, NOON, SHOWN, Contained

from stanch.engine.guards import Proof
from stanch.engine.held import Held, held
from stanch.engine.owed import PROOFS, owed
from stanch.engine.runs.deeds import Order
from stanch.engine.unproved import LONGEST, PATIENCE, SHORTEST, Unproved
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import RunId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind

BLOCK = Order(
    act="block_principal",
    args={"principals": ("key-91",)},
    incident=INCIDENT,
    asset=FRAUD,
    key="run-1/block",
    lasts=86_400,
    run=RunId("run-1"),
)
AWAY = Proof(holds=None, says="No guard of fraud has been heard of lately.")
DEAF = Proof(holds=False, says="The probe through g did not show the effect.", guards=("g",))


class House(Contained):
    """An act that no guard could show, and a guard that comes and goes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, AttackKind.EXTRACTION)
        self.shows = AWAY
        self.there = False
        self.chore = self.begun_again()
        assert self.deeds.perform(BLOCK).ok
        self.asked.clear()

    def begun_again(self) -> Unproved:
        return Unproved(self.store, self.now, self.deeds.shown, lambda *_: self.there)

    def comes(self, shows: Proof) -> None:
        self.shows, self.there = shows, True

    def later(self, by: timedelta) -> int:
        self.at += by
        return self.chore.turn()

    @property
    def held(self) -> Held:
        with self.store.look() as tx:
            return held(tx, tx.incidents.get(INCIDENT), tx.assets.get(FRAUD))

    @property
    def owes(self) -> bool:
        with self.store.look() as tx:
            return bool(owed(tx, PROOFS))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


def test_a_guard_that_was_away_for_all_the_playbooks_questions_still_proves_it(
    house: House,
) -> None:
    prove = replace(BLOCK, act="await_probe", args={}, key="run-1/prove")
    assert not house.deeds.perform(prove).ok
    assert house.later(timedelta(minutes=20)) == 0
    assert house.phase is Phase.TRIAGED
    house.comes(SHOWN)
    assert house.later(timedelta(seconds=1)) == 1
    assert house.phase is Phase.CONTAINED
    assert house.later(timedelta(seconds=1)) == 0
    assert not house.owes


def test_nobody_is_asked_while_no_guard_runs_it_or_the_playbook_asks(house: House) -> None:
    assert house.later(timedelta(hours=1)) == 0
    assert house.asked == []
    house.at = NOON
    house.comes(SHOWN)
    assert house.later(PATIENCE - timedelta(seconds=1)) == 0
    assert house.later(timedelta(seconds=1)) == 1


def test_a_guard_that_does_not_show_it_is_asked_ever_more_seldom(house: House) -> None:
    house.comes(DEAF)
    for _ in range(300):
        house.later(timedelta(seconds=40))
    pauses = [b - a for a, b in zip(house.asked, house.asked[1:], strict=False)]
    assert len(house.asked) < 16
    assert pauses == sorted(pauses)
    assert pauses[-1] <= LONGEST + timedelta(seconds=40)
    house.comes(SHOWN)
    assert house.later(LONGEST) == 1


def test_a_start_forgets_the_pauses_and_not_what_is_owed(house: House) -> None:
    house.comes(DEAF)
    assert house.later(PATIENCE) == 0
    house.chore = house.begun_again()
    house.comes(SHOWN)
    assert house.later(timedelta(seconds=0)) == 1


def test_what_is_over_is_owed_no_more(house: House) -> None:
    house.comes(DEAF)
    assert house.later(PATIENCE) == 0
    house.deeds.undo(BLOCK, BLOCK.key)
    assert house.later(SHORTEST) == 0
    assert not house.owes


def test_what_a_guard_cannot_do_is_asked_once_and_owed_no_more(house: House) -> None:
    cannot = ("It knows no names.",)
    house.comes(Proof(holds=False, says=cannot[0], cannot=cannot))
    assert house.later(PATIENCE) == 0
    assert house.later(SHORTEST) == 0
    assert len(house.asked) == 1
    assert not house.owes


def test_an_incident_that_is_closed_owes_nothing(house: House) -> None:
    with house.store.begin() as tx:
        tx.incidents.save(replace(tx.incidents.get(INCIDENT), phase=Phase.CLOSED))
    house.comes(SHOWN)
    assert house.later(PATIENCE) == 0
    assert not house.owes


def test_what_nobody_has_judged_is_held_from_its_proof_on_and_contained_once_it_is_judged(
    house: House,
) -> None:
    undecided = Verdict(kind=VerdictKind.UNDECIDED)
    told(house, phase=Phase.DETECTED, verdict=undecided)
    house.comes(SHOWN)
    assert house.later(PATIENCE) == 1
    shown = house.at
    found = told(house)
    assert (found.phase, found.held_at) == (Phase.DETECTED, shown)
    assert house.held.says == "Contained; not known yet whether it is an attack"
    assert house.held.took == (
        "It took 5.0 s since it was opened (0.0 s after its first event): less than 1 % of the 1 h "
        "it may have."
    )
    house.later(PATIENCE)
    assert house.owes, "it is not forgotten while nobody has judged it"
    told(house, phase=Phase.TRIAGED, verdict=replace(undecided, kind=VerdictKind.ATTACK))
    house.later(PATIENCE)
    assert (house.phase, told(house).held_at) == (Phase.CONTAINED, shown)
    house.later(PATIENCE)
    assert not house.owes


def told(house: House, **new: Any) -> Incident:
    """The incident, as somebody made it."""
    with house.store.begin() as tx:
        seen = tx.incidents.get(INCIDENT)
        return tx.incidents.save(replace(seen, **new)) if new else seen
