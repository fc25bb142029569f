"""The blast radius: counts that can be checked by hand, and its speed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from stanch.contain.blast import SOURCES, blast
from stanch.contain.diff import changes
from stanch.contain.marks import named
from stanch.contain.rate import rate
from stanch.contain.reach import reach
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import (
    Deny,
    Filter,
    Limits,
    Mark,
    Mode,
    Policy,
    Shape,
    Strictness,
    Tools,
)
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Flow, Traffic

A = AssetId("fraud-scorer")
T0 = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = Policy(asset=A)


def _traffic(*flows: tuple[str, int, str, str]) -> Traffic:
    return Traffic(
        asset=A,
        span=Span(start=T0, end=T0 + timedelta(hours=1)),
        flows=tuple(
            Flow(principal=PrincipalId(p), count=n, source=s, version=v) for p, n, s, v in flows
        ),
    )


def _of(*flows: Flow) -> Traffic:
    return replace(_traffic(), flows=flows)


TRAFFIC = _traffic(
    ("key-1", 600, "203.0.113.7", "v7"),
    ("key-2", 300, "198.51.100.1", "v7"),
    ("key-3", 100, "203.0.113.8", "v6"),
)


def test_a_rule_that_was_tried_hits_what_it_was_seen_to_find_and_one_that_was_not_hits_all() -> (
    None
):
    ruled = Policy(asset=A, filter=Filter(input=Strictness.NORMAL, rules=frozenset({"rule"})))
    assert blast(NOW, ruled, TRAFFIC).share == 1
    tried = replace(TRAFFIC, found={"rule": {"key-1": 0.5, "key-2": 0.0, "": 0.1}})
    found = blast(NOW, ruled, tried)
    assert found.each == {"key-1": 300, "key-3": 10}
    assert (found.refused, found.altered, found.reach.everybody) == (310, 0, True)
    assert found.beyond({PrincipalId("key-1")}) == 0.01
    assert blast(ruled, ruled, tried).share == 0


def test_a_mark_hits_those_named_in_the_share_that_was_looked_at_and_else_in_all_they_ask() -> None:
    mark = Mark(key="5e" * 32, principals=frozenset({PrincipalId("key-1"), PrincipalId("key-3")}))
    marks = Policy(asset=A, shape=Shape(marks=(mark,)))
    assert blast(NOW, marks, TRAFFIC).each == {"key-1": 600, "key-3": 100}
    looked = replace(TRAFFIC, found={named(mark): {"key-1": 0.02, "": 0.05}})
    found = blast(NOW, marks, looked)
    assert found.each == {"key-1": 12, "key-3": 5}
    assert (found.refused, found.altered, found.reach.everybody) == (0, 17, False)
    assert found.reach.principals == mark.principals
    assert blast(marks, marks, looked).share == 0
    assert blast(marks, NOW, TRAFFIC).reach.principals == mark.principals


def test_blocking_one_principal_hits_that_principal() -> None:
    found = blast(
        NOW, Policy(asset=A, deny=Deny(principals=frozenset({PrincipalId("key-1")}))), TRAFFIC
    )
    assert found.principals == ("key-1",)
    assert found.share == 0.6
    assert found.says == (
        "Hits 1 principal and 60 % of 1000 requests (600 refused, 0 answered otherwise)."
    )


def test_what_hits_nobody_says_so() -> None:
    nobody = Policy(asset=A, deny=Deny(principals=frozenset({PrincipalId("key-9")})))
    assert blast(NOW, nobody, TRAFFIC).says == "Hits nobody: none of 1000 requests."
    one = _traffic(("key-1", 1, "203.0.113.7", "v7"))
    assert blast(NOW, nobody, one).says == "Hits nobody: none of 1 request."


def test_blocking_a_network_hits_who_lives_there() -> None:
    found = blast(NOW, Policy(asset=A, deny=Deny(networks=frozenset({"203.0.113.0/24"}))), TRAFFIC)
    assert found.principals == ("key-1", "key-3")


def test_who_is_refused_by_another_spelling_of_the_name_is_hit() -> None:
    other = PrincipalId("KEY-1 ")
    for after in (
        Policy(asset=A, deny=Deny(principals=frozenset({other}))),
        Policy(asset=A, limit=Limits(principals={other: rate("0/min")})),
    ):
        assert blast(NOW, after, TRAFFIC).each == {"key-1": 600}


def test_addresses_that_no_minute_keeps_are_hit_by_the_share_that_was_looked_at() -> None:
    bare = _traffic(("key-1", 600, "", "v7"), ("key-2", 300, "", "v7"), ("", 100, "", "v7"))
    after = Policy(asset=A, deny=Deny(networks=frozenset({"203.0.113.0/24"})))
    assert blast(NOW, after, bare).uncounted == ("its address",)
    looked = replace(bare, found={SOURCES: {"key-1": 0.5, "key-2": 0.0, "": 0.2}})
    found = blast(NOW, after, looked)
    assert (found.each, found.uncounted) == ({"key-1": 300, "": 20}, ())
    assert blast(after, after, looked).each == {}


@pytest.mark.parametrize(
    ("limit", "by"),
    [
        (Limits(max_batch=64), "the rows of a request"),
        (Limits(max_tokens=100), "the tokens of a request"),
        (Limits(cost=rate("9/min")), "what it costs"),
    ],
)
def test_whom_nobody_counts_is_not_known_and_never_nobody(limit: Limits, by: str) -> None:
    after = Policy(asset=A, limit=limit)
    found = blast(NOW, after, TRAFFIC)
    assert found.says == f"Whom it hits by {by} is not known: nobody counts that."
    assert blast(NOW, replace(after, mode=Mode.STOPPED), TRAFFIC).says.endswith(found.says)
    assert blast(after, NOW, TRAFFIC).uncounted == ()


def test_who_was_answered_by_a_version_that_nobody_told_is_not_known() -> None:
    told, after = _traffic(("key-1", 9, "", "")), Policy(asset=A, route={"v7": 0})
    assert blast(NOW, after, told).uncounted == ("the version that answers",)
    assert blast(NOW, after, TRAFFIC).uncounted == ()


def test_a_limit_refuses_at_least_what_does_not_fit() -> None:
    after = Policy(asset=A, limit=Limits(per_principal=rate("300/hour burst 100")))
    found = blast(NOW, after, TRAFFIC)
    assert found.principals == ("key-1",)
    assert found.refused == 200


def test_what_comes_in_one_burst_is_held_back_though_the_hour_had_room() -> None:
    flow = replace(TRAFFIC.flows[1], minutes=(0, 0, 290, 10))
    found = blast(NOW, Policy(asset=A, limit=Limits(per_principal=rate("60/min"))), _of(flow))
    assert (found.refused, found.principals) == (170, ("key-2",))
    spread = replace(flow, minutes=(60, 60, 60, 60, 60))
    assert (
        blast(NOW, Policy(asset=A, limit=Limits(per_principal=rate("60/min"))), _of(spread)).refused
        == 0
    )


def test_who_is_not_known_by_name_is_counted_and_not_named() -> None:
    found = blast(
        NOW, Policy(asset=A, mode=Mode.STOPPED), _traffic(("", 70, "", ""), ("a", 30, "", ""))
    )
    assert (found.principals, found.refused) == (("a",), 100)
    assert "and others who are not known by name" in found.says
    assert found.beyond({PrincipalId("a")}) == 0.7
    slow = Policy(asset=A, limit=Limits(per_principal=rate("10/hour burst 0")))
    assert blast(NOW, slow, _traffic(("", 70, "", ""))).refused == 0, (
        "seventy may be seventy people"
    )


def test_who_was_refused_before_is_not_hit_again() -> None:
    barred = Policy(asset=A, deny=Deny(principals=frozenset({PrincipalId("key-1")})))
    found = blast(barred, replace(barred, mode=Mode.STOPPED), TRAFFIC)
    assert (found.principals, found.refused) == (("key-2", "key-3"), 400)


@pytest.mark.parametrize(
    "after",
    [
        Policy(asset=A, mode=Mode.STOPPED),
        Policy(asset=A, route={"v7": 1}),
        Policy(asset=A, limit=Limits(per_principal=rate("9/min"))),
        Policy(asset=A, limit=Limits(overall=rate("9/min"))),
        Policy(asset=A, limit=Limits(cost=rate("9/min"))),
        Policy(asset=A, limit=Limits(max_batch=1)),
        Policy(asset=A, limit=Limits(max_tokens=1)),
        Policy(asset=A, shape=Shape(round=1)),
        Policy(asset=A, filter=Filter(rules=frozenset({"rule"}))),
        Policy(asset=A, tools=Tools(ask=frozenset({"sql"}))),
    ],
    ids=lambda after: ",".join(c.field for c in changes(NOW, after)),
)
def test_what_decides_answers_for_whoever_asks_reaches_everybody(after: Policy) -> None:
    assert reach(NOW, after).everybody
    assert reach(after, NOW).everybody


def test_another_fallback_reaches_everybody_while_it_answers_and_else_nobody() -> None:
    safe = Policy(asset=A, mode=Mode.SAFE, fallback="{}")
    assert reach(safe, replace(safe, fallback="[]")).everybody
    assert reach(NOW, replace(NOW, fallback="[]")).nobody


def test_a_denied_tool_hits_those_who_used_it() -> None:
    flow = replace(TRAFFIC.flows[0], tools={"sql": 40, "mail": 5})
    found = blast(
        NOW, Policy(asset=A, tools=Tools(deny=frozenset({"sql"}))), _of(flow, TRAFFIC.flows[1])
    )
    assert (found.principals, found.altered) == (("key-1",), 40)
    assert found.reach.everybody
    asked = Policy(asset=A, tools=Tools(ask=frozenset({"mail"})))
    assert blast(NOW, asked, _of(flow)).altered == 5, "a call that must be asked for is held back"


def test_a_limit_on_all_is_shared_by_all() -> None:
    found = blast(NOW, Policy(asset=A, limit=Limits(overall=rate("500/hour burst 0"))), TRAFFIC)
    assert found.refused == 500
    assert len(found.principals) == 3


def test_a_route_moves_only_the_part_that_a_version_loses() -> None:
    before = Policy(asset=A, route={"v7": 90, "v6": 10})
    found = blast(before, Policy(asset=A, route={"v7": 45, "v6": 55}), TRAFFIC)
    assert found.altered == Fraction(450)
    assert found.principals == ("key-1", "key-2")
    # Where nobody stated weights, the old share is the one that was seen: nine tenths of v7.
    canary = Policy(asset=A, route={"v7": 45, "v6": 55})
    assert blast(NOW, canary, TRAFFIC).altered == Fraction(450)


def test_stopping_hits_everybody_and_a_fallback_alters_everybody() -> None:
    assert blast(NOW, Policy(asset=A, mode=Mode.STOPPED), TRAFFIC).refused == 1000
    found = blast(NOW, Policy(asset=A, mode=Mode.SAFE, fallback="{}"), TRAFFIC)
    assert (found.refused, found.altered) == (0, 1000)
    assert blast(NOW, Policy(asset=A, shape=Shape(round=1)), TRAFFIC).altered == 1000


def test_no_traffic_is_not_knowing() -> None:
    found = blast(NOW, Policy(asset=A, mode=Mode.STOPPED), _traffic())
    assert not found.known
    assert "nobody can be named" in found.says


def test_a_hundred_thousand_principals_are_judged_by_their_addresses() -> None:
    flows = tuple(
        (f"key-{n}", n % 50, f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", "v7") for n in range(100_000)
    )
    after = Policy(asset=A, deny=Deny(networks=frozenset({"10.0.0.0/16"})))
    traffic = _traffic(*flows)
    found = blast(NOW, after, traffic)
    assert found.refused == sum(n % 50 for n in range(65_536))


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (Policy(asset=A, shape=Shape(round=0)), "Scores keep at most 0 decimal places."),
        (Policy(asset=A, limit=Limits(max_batch=0)), "A request may have at most 0 rows."),
        (Policy(asset=A, limit=Limits(max_tokens=0)), "A request may use at most 0 tokens."),
    ],
)
def test_nought_is_a_limit_like_any_other_and_not_none(after: Policy, says: str) -> None:
    assert [one.says for one in changes(NOW, after)] == [says]
    (lifted,) = changes(after, NOW)
    assert lifted.says != says


def test_a_blank_name_is_nobodys_and_never_everybody_without_a_name() -> None:
    some = _traffic(("", 100, "", "v7"), ("key-1", 10, "", "v7"))
    for blank in ("", " ", "\u3000"):
        denied = Policy(asset=A, deny=Deny(principals=frozenset({PrincipalId(blank)})))
        assert blast(NOW, denied, some).each == {}


def test_a_mark_hits_every_spelling_of_the_name() -> None:
    mark = Mark(key="5e" * 32, principals=frozenset({PrincipalId("KEY-1")}))
    assert blast(NOW, Policy(asset=A, shape=Shape(marks=(mark,))), TRAFFIC).each == {"key-1": 600}
