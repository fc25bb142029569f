"""What several incidents demand at once: the examples people will meet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stanch.contain.combine import added, combine, effective, expired, numbered, reverted
from stanch.contain.policy import canonical, decoded, digest
from stanch.contain.rate import rate, slower
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Mark, Mode, Policy, Rate, Shape
from stanch.vocabulary.standing import Demand, Standing, demand_id
from stanch.vocabulary.trouble import BadInput, NotFound

A = AssetId("fraud-scorer")
T0 = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _demand(who: str, policy: Policy, hours: int | None = None) -> Demand:
    return Demand(
        id=demand_id(who, "", canonical(policy)),
        policy=policy,
        since=T0,
        until=None if hours is None else T0 + timedelta(hours=hours),
        by=who,
        why="because",
    )


def _route(**weights: int) -> Policy:
    return Policy(asset=A, route=weights)


def test_two_incidents_leave_only_versions_that_both_allow() -> None:
    both = combine(_route(v5=50, v6=50), _route(v6=100, v7=100))
    assert both.route == {"v5": 0, "v6": 50, "v7": 0}


def test_versions_that_exclude_each_other_stop_the_asset() -> None:
    s = added(Standing(base=Policy(asset=A)), _demand("one", _route(v6=100)))
    s = added(s, _demand("two", _route(v7=100)))
    assert effective(s, T0).mode is Mode.STOPPED


def test_versions_that_exclude_each_other_give_the_fallback_where_there_is_one() -> None:
    s = added(Standing(base=Policy(asset=A, fallback="{}")), _demand("one", _route(v6=100)))
    s = added(s, _demand("two", _route(v6=0)))
    assert effective(s, T0).mode is Mode.SAFE


def test_a_demanded_route_replaces_the_normal_one() -> None:
    s = added(Standing(base=_route(v7=100, v6=0)), _demand("one", _route(v6=100)))
    assert effective(s, T0).route == {"v6": 100}
    assert effective(s, T0).mode is Mode.SERVING


def test_taking_the_only_normal_version_out_stops_the_asset() -> None:
    s = added(Standing(base=_route(v7=100)), _demand("one", _route(v7=0)))
    assert effective(s, T0).mode is Mode.STOPPED


def test_one_incident_closing_leaves_the_others_containment() -> None:
    one, two = (
        _demand(who, Policy(asset=A, deny=Deny(principals=frozenset({PrincipalId(who)}))))
        for who in ("key-1", "key-2")
    )
    s = reverted(added(added(Standing(base=Policy(asset=A)), one), two), one.id)
    assert effective(s, T0).deny.principals == {"key-2"}
    with pytest.raises(NotFound):
        reverted(s, one.id)


def test_a_demand_ends_at_its_time_and_not_before() -> None:
    s = added(Standing(base=Policy(asset=A)), _demand("one", Policy(asset=A, mode=Mode.SAFE), 1))
    almost = T0 + timedelta(minutes=59, seconds=59)
    assert effective(s, almost).mode is Mode.SAFE
    assert effective(s, almost).until == T0 + timedelta(hours=1)
    assert effective(s, T0 + timedelta(hours=1)).mode is Mode.SERVING
    assert expired(s, almost) is s
    assert expired(s, T0 + timedelta(hours=1)).demands == ()


def test_a_version_number_moves_only_with_a_change() -> None:
    s = Standing(base=Policy(asset=A), version=4)
    d = _demand("one", Policy(asset=A, mode=Mode.SAFE))
    assert numbered(s, added(s, d)).version == 5
    assert numbered(s, s).version == 4
    assert effective(numbered(s, added(s, d)), T0).version == 5


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("20/min", "600/hour", "600/hour burst 20"),
        ("20/min", "20/min", "20/min"),
        ("1/s", "60/min", "1/s"),
        ("0/s", "1/min", "0/s"),
    ],
)
def test_the_slower_rate_keeps_the_smaller_burst(one: str, other: str, both: str) -> None:
    assert slower(rate(one), rate(other)) == rate(both)


def test_policies_of_two_assets_do_not_mix() -> None:
    other = Policy(asset=AssetId("other"))
    with pytest.raises(BadInput, match="two assets"):
        combine(Policy(asset=A), other)
    with pytest.raises(BadInput, match="cannot be made"):
        added(Standing(base=Policy(asset=A)), _demand("one", other))


def test_whole_numbers_and_spelling_do_not_change_the_digest() -> None:
    one = Policy(asset=A, deny=Deny(networks=frozenset({"::ffff:10.0.0.9/104"})))
    two = Policy(asset=A, deny=Deny(networks=frozenset({"10.0.0.0/8"})))
    assert digest(one) == digest(two)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        b'{"asset":"a","mode":"idle"}',
        b'{"asset":"a","route":{"v":-1}}',
    ],
)
def test_bytes_that_are_not_a_policy_are_refused(content: bytes) -> None:
    with pytest.raises(BadInput):
        decoded(content)


@pytest.mark.parametrize(
    "bad", [Rate(count=-1), Rate(count=1, seconds=0), Rate(count=1, burst=-1), Rate(count=1e999)]
)
def test_a_rate_that_means_nothing_is_refused(bad: Rate) -> None:
    p = Policy(asset=A)
    with pytest.raises(BadInput, match="rate"):
        canonical(Policy(asset=A, limit=type(p.limit)(overall=bad)))


def test_a_policy_without_marks_keeps_the_bytes_it_always_had() -> None:
    old = (
        b'{"asset":"a","version":0,"mode":"serving","route":{},"mirror":"","deny":{"principals":[],'
        b'"networks":[]},"limit":{"per_principal":null,"overall":null,"cost":null,"max_batch":null,'
        b'"max_tokens":null,"principals":{}},"shape":{"scores":"all","round":1,"jitter":0.0,'
        b'"epsilon":null},"filter":{"input":"off","output":"off","rules":[]},"tools":{"deny":[],'
        b'"ask":[]},"hold":{"ingestion":false,"training":false,"deployment":false},"log":"normal",'
        b'"fallback":"","until":null}'
    )
    plain = Policy(asset=AssetId("a"), shape=Shape(round=1))
    assert canonical(plain) == old
    assert decoded(old) == plain
    mark = Mark(key="5e" * 32)
    marked = replace(plain, shape=Shape(round=1, marks=(mark, mark)))
    assert decoded(canonical(marked)).shape.marks == (mark,)
    for bad in ("secret", "5E" * 32):
        with pytest.raises(BadInput, match="64 hexadecimal digits") as trouble:
            canonical(replace(plain, shape=Shape(marks=(Mark(key=bad),))))
        assert bad not in str(trouble.value)
        assert bad not in repr(Mark(key=bad))
