"""Policies in force: demands stack, go back alone, end by time, and each version stays."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import pytest

from stanch.contain.policy import digest
from stanch.engine.policies import Change, Policies
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.ids import ActionId, AssetId, IncidentId, PrincipalId
from stanch.vocabulary.policy import Deny, Mode, Policy
from stanch.vocabulary.record import Deed
from stanch.vocabulary.standing import Demand, demand_id
from stanch.vocabulary.trouble import BadInput, NotAllowed, NotFound

FRAUD = AssetId("fraud")
BY_HAND = Change(by="ada", because="a test")


class Moved(Protocol):
    at: datetime

    def __call__(self) -> datetime: ...


def deny(
    who: str, at: datetime, *, incident: str = "inc-1", until: datetime | None = None
) -> Demand:
    policy = Policy(asset=FRAUD, deny=Deny(principals=frozenset({PrincipalId(who)})))
    return Demand(
        id=demand_id(incident, "block_principal", who.encode()),
        policy=policy,
        since=at,
        by="stanch",
        why=f"{who} copies the model",
        incident=IncidentId(incident),
        action=ActionId("block_principal"),
        until=until,
    )


def test_two_incidents_demands_stand_together_and_one_goes_back_alone(
    sql_store: SqlStore, hands: Moved
) -> None:
    policies = Policies(sql_store, hands)
    first, second = deny("mallory", hands()), deny("trudy", hands(), incident="inc-2")
    policies.demand(first, BY_HAND)
    policies.demand(second, BY_HAND)
    assert policies.now(FRAUD).deny.principals == {"mallory", "trudy"}
    policies.revert(FRAUD, first.id, BY_HAND)
    assert policies.now(FRAUD).deny.principals == {"trudy"}
    with pytest.raises(NotFound):
        policies.revert(FRAUD, first.id, BY_HAND)


def test_the_same_demand_again_makes_no_new_version(sql_store: SqlStore, hands: Moved) -> None:
    policies = Policies(sql_store, hands)
    demand = deny("mallory", hands())
    once = policies.demand(demand, BY_HAND)
    again = policies.demand(demand, BY_HAND)
    assert again.version == once.version == 1


def test_a_demand_ends_by_itself_and_the_version_grows_so_that_guards_follow(
    sql_store: SqlStore, hands: Moved
) -> None:
    policies = Policies(sql_store, hands)
    end = hands() + timedelta(minutes=10)
    before = policies.demand(deny("mallory", hands(), until=end), BY_HAND)
    assert policies.expire() == end
    hands.at = end
    assert policies.expire() is None
    with sql_store.look() as tx:
        after = tx.policies.now(FRAUD)
    assert after is not None
    assert after.version > before.version
    assert after.policy.deny.principals == frozenset()


def test_an_owners_policy_ends_by_itself_and_the_one_before_it_is_back(
    sql_store: SqlStore, hands: Moved
) -> None:
    policies, end = Policies(sql_store, hands), hands() + timedelta(minutes=10)
    usual = Policy(asset=FRAUD, fallback='"no"', route={"v6": 1})
    policies.set_base(usual, BY_HAND)
    policies.set_base(Policy(asset=FRAUD, mode=Mode.STOPPED, until=end), BY_HAND)
    for n in range(30):
        policies.demand(deny(f"key-{n}", hands()), BY_HAND)
    assert (policies.now(FRAUD).mode, policies.expire()) == (Mode.STOPPED, end)
    hands.at = end
    # Whatever comes first, time or a demand, finds the policy of before and keeps every demand.
    after = policies.demand(deny("key-30", hands()), BY_HAND)
    assert policies.expire() is None
    assert replace(after.base, version=0) == usual
    assert (after.policy.mode, after.policy.until) == (Mode.SERVING, None)
    assert len(after.policy.deny.principals) == 31
    with pytest.raises(BadInput, match="which is over"):
        policies.set_base(Policy(asset=FRAUD, mode=Mode.STOPPED, until=end), BY_HAND)


def test_an_owners_first_policy_with_an_end_leaves_none_behind(
    sql_store: SqlStore, hands: Moved
) -> None:
    policies, end = Policies(sql_store, hands), hands() + timedelta(minutes=10)
    policies.set_base(Policy(asset=FRAUD, mode=Mode.STOPPED, until=end), BY_HAND)
    hands.at = end
    assert policies.expire() is None
    with sql_store.look() as tx:
        after = tx.policies.now(FRAUD)
    assert after is not None
    assert (after.by, after.because) == ("stanch", "its time was up")
    assert after.policy == Policy(asset=FRAUD, version=after.version)


def test_a_clock_that_goes_back_or_is_behind_lifts_nothing(
    sql_store: SqlStore, hands: Moved
) -> None:
    policies, end = Policies(sql_store, hands), hands() + timedelta(hours=2)
    before = policies.demand(deny("trudy", hands(), until=end), BY_HAND)
    for back in (timedelta(seconds=1), timedelta(hours=1), timedelta(days=400)):
        hands.at = before.at - back
        assert policies.expire() == end
        assert policies.now(FRAUD).deny.principals == {"trudy"}
        with sql_store.look() as tx:
            after = tx.policies.now(FRAUD)
        assert after == before


@pytest.mark.parametrize("leap", [timedelta(hours=5), timedelta(hours=-5)])
def test_what_has_an_end_lasts_as_said_though_the_clock_is_set_and_of_two_processes_one_moves_it(
    sql_store: SqlStore, hands: Moved, leap: timedelta
) -> None:
    begun = hands()
    gone = 0.0
    one, other = (Policies(sql_store, hands, lambda: gone) for _ in range(2))
    one.demand(deny("trudy", hands(), until=begun + timedelta(hours=1)), BY_HAND)
    hands.at = begun + timedelta(minutes=20) + leap
    gone = 20 * 60.0
    assert one.now(FRAUD).deny.principals == {"trudy"}
    end = begun + timedelta(hours=1) + leap
    assert (one.expire(), other.expire()) == (end, end)
    late = deny("mallory", hands(), until=hands() + timedelta(hours=1))
    one.demand(late, BY_HAND)
    for policies in (one, other):
        assert policies.now(FRAUD).deny.principals == {"trudy", "mallory"}
    with sql_store.look() as tx:
        told = [one.because for one in tx.policies.history(FRAUD)]
    assert [one for one in told if "the clock was set" in one] == told[1:2]
    gone, hands.at = 3600.0, end
    for policies in (one, other):
        policies.expire()
        assert policies.now(FRAUD).deny.principals == {"mallory"}


@pytest.mark.parametrize("leap", [timedelta(hours=5), timedelta(hours=-5)])
def test_an_owners_policy_that_a_clock_moved_does_not_come_back_after_its_end(
    sql_store: SqlStore, hands: Moved, leap: timedelta
) -> None:
    begun, gone = hands(), 0.0
    policies = Policies(sql_store, hands, lambda: gone)
    before = Policy(asset=FRAUD, deny=Deny(principals=frozenset({PrincipalId("trudy")})))
    policies.set_base(before, BY_HAND)
    end = begun + timedelta(minutes=10)
    policies.set_base(Policy(asset=FRAUD, mode=Mode.STOPPED, until=end), BY_HAND)
    for by in (leap, timedelta(0)):
        hands.at = begun + timedelta(minutes=5) + by
        gone = 300.0
        policies.expire()
        assert policies.now(FRAUD).mode is Mode.STOPPED
    gone, hands.at = 600.0, end
    policies.expire()
    now = policies.now(FRAUD)
    assert (now.mode, now.deny.principals) == (Mode.SERVING, {"trudy"})


def test_a_clock_that_is_corrected_by_a_little_is_followed(
    sql_store: SqlStore, hands: Moved
) -> None:
    gone, begun = 0.0, hands()
    policies, end = Policies(sql_store, hands, lambda: gone), begun + timedelta(minutes=10)
    before = policies.demand(deny("trudy", begun, until=end), BY_HAND)
    for minute in range(1, 10):
        gone, hands.at = 60.0 * minute, begun + timedelta(minutes=minute, seconds=5 * minute)
        assert policies.expire() == end
    with sql_store.look() as tx:
        assert tx.policies.now(FRAUD) == before


def test_what_has_ended_is_not_kept_by_the_next_change(sql_store: SqlStore, hands: Moved) -> None:
    policies, end = Policies(sql_store, hands), hands() + timedelta(minutes=10)
    policies.demand(deny("mallory", hands(), until=end), BY_HAND)
    hands.at = end
    kept = policies.demand(deny("trudy", hands(), incident="inc-2"), BY_HAND)
    assert kept.policy.deny.principals == {"trudy"}
    assert len(policies.standing(FRAUD).demands) == 1


def test_an_owners_policy_lies_under_what_incidents_demand(
    sql_store: SqlStore, hands: Moved
) -> None:
    policies = Policies(sql_store, hands)
    policies.demand(deny("mallory", hands()), BY_HAND)
    policies.set_base(Policy(asset=FRAUD, mode=Mode.SHADOW, fallback='"wait"'), BY_HAND)
    now = policies.now(FRAUD)
    assert (now.mode, now.deny.principals) == (Mode.SHADOW, {"mallory"})


def test_going_back_to_an_earlier_version_makes_a_new_one_that_stands_as_it_did(
    sql_store: SqlStore, hands: Moved
) -> None:
    policies = Policies(sql_store, hands)
    early = policies.set_base(Policy(asset=FRAUD, mode=Mode.SAFE, fallback="0"), BY_HAND)
    policies.set_base(Policy(asset=FRAUD), BY_HAND)
    back = policies.back_to(FRAUD, early.version, BY_HAND, puts_back=True)
    assert back.version > early.version
    assert digest(replace(back.policy, version=0)) == digest(replace(early.policy, version=0))


@pytest.mark.parametrize("what", ["an owner's policy", "a demand that was taken back"])
def test_going_back_puts_nothing_back_for_whom_may_only_take_back(
    sql_store: SqlStore, hands: Moved, what: str
) -> None:
    policies = Policies(sql_store, hands)
    wide = replace(deny("x", hands()), policy=Policy(asset=FRAUD, mode=Mode.STOPPED))
    if what == "an owner's policy":
        early = policies.set_base(wide.policy, BY_HAND)
        policies.set_base(Policy(asset=FRAUD), BY_HAND)
    else:
        early = policies.demand(wide, BY_HAND)
        policies.revert(FRAUD, wide.id, BY_HAND)
    late = policies.demand(deny("mallory", hands()), BY_HAND)
    with pytest.raises(NotAllowed, match="it puts back"):
        policies.back_to(FRAUD, early.version, BY_HAND)
    assert policies.now(FRAUD) == late.policy


def test_every_change_is_an_entry_that_names_the_digest_in_force(
    sql_store: SqlStore, hands: Moved
) -> None:
    policies = Policies(sql_store, hands)
    kept = policies.demand(deny("mallory", hands()), BY_HAND)
    (entry,) = [p.entry for p in sql_store.outbox() if p.entry.deed is Deed.POLICY_CHANGED]
    assert (entry.about, entry.digest, entry.actor) == (FRAUD, kept.digest, "ada")


def test_going_back_to_before_anything_was_set_leaves_nothing_in_force(
    sql_store: SqlStore, hands: Moved
) -> None:
    policies = Policies(sql_store, hands)
    policies.demand(deny("mallory", hands()), BY_HAND)
    back = policies.back_to(FRAUD, 0, BY_HAND)
    assert back.version == 2
    assert policies.now(FRAUD).deny.principals == frozenset()
