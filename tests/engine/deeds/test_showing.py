"""A preview changes nothing: whom an act hits, what to weigh, what cannot be told back."""

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest
from tests.engine.deeds.room import BLOCK, FRAUD, NOON, Room

from stanch.engine.ahead import Previews
from stanch.engine.policies import Change
from stanch.engine.watch.memory import keep_history
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.trouble import BadInput


def test_showing_changes_nothing_and_says_whom_it_hits(room: Room) -> None:
    room.traffic({"key-91": 1, "key-2": 99})
    shown = room.deeds.show(BLOCK)
    assert shown.risk is Risk.AUTOMATIC
    assert "1 principal and 1 % of 100 requests" in shown.text
    assert room.policies.standing(FRAUD).version == 0


def test_the_digest_is_of_the_act_whatever_else_stands_or_how_late_it_is(room: Room) -> None:
    before = room.deeds.show(BLOCK).digest
    room.deeds.perform(replace(BLOCK, act="verbose_logging", args={}, key="run-1/log"))
    room.at += timedelta(minutes=30)
    assert room.deeds.show(BLOCK).digest == before
    assert room.deeds.show(replace(BLOCK, lasts=7200)).digest != before
    other = replace(BLOCK, args={"principals": ("key-2",)})
    assert room.deeds.show(other).digest != before


def test_whom_a_network_hits_is_measured_by_where_requests_came_from(room: Room) -> None:
    room.traffic({"key-91": 80, "key-2": 20})
    who = ["key-91"] * 4 + ["key-2"] * 2
    source = [*["203.0.113.7"] * 3, *["198.51.100.1"] * 2, "::ffff:203.0.113.9"]
    columns = {"principal": who, "source": source, "kind": ["inference"] * 6}
    block = replace(BLOCK, act="block_network", args={"networks": ("203.0.113.0/24",)})
    assert "by its address is not known" in room.deeds.show(block).text
    room.rows = pa.table({**columns, "version": ["v7"] * 6, "ts": [NOON] * 6})
    shown = room.deeds.show(block).text
    assert "Hits 2 principals and 70 % of 100 requests (70 refused" in shown


def test_what_to_weigh_stands_where_people_are_asked(room: Room) -> None:
    room.policies.set_base(Policy(asset=FRAUD, route={"v7": 1}), Change(by="ada", because="a"))
    made = Happening(
        at=NOON, event="e-1", kind=EventKind.TRAINING, facts={"digest": "sha256:v6"}, what="run"
    )
    told = Happening(
        at=NOON, event="e-2", kind=EventKind.DEPLOYMENT, version="v6", what="sha256:v6"
    )
    with room.store.begin() as tx:
        keep_history(tx, FRAUD, (made, told))
    shown = room.deeds.show(replace(BLOCK, act="roll_back", args={"to": "v6"}))
    assert "What to weigh: Versions were last changed at 12:00 UTC" in shown.text
    assert "this may undo a rollout" in shown.text


def test_the_blast_is_measured_by_the_minutes_that_the_watch_keeps(room: Room) -> None:
    room.traffic({"key-91": 70, "key-2": 20}, unnamed=10)
    shown = room.deeds.show(replace(BLOCK, act="stop_endpoint", args={}))
    assert "Hits 2 principals and others who are not known by name and 100 % of 100" in shown.text


def test_a_preview_names_the_family_and_what_cannot_be_told_back(room: Room) -> None:
    room.sibling()
    text = room.deeds.show(replace(BLOCK, act="enhanced_monitoring", args={})).text
    assert "Each exchange is kept in full. The same is asked of fraud-eu" in text
    told = replace(BLOCK, act="notify", args={"to": "owner", "message": "hi"})
    assert "Way back: Who was told stays told" in room.deeds.show(told).text
    assert "Way back: It can be undone at any time." in room.deeds.show(BLOCK).text


def test_a_word_that_stands_for_nothing_is_refused(room: Room) -> None:
    with pytest.raises(BadInput, match="Nothing is known for \\$good_version"):
        room.deeds.perform(replace(BLOCK, act="roll_back", args={"to": "$good_version"}))


def test_a_dataset_of_which_nothing_tells_is_doubted_and_one_it_was_trained_on_is_not(
    room: Room,
) -> None:
    aside = replace(BLOCK, act="quarantine_dataset", args={"dataset": "row-2026"})
    text = room.deeds.show(aside).text
    assert "What to weigh: Nothing tells that there is a dataset row-2026" in text
    assert "Was rows-2026 meant?" in text
    named = replace(aside, args={"dataset": "rows-2026", "partitions": ("2026-11-20",)})
    assert "What to weigh" not in room.deeds.show(named).text
    trained = Happening(
        at=NOON, event="e-1", kind=EventKind.TRAINING, facts={"dataset": "row-2026"}, what="run"
    )
    with room.store.begin() as tx:
        keep_history(tx, FRAUD, (trained,))
    assert "What to weigh" not in room.deeds.show(aside).text


def test_who_asked_nothing_is_doubted_before_the_owners_own_policy_is_set_too(room: Room) -> None:
    room.traffic({"key-91": 80, "key-2": 20})
    ahead = Previews(room.store, lambda: room.at, room)
    wrong = Policy(asset=FRAUD, deny=Deny(principals=frozenset({PrincipalId("key-19")})))
    assert any("key-19 asked nothing" in one for one in ahead.set(wrong).warns)
    right = replace(wrong, deny=Deny(principals=frozenset({PrincipalId("key-91")})))
    assert ahead.set(right).warns == ()
