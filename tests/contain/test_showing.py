"""A change of policy is shown by what a guard does, and not by the policy it says it runs."""

from dataclasses import replace

import pytest

from stanch.contain.showing import showing
from stanch.testing.actions import ASSET, guard
from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.policy import Deny, Limits, LogLevel, Mode, Policy, Rate, Scores, Shape
from stanch.vocabulary.probe import Probe, asked, proves, read

FREE = Policy(asset=ASSET, version=1)
K91 = PrincipalId("key-91")
KEY = b"k" * 32


def proven(probe: Probe, policy: Policy) -> bool:
    sealed = guard(policy).probed({"headers": [(b"stanch-probe", asked(probe, "n", KEY).encode())]})
    assert sealed is not None
    return proves(probe, read(sealed, "n", KEY))


def by_behaviour(before: Policy, after: Policy) -> list[Probe]:
    """The probes that tell the two apart, were the digests the same."""
    probes = [replace(one, digest="") for one in showing(before, after)]
    assert all(proven(one, after) for one in probes)
    return [one for one in probes if not proven(one, before)]


@pytest.mark.parametrize(
    "strict",
    [
        replace(FREE, deny=Deny(principals=frozenset({K91}))),
        replace(FREE, deny=Deny(networks=frozenset({"203.0.113.0/24"}))),
        replace(FREE, limit=Limits(max_batch=8)),
        replace(FREE, mode=Mode.STOPPED),
        replace(FREE, mode=Mode.SAFE, fallback="0"),
        replace(FREE, mode=Mode.SHADOW),
        replace(FREE, route={"v6": 1, "v7": 0}),
    ],
    ids=["principal", "network", "rows", "stopped", "safe", "shadow", "route"],
)
def test_what_is_held_is_shown_and_that_it_is_free_again_as_well(strict: Policy) -> None:
    assert by_behaviour(FREE, strict)
    if not strict.route:  # an open route names no version that could be missed
        assert by_behaviour(strict, FREE)


@pytest.mark.parametrize(
    "strict",
    [
        replace(FREE, limit=Limits(per_principal=Rate(count=5))),
        replace(FREE, limit=Limits(principals={K91: Rate(count=5)})),
        replace(FREE, shape=Shape(scores=Scores.TOP1)),
        replace(FREE, log=LogLevel.FULL),
        replace(FREE, mirror="v8"),
    ],
    ids=["rate", "own rate", "scores", "log", "mirror"],
)
def test_what_an_answer_states_is_shown(strict: Policy) -> None:
    assert by_behaviour(FREE, strict)


def test_a_version_that_was_taken_out_is_asked_for() -> None:
    half = replace(FREE, route={"v6": 1, "v7": 1})
    assert [one.not_version for one in by_behaviour(half, replace(half, route={"v6": 1}))] == ["v7"]


def test_who_is_denied_under_another_spelling_is_not_said_to_be_served_again() -> None:
    before = replace(FREE, deny=Deny(principals=frozenset({K91, PrincipalId("KEY-91")})))
    after = replace(FREE, deny=Deny(principals=frozenset({PrincipalId("KEY-91")})), version=2)
    assert all(proven(one, after) for one in showing(before, after))


def test_what_no_answer_shows_is_at_least_in_the_policy_that_the_guard_runs() -> None:
    rounded = replace(FREE, shape=Shape(round=2), version=2)
    (whole,) = showing(FREE, rounded)
    assert whole.about == ("shape.round",)
    assert proven(whole, rounded)
    assert not proven(whole, FREE)
