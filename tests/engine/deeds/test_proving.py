"""A guard's proof moves an incident on, once, and what a guard cannot is told."""

from dataclasses import replace

from tests.engine.deeds.room import BLOCK, FRAUD, INCIDENT, NOON, Room

from stanch.engine.guards import Proof
from stanch.engine.placed import placed
from stanch.engine.policies import Change
from stanch.vocabulary.incident import (
    Phase,
)
from stanch.vocabulary.record import Deed


def test_a_proof_moves_the_incident_on_and_is_entered_once(room: Room) -> None:
    room.deeds.perform(BLOCK)
    proof = replace(BLOCK, act="await_probe", args={}, key="run-1/prove")
    done = room.deeds.perform(proof)
    assert (done.ok, done.says) == (
        False,
        "A guard has proved 0 of 1 act. Block principals: Nobody.",
    )
    room.shows = Proof(holds=None, says="It told no address.", guards=("one",))
    assert not room.deeds.perform(proof).again
    room.shows = Proof(holds=None, says="No guard was heard of since the start.")
    assert room.deeds.perform(proof).again
    room.shows = replace(room.shows, nobody=True)
    assert not room.deeds.perform(proof).again
    room.shows = Proof(holds=False, says="Not yet.")
    assert room.deeds.perform(proof).again
    room.shows = Proof(holds=True, says="Shown.")
    assert room.deeds.perform(proof).ok
    assert room.deeds.perform(proof).ok
    with room.store.look() as tx:
        seen = tx.incidents.get(INCIDENT)
    assert (seen.phase, seen.contained_at) == (Phase.CONTAINED, NOON)
    assert room.entered(Deed.POLICY_PROVED) == 1
    assert room.deeds.facts(INCIDENT, NOON)["proved"] is True


def test_what_was_freed_by_other_means_is_not_waited_for(room: Room) -> None:
    room.deeds.perform(BLOCK)
    with room.store.look() as tx:
        ((_, demand),) = placed(tx, INCIDENT)[0].demands
    room.policies.revert(FRAUD, demand, Change(by="ada", because="it was us"))
    room.deeds.perform(replace(BLOCK, act="throttle", args={"rate": "5/min"}, key="run-2/slow"))
    room.shows = Proof(holds=True, says="Shown.")
    proof = replace(BLOCK, act="await_probe", args={}, key="run-2/prove")
    assert room.deeds.perform(proof).says == "A guard has proved 1 of 1 act."
    assert room.deeds.facts(INCIDENT, NOON)["proved"] is True
    room.policies.back_to(FRAUD, 0, Change(by="ada", because="it was us"))
    assert room.deeds.perform(proof).says.startswith("Nothing of this incident is in force")


def test_a_guard_that_cannot_is_not_asked_again_and_people_are_told(room: Room) -> None:
    room.deeds.perform(replace(BLOCK, act="shape_outputs", args={}, key="run-1/less"))
    proof = replace(BLOCK, act="await_probe", args={}, key="run-1/prove")
    cannot = ("Envoy cannot shape answers: use the gateway.",)
    room.shows = Proof(holds=False, says=cannot[0], cannot=cannot)
    done = room.deeds.perform(proof)
    assert (done.ok, done.again) == (False, False)
    assert "Envoy cannot shape answers" in done.says
    assert any("is not enforced" in n.says for n in room.notices)
    with room.store.look() as tx:
        assert tx.incidents.get(INCIDENT).phase is Phase.TRIAGED
    facts = room.deeds.facts(INCIDENT, NOON)
    assert (facts["proved"], facts["contained"]) == (False, False)
