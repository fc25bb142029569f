"""Decisions: what is refused, who waits, how requests are shared out, and how long it takes."""

import statistics
import time
from dataclasses import replace

import pytest

from stanch.contain.rate import rate
from stanch.guard.buckets import NEVER, Buckets
from stanch.guard.facts import Decision, Outcome, Request, Why
from stanch.guard.table import LONGEST_CYCLE, State, Table, turns
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Limits, Mode, Policy, Rate

NOTHING = Policy(asset=AssetId("fraud-scorer"))


def _deny(*principals: str, networks: tuple[str, ...] = ()) -> Policy:
    deny = Deny(principals=frozenset(map(PrincipalId, principals)), networks=frozenset(networks))
    return replace(NOTHING, deny=deny)


def _ask(who: str = "key-1", source: str = "198.51.100.1", at: float = 0.0) -> Request:
    return Request(who, source, at)


def test_the_neutral_policy_serves_everybody() -> None:
    assert Table(NOTHING, State()).decide(_ask()).outcome is Outcome.SERVE


@pytest.mark.parametrize("who", ["key-91", "KEY-91", " key-91 ", "ｋey-91", "Key-91\t"])
def test_another_spelling_of_a_denied_principal_is_denied(who: str) -> None:
    found = Table(_deny("key-91"), State()).decide(_ask(who))
    assert (found.outcome, found.why, found.status) == (Outcome.REFUSE, Why.PRINCIPAL, 403)


@pytest.mark.parametrize(
    "source",
    [
        "203.0.113.7",
        "::ffff:203.0.113.7",
        "::FFFF:CB00:7107",
        "[::ffff:203.0.113.7]",
        "2001:db8::1%eth0",
    ],
)
def test_another_spelling_of_a_denied_address_is_denied(source: str) -> None:
    table = Table(_deny(networks=("203.0.113.0/24", "2001:db8::/32")), State())
    assert table.decide(_ask(source=source)).why is Why.NETWORK
    assert table.decide(_ask(source="203.0.114.7")).outcome is Outcome.SERVE


@pytest.mark.parametrize(
    ("mode", "fallback", "outcome"),
    [
        (Mode.SHADOW, "{}", Outcome.SHADOW),
        (Mode.SAFE, "{}", Outcome.FALLBACK),
        (Mode.SAFE, "", Outcome.REFUSE),
        (Mode.STOPPED, "{}", Outcome.REFUSE),
    ],
)
def test_a_mode_decides_what_is_given(mode: Mode, fallback: str, outcome: Outcome) -> None:
    table = Table(replace(NOTHING, mode=mode, fallback=fallback), State())
    assert table.decide(_ask()).outcome is outcome


def test_shares_are_exact_and_spread() -> None:
    table = Table(replace(NOTHING, route={"v6": 90, "v7": 10, "v5": 0}), State())
    given = [table.decide(_ask()).version for _ in range(1000)]
    assert (given.count("v6"), given.count("v7"), given.count("v5")) == (900, 100, 0)
    assert all("v7" in given[n : n + 11] for n in range(900))


def test_a_version_that_is_shut_out_never_answers_by_itself() -> None:
    out = replace(NOTHING, route={"v6": 0})
    assert _decide_in(out, "v6", "v7").version == "v7"
    assert _decide_in(out, "v7", "v6").version == "v7"
    assert _decide_in(out, "v6").status == 503
    assert _decide_in(replace(out, fallback="{}"), "v6").outcome is Outcome.FALLBACK
    assert not _decide_in(NOTHING, "v6", "v7").version
    # Where it is certain which one answers by itself, events tell it; a route goes before.
    assert Table(NOTHING, State(), ("v6", "v7"), "v6").decide(_ask()).version == "v6"
    assert Table(out, State(), ("v6", "v7"), "v6").decide(_ask()).version == "v7"


def _decide_in(policy: Policy, *versions: str) -> Decision:
    return Table(policy, State(), versions).decide(_ask())


def test_one_request_too_many_waits_as_long_as_it_says() -> None:
    table = Table(replace(NOTHING, limit=Limits(per_principal=rate("2/s"))), State())
    assert [table.decide(_ask()).outcome for _ in range(3)] == ["serve", "serve", "wait"]
    assert table.decide(_ask("key-2")).outcome is Outcome.SERVE
    wait = table.decide(_ask()).retry_after
    assert table.decide(_ask(at=wait - 0.01)).outcome is Outcome.WAIT
    assert table.decide(_ask(at=wait)).outcome is Outcome.SERVE


def test_a_new_policy_gives_nobody_a_fresh_start() -> None:
    state, policy = State(), replace(NOTHING, limit=Limits(per_principal=rate("1/hour")))
    assert Table(policy, state).decide(_ask()).outcome is Outcome.SERVE
    assert Table(replace(policy, version=2), state).decide(_ask()).outcome is Outcome.WAIT


def test_a_refused_request_is_charged_to_nobody() -> None:
    limit = Limits(per_principal=rate("1/hour"), overall=rate("2/hour"))
    table = Table(replace(NOTHING, limit=limit), State())
    given = [table.decide(_ask(w)).outcome for w in ("a", "a", "a", "b", "c")]
    assert given == ["serve", "wait", "wait", "serve", "wait"]


def test_a_request_that_all_together_were_too_many_for_costs_its_principal_nothing() -> None:
    limit = Limits(per_principal=rate("2/day"), overall=rate("1/min"))
    table = Table(replace(NOTHING, limit=limit), State())
    given = [table.decide(_ask(at=at)).outcome for at in (0, 1, 60, 120)]
    assert given == ["serve", "wait", "serve", "wait"]


def test_another_spelling_of_a_principal_has_no_limit_of_its_own() -> None:
    table = Table(replace(NOTHING, limit=Limits(per_principal=rate("2/hour"))), State())
    given = [table.decide(_ask(who)).outcome for who in ("key-1", "KEY-1", " key-1", "Key-1")]
    assert given == ["serve", "serve", "wait", "wait"]
    own = Limits(principals={PrincipalId("key-1"): rate("2/hour")})
    assert Table(replace(NOTHING, limit=own), State()).rate_of(" KEY-1") == rate("2/hour")


def test_nobody_saves_up_more_than_a_burst() -> None:
    for limit, at_once in (("2/s", 2), ("60/min burst 3", 3)):
        table = Table(replace(NOTHING, limit=Limits(per_principal=rate(limit))), State())
        for at in (0, 9, 3600):
            given = [table.decide(_ask(at=at)).outcome for _ in range(at_once + 1)]
            assert given == ["serve"] * at_once + ["wait"], (limit, at)


def test_a_clock_that_goes_back_between_two_requests_gives_nobody_more() -> None:
    table = Table(replace(NOTHING, limit=Limits(per_principal=rate("2/min"))), State())
    assert [table.decide(_ask(at=at)).outcome for at in (100, 10, 100)] == [
        "serve",
        "serve",
        "wait",
    ]


def test_a_share_of_traffic_does_not_use_up_a_limit_twice() -> None:
    limit = Limits(per_principal=rate("2/hour"))
    table = Table(replace(NOTHING, route={"v6": 1, "v7": 1}, limit=limit), State())
    assert [table.decide(_ask()).outcome for _ in range(3)] == ["serve", "serve", "wait"]


def test_the_smallest_share_still_gets_its_turn() -> None:
    order = turns({"v6": 100_000, "v7": 1})
    assert (order.count("v7"), order.count("v6")) == (1, LONGEST_CYCLE)


def test_who_asks_from_many_addresses_does_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stanch.guard.table.REMEMBERED", 3)
    limited = Table(replace(NOTHING, limit=Limits(per_principal=rate("9/hour"))), State())
    given = [limited.decide(_ask(source=f"10.0.0.{n}")).outcome for n in range(10)]
    assert given == ["serve"] * 9 + ["wait"]
    assert len(limited._clear) <= 3


@pytest.mark.parametrize(
    "limit", [Limits(overall=rate("1/hour")), Limits(per_principal=rate("2/hour"))]
)
def test_looking_takes_nothing(limit: Limits) -> None:
    table = Table(replace(NOTHING, limit=limit), State())
    if limit.overall is None:
        assert table.decide(_ask()).outcome is Outcome.SERVE
    for _ in range(5):
        assert table.decide(_ask(), spend=False).outcome is Outcome.SERVE
    assert table.decide(_ask()).outcome is Outcome.SERVE
    assert table.decide(_ask(), spend=False).outcome is Outcome.WAIT


def test_looking_takes_no_turn() -> None:
    table = Table(replace(NOTHING, route={"v6": 1, "v7": 1}), State())
    given = []
    for _ in range(4):
        table.decide(_ask(), spend=False)
        given.append(table.decide(_ask()).version)
    assert given in (["v6", "v7"] * 2, ["v7", "v6"] * 2)


def test_batches_tokens_and_costs_are_limited() -> None:
    limit = Limits(max_batch=2, max_tokens=10, cost=rate("5/hour"))
    table = Table(replace(NOTHING, limit=limit), State())
    assert table.decide(_ask()._replace(rows=3)).why is Why.BATCH
    assert table.decide(_ask()._replace(tokens=11)).why is Why.TOKENS
    assert table.decide(_ask()._replace(cost=6)).why is Why.COST
    assert table.decide(_ask()._replace(cost=5)).outcome is Outcome.SERVE
    assert table.decide(_ask()._replace(cost=1)).why is Why.COST
    assert table.decide(_ask("key-2")._replace(cost=5)).outcome is Outcome.SERVE


def test_a_clock_that_stands_still_or_goes_back_gives_nothing_away() -> None:
    table = Table(replace(NOTHING, limit=Limits(overall=rate("1/s"))), State())
    assert table.decide(_ask(at=100.0)).outcome is Outcome.SERVE
    assert table.decide(_ask(at=50.0)).outcome is Outcome.WAIT


def test_whoever_is_known_gets_no_larger_batch_than_others() -> None:
    table = Table(replace(NOTHING, limit=Limits(max_batch=2, max_tokens=10)), State())
    assert table.decide(_ask()).outcome is Outcome.SERVE
    for rows, tokens, why in ((2, 10, Why.ALLOWED), (3, 0, Why.BATCH), (1, 11, Why.TOKENS)):
        assert table.decide(_ask()._replace(rows=rows, tokens=tokens)).why is why


def test_a_clock_that_goes_back_neither_fills_a_bucket_nor_empties_it() -> None:
    buckets, ten = Buckets(), rate("10/min")
    buckets.take("a", ten, 100, 5)
    assert buckets.wait("a", ten, 40, 5) == 0
    buckets.take("a", ten, 40, 5)
    assert buckets.wait("a", ten, 100, 1) == pytest.approx(6)


def test_what_never_fits_is_not_told_to_come_back_in_a_moment() -> None:
    assert Buckets().wait("a", rate("10/min"), 0, 11) == NEVER
    assert Buckets().wait("a", rate("10/min burst 2"), 0, 3) == NEVER
    full, none = Buckets(), Rate(count=0, seconds=60, burst=1)
    full.take("a", rate("10/min"), 0, 10)
    assert full.wait("a", rate("10/min"), 3600, 11) == NEVER
    full.take("b", none, 0, 1)
    assert full.wait("b", none, 3600, 1) == NEVER


def test_who_was_longest_unseen_is_forgotten_first() -> None:
    buckets, one = Buckets(most=2), rate("1/hour")
    for name in "abc":
        buckets.take(name, one, 0, 1)
    assert [buckets.wait(name, one, 0, 1) > 0 for name in "abc"] == [False, True, True]


def test_who_keeps_asking_is_not_forgotten_though_refused() -> None:
    buckets, one = Buckets(most=2), rate("1/hour")
    buckets.take("a", one, 0, 1)
    buckets.take("b", one, 0, 1)
    assert buckets.wait("a", one, 1, 1) > 0
    buckets.take("c", one, 1, 1)
    assert [buckets.wait(name, one, 1, 1) > 0 for name in "abc"] == [True, False, True]


def test_inventing_names_does_not_fill_the_memory() -> None:
    buckets = Buckets(most=10)
    for n in range(1000):
        buckets.take(str(n), rate("1/s"), 0.0, 1)
    assert len(buckets) == 10


def test_a_decision_takes_ten_microseconds_at_most_with_a_large_policy() -> None:
    limit = Limits(
        per_principal=rate("1000/s"),
        principals={PrincipalId(f"slow-{n}"): rate("1/s") for n in range(1000)},
    )
    networks = tuple(f"10.{n >> 8}.{n & 255}.0/{24 + n % 3}" for n in range(1000))
    policy = replace(_deny(*(f"bad-{n}" for n in range(10_000)), networks=networks), limit=limit)
    table = Table(policy, State())
    asked = [_ask(f"key-{n % 500}", f"198.51.{n % 200}.7", n / 100) for n in range(2000)]
    taken = []
    for request in asked:
        start = time.perf_counter_ns()
        table.decide(request)
        taken.append(time.perf_counter_ns() - start)
    assert statistics.median(taken) <= 10_000


def test_less_than_one_in_its_time_is_one_in_a_longer_time_and_not_none() -> None:
    for limit in (
        Limits(per_principal=rate("0.5/min")),
        Limits(overall=rate("0.5/min")),
        Limits(principals={PrincipalId("key-1"): rate("0.5/min")}),
    ):
        table = Table(replace(NOTHING, limit=limit), State())
        first, second = table.decide(_ask()), table.decide(_ask())
        assert (first.outcome, second.outcome, second.retry_after) == ("serve", "wait", 120)
    none = Table(replace(NOTHING, limit=Limits(per_principal=rate("0.5/min burst 0"))), State())
    assert none.decide(_ask()).outcome == "wait"


def test_a_rate_of_ones_own_never_frees_from_everybodys() -> None:
    own = {PrincipalId("key-1"): rate("100/s")}
    limit = Limits(per_principal=rate("1/hour"), principals=own)
    table = Table(replace(NOTHING, limit=limit), State())
    assert [table.decide(_ask()).outcome for _ in range(2)] == ["serve", "wait"]
    slower = Limits(per_principal=rate("9/hour"), principals={PrincipalId("key-1"): rate("1/hour")})
    table = Table(replace(NOTHING, limit=slower), State())
    assert [table.decide(_ask()).outcome for _ in range(2)] == ["serve", "wait"]
    # Nor does a slower one with more at once, nor another spelling of the same name.
    limit = Limits(per_principal=rate("2/min"), principals={PrincipalId("key-1"): rate("60/hour")})
    table = Table(replace(NOTHING, limit=limit), State())
    assert [table.decide(_ask()).outcome for _ in range(3)] == ["serve", "serve", "wait"]
    for twice in (("key-1", "KEY-1"), ("KEY-1", "key-1")):
        both = dict(zip(map(PrincipalId, twice), (rate("1/hour"), rate("9/hour")), strict=True))
        table = Table(replace(NOTHING, limit=Limits(principals=both)), State())
        assert [table.decide(_ask()).outcome for _ in range(2)] == ["serve", "wait"]


@pytest.mark.parametrize(
    "policy",
    [
        NOTHING,
        _deny("key-1", networks=("203.0.113.0/24",)),
        replace(NOTHING, limit=Limits(per_principal=rate("2/min"))),
        replace(NOTHING, limit=Limits(principals={PrincipalId("KEY-1"): rate("1/min")})),
        replace(NOTHING, limit=Limits(overall=rate("3/min"), per_principal=rate("2/min"))),
        replace(NOTHING, limit=Limits(cost=rate("3/min"))),
        replace(NOTHING, route={"v6": 1, "v7": 2}),
        replace(NOTHING, mode=Mode.SHADOW, fallback="{}"),
        replace(NOTHING, mode=Mode.STOPPED),
    ],
)
def test_the_short_way_never_decides_otherwise(policy: Policy) -> None:
    long, short = Table(policy, State()), Table(policy, State())
    asked = [_ask(f"key-{n % 2}", f"203.0.113.{n % 3}", n / 10) for n in range(12)]
    asked += [_ask(f"key-{n % 2}", f"198.51.100.{n % 3}", 60 + n / 10) for n in range(12)]
    for one in asked:
        at_once = short.at_once((one.principal, one.source), one.at)
        assert at_once is None or at_once.outcome is Outcome.SERVE
        long._clear.clear()  # so that it is looked into, each time
        assert (at_once or short.decide(one)) == long.decide(one)
    assert short.at_once((None, "198.51.100.1"), 99.0) is None


def test_a_bucket_in_use_is_not_forgotten_however_many_names_are_invented() -> None:
    state = State()
    state.principals = Buckets(most=20)
    table = Table(replace(NOTHING, limit=Limits(per_principal=rate("50/day"))), state)
    who = ("key-1", "198.51.100.1")
    served = 0
    for n in range(60):
        at = float(n)
        found = table.at_once(who, at) or table.decide(_ask(*who, at))
        served += found.outcome is Outcome.SERVE
        table.decide(_ask(f"invented-{n}", at=at))
    assert served == 50


def test_the_short_way_serves_nobody_whose_bucket_is_unknown() -> None:
    state = State()
    state.principals = Buckets(most=0)
    table = Table(replace(NOTHING, limit=Limits(per_principal=rate("1/day"))), state)
    table.decide(_ask())
    assert table.at_once(("key-1", "198.51.100.1"), 0.0) is None


NAMES = (
    *("CN=client,OU=Payments,O=Bank", "CN=client", "OU=Payments", "spiffe://cluster/ns/x/sa/y"),
    *(
        'Jane "JD" Doe',
        "Jane Doe",
        "Jane",
        "Doe",
        "jane.doe@bank.example",
        "José",
        "Jose",
        "用户-1",
    ),
    *(
        "a b",
        "a,b",
        "a",
        "b",
        "..",
        "%2F",
        "/",
        "=1+1",
        "*",
        "$suspects",
        "-x",
        "n" * 200,
        "n" * 199,
    ),
    *("null", "0", "true", 'key:"x"', "key:x", "a/b", "a%2Fb", "key-91", "key-9"),
)


def test_a_block_refuses_exactly_that_name_and_nobody_else() -> None:
    for name in NAMES:
        table = Table(_deny(name), State())
        assert [one for one in NAMES if table.decide(_ask(one)).outcome is Outcome.REFUSE] == [name]


def test_a_rate_of_ones_own_holds_exactly_that_name_and_nobody_else() -> None:
    for name in NAMES:
        limit = Limits(principals={PrincipalId(name): rate("1/day")})
        table = Table(replace(NOTHING, limit=limit), State())
        twice = {one: [table.decide(_ask(one)).outcome for _ in range(2)] for one in NAMES}
        assert [one for one, said in twice.items() if said[1] is Outcome.WAIT] == [name]


def test_a_blank_name_denies_nobody_who_has_none() -> None:
    for blank in ("", "  ", "\u3000"):
        assert Table(_deny(blank), State()).decide(_ask("")).outcome is Outcome.SERVE
