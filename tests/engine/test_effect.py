"""Each version of a policy is shown by its guards, whoever made it, and what is shown is kept."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

import pytest

from stanch.contain.policy import canonical
from stanch.engine.effect import LONGEST, PATIENCE, SHORTEST, Effects
from stanch.engine.guards import Guards, Proof, Report
from stanch.engine.owed import EFFECTS, owed
from stanch.engine.policies import Change, Policies
from stanch.store.sql.store import SqlStore
from stanch.testing.actions import ASSET, guard
from stanch.testing.gate import gate
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.policy import Deny, Mode, Policy
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.record import Deed
from stanch.vocabulary.standing import Demand, DemandId

BY_HAND = Change(by="ada", because="a test")
FREE = Policy(asset=ASSET)
DENIED = replace(FREE, deny=Deny(principals=frozenset({PrincipalId("key-91")})))
WIDE = replace(FREE, mode=Mode.STOPPED)


class Moved(Protocol):
    at: datetime

    def __call__(self) -> datetime: ...


class Room:
    """A house with one guard, which is a real one and fetches the policy when it is told to."""

    def __init__(self, store: SqlStore, clock: Moved) -> None:
        self.store, self.clock = store, clock
        self.policies = Policies(store, clock)
        self.guards = Guards(store, clock)
        self.effects = Effects(store, clock, self.guards)
        self.core = guard(FREE)
        self.core.link.probe_key = self.guards.probe_key(ASSET)
        self.address = ""

    def answer(self, header: str) -> str:
        return self.core.probed({"headers": [(b"stanch-probe", header.encode())]}) or ""

    def fetch(self) -> None:
        """The guard runs what is in force, and says so."""
        self.core.keeper.accept(canonical(self.policies.now(ASSET)))
        self.report(self.core.keeper.version)

    def report(self, version: int) -> None:
        one = Report(guard="g1", asset=ASSET, version=version, address=self.address)
        self.guards.report(one)

    def later(self, by: timedelta) -> int:
        self.clock.at += by
        return self.effects.turn()

    @property
    def owes(self) -> bool:
        with self.store.look() as tx:
            return bool(owed(tx, EFFECTS))

    @property
    def entries(self) -> list[str]:
        """What the log says was shown."""
        told = (one.entry for one in self.store.outbox(0, 100))
        return [str(one.facts["holds"]) for one in told if one.deed is Deed.POLICY_PROVED]


@pytest.fixture
def room(sql_store: SqlStore, hands: Moved) -> Iterator[Room]:
    made = Room(sql_store, hands)
    with gate(made.answer) as made.address:
        yield made


def test_what_an_owner_sets_is_shown_and_so_is_that_it_was_taken_back(room: Room) -> None:
    for policy, version in ((DENIED, 1), (FREE, 2)):
        room.policies.set_base(policy, BY_HAND)
        room.fetch()
        found = room.effects.prove(ASSET)
        assert found is not None
        assert (found.holds, found.version, found.guards) == (True, version, ("g1",))
        assert room.effects.of(ASSET) == found
    assert room.entries == ["true", "true"]
    assert not room.owes


def test_a_guard_that_says_it_runs_what_it_does_not_do_is_caught(room: Room) -> None:
    room.policies.set_base(DENIED, BY_HAND)
    room.fetch()
    room.policies.set_base(FREE, BY_HAND)
    room.report(2)
    found = room.effects.prove(ASSET)
    assert found is not None
    assert found.holds is False
    assert "through g1" in found.says
    assert "deny.principals" in found.says


def test_what_time_ends_is_shown_though_nobody_waits_for_it(room: Room) -> None:
    until = room.clock() + timedelta(hours=1)
    demand = Demand(
        id=DemandId("d1"), policy=WIDE, since=room.clock(), until=until, by="stanch", why="w"
    )
    room.policies.demand(demand, replace(BY_HAND, incident=IncidentId("inc-1")))
    room.fetch()
    assert room.later(PATIENCE) == 1
    room.clock.at = until
    room.policies.expire()
    room.fetch()
    assert room.later(PATIENCE - timedelta(seconds=1)) == 0
    assert room.later(timedelta(seconds=1)) == 1
    found = room.effects.of(ASSET)
    assert found is not None
    assert (found.version, found.holds) == (2, True)


def test_a_guard_that_comes_back_shows_what_was_changed_meanwhile(room: Room) -> None:
    room.policies.set_base(DENIED, BY_HAND)
    asked = room.effects.prove(ASSET)
    assert asked is not None
    assert asked.holds is None
    assert room.later(timedelta(days=1)) == 0
    assert room.owes
    room.fetch()
    assert room.later(timedelta(seconds=1)) == 1
    assert room.entries == ["unknown", "true"]
    assert not room.owes


def test_two_changes_of_which_no_guard_showed_the_first_are_shown_together(room: Room) -> None:
    room.policies.set_base(DENIED, BY_HAND)
    asked = room.effects.prove(ASSET)
    assert asked is not None
    assert asked.shown == 0, "nobody showed it"
    room.policies.set_base(replace(DENIED, mode=Mode.SAFE, fallback="0"), BY_HAND)
    room.core.keeper.accept(canonical(replace(room.policies.now(ASSET), deny=Deny())))
    room.report(2)
    found = room.effects.prove(ASSET)
    assert found is not None
    assert "deny.principals" in found.says


def test_who_does_not_show_it_is_asked_ever_more_seldom(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = 20 * SHORTEST
    monkeypatch.setattr("stanch.engine.effect.LONGEST", longest)
    room.policies.set_base(DENIED, BY_HAND)
    asked: list[datetime] = []

    def prove(_: AssetId, seconds: float) -> None:
        assert seconds < PATIENCE.total_seconds()
        asked.append(room.clock())

    monkeypatch.setattr(room.effects, "prove", prove)
    for _ in range(4 * int(longest / SHORTEST)):
        room.report(1)
        room.later(SHORTEST)
    pauses = [later - sooner for sooner, later in pairwise(asked)]
    assert pauses[:3] == [SHORTEST, 2 * SHORTEST, 4 * SHORTEST]
    assert max(pauses) == longest < LONGEST


def test_the_same_answer_is_entered_once(room: Room) -> None:
    room.policies.set_base(DENIED, BY_HAND)
    room.report(1)
    for _ in range(3):
        room.effects.prove(ASSET)
    assert room.entries == ["false"]


def test_what_a_guard_cannot_do_is_said_and_not_asked_for_ever(room: Room) -> None:
    room.policies.set_base(replace(FREE, mirror="v8"), BY_HAND)
    room.fetch()
    found = room.effects.prove(ASSET)
    assert found is not None
    assert (found.holds, found.cannot) == (
        False,
        ("Requests are not copied to 'v8': use the gateway.",),
    )
    assert not room.owes


def test_a_change_that_is_made_while_guards_show_the_one_before_is_owed_yet(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.policies.set_base(DENIED, BY_HAND)
    room.fetch()
    ask = room.guards.ask

    def slowly(asset: AssetId, version: int, probes: Sequence[Probe], seconds: float) -> Proof:
        proof = ask(asset, version, probes, seconds)
        room.policies.set_base(FREE, BY_HAND)
        return proof

    monkeypatch.setattr(room.guards, "ask", slowly)
    found = room.effects.prove(ASSET)
    assert found is not None
    assert (found.version, found.holds) == (1, True)
    assert room.owes
    assert room.entries == []


def test_of_a_policy_that_was_never_changed_there_is_nothing_to_show(room: Room) -> None:
    assert room.effects.of(ASSET) is None
    assert room.effects.prove(ASSET) is None


def test_before_anybody_asked_it_is_said_that_nobody_did(room: Room) -> None:
    room.policies.set_base(DENIED, BY_HAND)
    found = room.effects.of(ASSET)
    assert found is not None
    assert (found.holds, found.version) == (None, 1)
    assert "asked" in found.says
