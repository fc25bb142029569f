"""A key has one effect; undoing restores it, wherever the store fails; a call is owed back."""

import errno
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from tests.engine.deeds.room import BLOCK, FRAUD, INCIDENT, NOON, Room

from stanch.engine.ahead import Previews
from stanch.engine.calling import ended
from stanch.engine.freeze import FROZEN
from stanch.engine.outside import Taken
from stanch.engine.owed import BACK, CALLS, owed
from stanch.engine.policies import Change
from stanch.engine.taking_back import TakingBack, elsewhere
from stanch.vocabulary.asset import Asset, AssetKind, Lineage
from stanch.vocabulary.ids import (
    AssetId,
    EvidenceId,
    digest_of,
)
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.record import Deed, Evidence
from stanch.vocabulary.trouble import BadInput, NotFound


def test_the_same_key_has_one_effect_at_any_later_time(room: Room) -> None:
    first = room.deeds.perform(BLOCK)
    room.at += timedelta(minutes=3)
    assert room.deeds.perform(BLOCK) == first
    (demand,) = room.policies.standing(FRAUD).demands
    assert demand.until == NOON + timedelta(hours=1)
    assert room.entered(Deed.POLICY_CHANGED) == 1


def test_undoing_restores_and_undoing_again_changes_nothing(room: Room) -> None:
    done = room.deeds.perform(BLOCK)
    for _ in range(2):
        assert room.deeds.undo(BLOCK, done.handle).ok
    assert room.policies.standing(FRAUD).demands == ()
    assert room.entered(Deed.POLICY_CHANGED) == 2


@pytest.mark.parametrize(
    ("kind", "minutes", "frozen"), [("notes", 0, True), (FROZEN, 0, False), (FROZEN, 2, True)]
)
def test_evidence_is_frozen_before_an_act_unless_a_freeze_was_made_a_moment_ago(
    room: Room, kind: str, minutes: int, *, frozen: bool
) -> None:
    """What a person puts in is evidence, and no freeze."""
    item = Evidence(
        id=EvidenceId("evd-1"),
        incident=INCIDENT,
        digest=digest_of(b"x"),
        size=1,
        kind=kind,
        name="x",
        taken=NOON,
        by="ada",
        log_index=1,
    )
    with room.store.begin() as tx:
        tx.evidence.add(item)
    room.at += timedelta(minutes=minutes)
    room.deeds.freeze(INCIDENT, by="stanch")
    assert bool(room.frozen) is frozen


def test_what_nobody_here_can_call_is_told_to_a_person(room: Room) -> None:
    order = replace(
        BLOCK, act="quarantine_dataset", args={"dataset": "$dataset"}, key="run-1/set-aside"
    )
    done = room.deeds.perform(order)
    assert "By hand: Dataset rows-2026" in done.says
    assert any("by hand" in n.says for n in room.notices)
    assert room.policies.now(FRAUD).hold.training


def test_what_an_act_called_for_is_owed_back_however_the_act_ends(room: Room) -> None:
    order = replace(BLOCK, act="quarantine_dataset", args={"dataset": "d"}, key="run-1/aside")
    room.deeds.perform(replace(order, lasts=3600))
    assert ended(room.store, room.at) == 0
    room.at += timedelta(hours=2)
    room.policies.expire()
    for expected in (1, 0):
        assert ended(room.store, room.at) == expected
    with room.store.look() as tx:
        (back,) = owed(tx, BACK)
        assert owed(tx, CALLS) == []
    assert (Taken.read(back).call.undo, Taken.read(back).key) == ("release", "run-1/aside/0")
    assert room.deeds.undo(order, "run-1/aside").says == "There is nothing left to take back."


def _fails_at(cut: int) -> Callable[[object], None]:
    """What makes this write, counted from 0, and every later one fail."""
    writes = count()

    def fail(_: object) -> None:
        if next(writes) >= cut:
            raise OSError(errno.ENOSPC, "No space left on device")

    return fail


@pytest.mark.parametrize("act", ["block_principal", "quarantine_dataset", "enhanced_monitoring"])
def test_wherever_the_store_fails_in_an_act_it_can_be_undone_whole(room: Room, act: str) -> None:
    args: dict[str, Argument] = {"dataset": "d"} if act == "quarantine_dataset" else {}
    order = replace(BLOCK, act=act, args=BLOCK.args if act == "block_principal" else args)
    kin = (FRAUD, room.sibling())
    broke = 0
    for cut in count():
        cut_off = replace(order, key=f"run-1/{act}-{cut}")
        try:
            with room.store.only_if(_fails_at(cut)):
                room.deeds.perform(cut_off)
            break
        except OSError:
            broke += 1
        handle = room.deeds.begun(cut_off)
        stands = [a for a in kin if room.policies.standing(a).demands]
        assert bool(handle) == bool(stands), cut
        room.deeds.undo(cut_off, handle)
        assert not any(room.policies.standing(a).demands for a in kin), cut
    assert broke >= 3
    assert room.deeds.begun(cut_off) == cut_off.key


def test_the_assets_own_fallback_answers_unless_its_owners_policy_has_one(room: Room) -> None:
    with room.store.begin() as tx:
        tx.assets.save(replace(tx.assets.get(FRAUD), fallback='"hold"'))
    order = replace(BLOCK, act="safe_mode", args={}, key="run-1/safe")
    assert "the fallback answers" in room.deeds.show(order).text
    handle = room.deeds.perform(order).handle
    assert room.policies.now(FRAUD).fallback == '"hold"'
    room.deeds.undo(order, handle)
    assert room.policies.now(FRAUD).fallback == ""
    owners = Policy(asset=FRAUD, fallback='"review"')
    room.policies.set_base(owners, Change(by="ada", because="x"))
    room.deeds.perform(replace(order, key="run-2/safe"))
    assert room.policies.now(FRAUD).fallback == '"review"'


def test_an_act_that_spread_is_taken_back_everywhere_from_its_own_asset_alone(room: Room) -> None:
    kin = room.sibling()
    order = replace(BLOCK, act="enhanced_monitoring", args={}, key="run-1/watch")
    back = TakingBack(store=room.store, policies=room.policies)
    change = Change(by="ada", because="over")
    room.deeds.perform(order)
    (theirs,) = (d.id for d in room.policies.standing(kin).demands)
    back.revert(kin, theirs, change)
    (mine,) = (d.id for d in room.policies.standing(FRAUD).demands)
    room.deeds.perform(replace(order, key="run-2/watch"))
    assert room.policies.standing(kin).demands
    with room.store.look() as tx:
        assert (kin, theirs) in elsewhere(tx, FRAUD, mine)
        assert elsewhere(tx, kin, theirs) == ()
    ahead = Previews(room.store, lambda: room.at, room).revert(FRAUD, mine)
    assert any("taken back on fraud-eu" in one for one in ahead.warns)
    back.revert(FRAUD, mine, change)
    assert not room.policies.standing(kin).demands
    with pytest.raises(NotFound):
        back.revert(FRAUD, mine, change)


def test_going_back_to_a_version_ends_what_acts_since_asked_of_others(room: Room) -> None:
    kin = room.sibling()
    earlier = room.policies.set_base(Policy(asset=FRAUD), Change(by="ada", because="x")).version
    room.deeds.perform(BLOCK)
    room.deeds.perform(replace(BLOCK, act="enhanced_monitoring", args={}, key="run-1/watch"))
    assert room.policies.standing(kin).demands
    ahead = Previews(room.store, lambda: room.at, room).back_to(FRAUD, earlier)
    assert any("taken back on fraud-eu" in one for one in ahead.warns)
    back = TakingBack(store=room.store, policies=room.policies)
    change = Change(by="ada", because="over")
    back.back_to(FRAUD, earlier + 2, change, puts_back=False)
    assert room.policies.standing(kin).demands, "what stays in force stays everywhere"
    back.back_to(FRAUD, earlier, change, puts_back=False)
    assert not room.policies.standing(FRAUD).demands
    assert not room.policies.standing(kin).demands


def test_who_is_related_is_told_by_name_what_happened_and_to_what(room: Room) -> None:
    tell = replace(
        BLOCK,
        act="notify",
        args={"to": "$downstream", "message": "Rows of $dataset may be poisoned; $version waits."},
        lasts=None,
    )
    with pytest.raises(BadInput, match="downstream"):
        room.deeds.show(tell)
    with room.store.begin() as tx:
        made = (("shop", "mia"), ("kiosk", "noa"), ("own", "ada"))
        for name, owner in made:
            line = Lineage(derived_from=(FRAUD,))
            tx.assets.add(
                Asset(id=AssetId(name), kind=AssetKind.MODEL, name=name, owner=owner, lineage=line)
            )
    assert room.deeds.perform(tell).ok
    assert [n.to for n in room.notices] == ["noa", "mia"]
    assert {n.says for n in room.notices} == {
        "Rows of rows-2026 may be poisoned; (not known) waits."
    }
    assert {(n.incident, n.asset) for n in room.notices} == {(INCIDENT, FRAUD)}
    facts = room.deeds.facts(INCIDENT, NOON)
    assert (facts["downstream"], facts["sharing"], facts["data_owners"]) == (2, 0, 0)
