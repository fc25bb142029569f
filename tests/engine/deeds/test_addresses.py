"""Addresses that findings are about are refused; a proxy never is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.engine.deeds.room import BLOCK, FRAUD, INCIDENT, NOON, Room

from stanch.vocabulary.approval import Risk
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import (
    DetectorId,
)
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput


def test_the_addresses_that_findings_are_about_can_be_refused_after_a_yes(room: Room) -> None:
    order = replace(BLOCK, act="block_network", args={"networks": "$networks"}, key="run-1/from")
    with pytest.raises(BadInput, match="networks"):
        room.deeds.show(order)
    assert room.deeds.facts(INCIDENT, NOON)["networks"] == 0
    groups = ("source=203.0.113.9", "source=::ffff:203.0.113.9", "source=nowhere", "country=nl")
    _found(room, groups)
    assert room.deeds.facts(INCIDENT, NOON)["networks"] == 1
    assert room.deeds.show(order).risk is Risk.ONE
    room.deeds.perform(order)
    with room.store.look() as tx:
        now = tx.policies.now(FRAUD)
    assert now is not None
    assert now.policy.deny.networks == {"203.0.113.9/32"}


def _found(room: Room, groups: tuple[str, ...]) -> None:
    finding = Finding(
        detector=DetectorId("access_anomaly"),
        asset=FRAUD,
        window=Span(start=NOON - timedelta(minutes=1), end=NOON),
        says="Logins fail.",
        measured={},
        because=(),
        groups=groups,
    )
    with room.store.begin() as tx:
        tx.findings.put([finding], at=NOON)
        seen = tx.incidents.get(INCIDENT)
        tx.incidents.save(replace(seen, findings=(finding.id,)))


FROM = replace(BLOCK, act="block_network", key="run-1/from")


@pytest.mark.parametrize("blocked", ["10.0.0.7", "10.0.0.0/8", "10.0.0.7/32", "::ffff:10.0.0.7"])
def test_a_block_that_would_hit_a_proxy_is_refused_in_a_sentence(room: Room, blocked: str) -> None:
    room.proxies = ("10.0.0.0/29", "2001:db8::/64")
    for order in (
        replace(FROM, args={"networks": ("203.0.113.7/32", blocked)}),
        *([replace(BLOCK, args={"principals": (blocked,)})] if "/" not in blocked else []),
    ):
        for step in (room.deeds.show, room.deeds.perform):
            with pytest.raises(BadInput, match=r"holds 10.0.0.0/29, a proxy before fraud"):
                step(order)
    assert room.policies.standing(FRAUD).version == 0
    assert room.deeds.perform(replace(FROM, args={"networks": ("203.0.113.7/32",)})).ok


def test_what_is_in_force_already_can_still_be_taken_back_when_it_turns_out_to_be_a_proxy(
    room: Room,
) -> None:
    order = replace(FROM, args={"networks": ("10.0.0.7/32",)})
    done = room.deeds.perform(order)
    room.proxies = ("10.0.0.7/32",)
    assert room.deeds.undo(order, done.handle).ok
    assert room.policies.standing(FRAUD).demands == ()


def test_a_playbook_takes_no_proxy_for_an_address_that_somebody_came_from(room: Room) -> None:
    room.proxies = ("10.0.0.7/32",)
    finding = Finding(
        detector=DetectorId("access_anomaly"),
        asset=FRAUD,
        window=Span(start=NOON, end=NOON),
        says="Keys are tried.",
        measured={},
        because=(),
        groups=("source=10.0.0.7", "source=203.0.113.7"),
    )
    with room.store.begin() as tx:
        tx.findings.put([finding], at=NOON)
        tx.incidents.save(replace(tx.incidents.get(INCIDENT), findings=(finding.id,)))
    assert room.deeds.facts(INCIDENT, NOON)["networks"] == 1
    assert room.deeds.perform(replace(FROM, args={"networks": "$networks"})).ok
    assert room.policies.now(FRAUD).deny.networks == {"203.0.113.7/32"}
    room.proxies = ("10.0.0.7/32", "203.0.113.0/24")
    assert room.deeds.facts(INCIDENT, NOON)["networks"] == 0
