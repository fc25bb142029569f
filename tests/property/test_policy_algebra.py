"""The laws of the policy algebra, over random policies and standings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stanch.contain.blast import blast
from stanch.contain.combine import added, combine, effective, expired, next_change, over, reverted
from stanch.contain.diff import changes, no_freer
from stanch.contain.policy import canonical, decoded, may_answer, nobody_left, normal
from stanch.contain.showing import showing
from stanch.contain.written import read, written
from stanch.testing.actions import guard
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import (
    Deny,
    Filter,
    Hold,
    Limits,
    LogLevel,
    Mark,
    Mode,
    Policy,
    Rate,
    Scores,
    Shape,
    Strictness,
    Tools,
)
from stanch.vocabulary.probe import Probe, asked, proves
from stanch.vocabulary.probe import read as opened
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Demand, DemandId, Flow, Standing, Traffic

A = AssetId("fraud-scorer")
T0 = datetime(2026, 11, 21, 12, tzinfo=UTC)
words = st.text(alphabet="abXY09:-_é 'ß\t#\u202e\u200b\u2028\x1b", min_size=1, max_size=5)
few = st.sampled_from(["k1", "k2", "k3", "key: 4", "yes"])
versions = st.sampled_from(["v1", "v2", "v3"])
rates = st.builds(
    Rate,
    count=st.sampled_from([0.0, 1.0, 20.0, 0.3, 1e6]),
    seconds=st.sampled_from([1.0, 60.0, 7.5, 3600.0]),
    burst=st.sampled_from([None, 1.0, 20.0]),
)
maybe_rate = st.none() | rates
times = st.integers(0, 9).map(lambda h: T0 + timedelta(hours=h))
networks = st.sampled_from(
    ["203.0.113.0/24", "203.0.113.7", "::ffff:203.0.113.0/120", "2001:db8::/32", "0.0.0.0/0"]
)
marks = st.builds(
    Mark,
    key=st.sampled_from(["5e" * 32, "0a" * 32]),
    principals=st.frozensets(few.map(PrincipalId), max_size=2),
    within=st.sampled_from([0.1, 0.2]),
    share=st.sampled_from([0.25, 0.5]),
    classes=st.sampled_from([(), ("ham", "spam")]),
)
policies = st.builds(
    Policy,
    asset=st.just(A),
    mode=st.sampled_from(Mode),
    route=st.dictionaries(versions, st.integers(0, 100), max_size=3),
    mirror=st.sampled_from(["", "v1", "v2"]),
    deny=st.builds(
        Deny,
        principals=st.frozensets(few.map(PrincipalId)),
        networks=st.frozensets(networks, max_size=3),
    ),
    limit=st.builds(
        Limits,
        per_principal=maybe_rate,
        overall=maybe_rate,
        cost=maybe_rate,
        max_batch=st.none() | st.integers(0, 9),
        max_tokens=st.none() | st.integers(0, 9),
        principals=st.dictionaries(few.map(PrincipalId), rates, max_size=2),
    ),
    shape=st.builds(
        Shape,
        scores=st.sampled_from(Scores),
        round=st.none() | st.integers(0, 5),
        jitter=st.sampled_from([0.0, 0.02, 0.5]),
        epsilon=st.sampled_from([None, 0.1, 1.0]),
        marks=st.lists(marks, max_size=2).map(tuple),
    ),
    filter=st.builds(
        Filter,
        input=st.sampled_from(Strictness),
        output=st.sampled_from(Strictness),
        rules=st.frozensets(words, max_size=2),
    ),
    tools=st.builds(Tools, deny=st.frozensets(few), ask=st.frozensets(few)),
    hold=st.builds(Hold, ingestion=st.booleans(), training=st.booleans(), deployment=st.booleans()),
    log=st.sampled_from(LogLevel),
    fallback=st.sampled_from(["", '{"a": 1}', '{"b": 2}', "null"]),
    until=st.none() | times,
).map(normal)


@st.composite
def _demands(draw: st.DrawFn) -> Demand:
    since = draw(times)
    return Demand(
        id=DemandId(draw(st.sampled_from("abcdef"))),
        policy=draw(policies),
        since=since,
        until=draw(st.none() | times),
        by="stanch",
        why="a reason",
    )


demands = _demands()
standings = st.builds(
    Standing,
    base=policies,
    demands=st.lists(demands, max_size=3, unique_by=lambda d: d.id).map(
        lambda ds: tuple(sorted(ds, key=lambda d: (d.since, d.id)))
    ),
    version=st.integers(0, 5),
)


@given(policies, policies)
def test_combining_does_not_ask_who_came_first(one: Policy, other: Policy) -> None:
    assert combine(one, other) == combine(other, one)


@given(policies, policies, policies)
def test_combining_does_not_ask_how_it_is_grouped(a: Policy, b: Policy, c: Policy) -> None:
    assert combine(combine(a, b), c) == combine(a, combine(b, c))


@given(policies)
def test_demanding_the_same_twice_is_demanding_it_once(one: Policy) -> None:
    assert combine(one, one) == one


@given(policies)
def test_a_demand_of_nothing_changes_nothing(one: Policy) -> None:
    assert combine(one, Policy(asset=A)) == one


@given(policies, policies, versions)
def test_the_combined_policy_is_never_freer_than_either(a: Policy, b: Policy, v: str) -> None:
    both = combine(a, b)
    assert no_freer(a, both)
    assert no_freer(b, both)
    assert may_answer(both.route, v) == (may_answer(a.route, v) and may_answer(b.route, v))


@given(policies, policies, policies)
def test_stricter_stays_stricter_whatever_is_added(a: Policy, b: Policy, c: Policy) -> None:
    assert no_freer(combine(a, c), combine(combine(a, b), c))


@given(standings, demands)
def test_taking_back_a_demand_is_as_if_it_was_never_made(s: Standing, d: Demand) -> None:
    fresh = replace(d, id=DemandId("fresh"))
    assert reverted(added(s, fresh), fresh.id) == s


@given(standings, demands)
def test_the_same_demand_again_changes_nothing(s: Standing, d: Demand) -> None:
    assert added(added(s, d), d) == added(s, d)


@given(standings, times)
def test_expiry_takes_out_what_had_no_effect_any_more(s: Standing, at: datetime) -> None:
    assert effective(expired(s, at), at) == effective(s, at)


@given(standings, times)
def test_nothing_changes_before_the_next_change(s: Standing, at: datetime) -> None:
    later = next_change(s, at)
    moment = at + timedelta(days=9) if later is None else later - timedelta(microseconds=1)
    assert effective(s, moment) == effective(s, at)


@given(policies)
def test_nothing_on_a_base_is_the_base_unless_nobody_is_left(base: Policy) -> None:
    base = Policy(asset=base.asset) if over(base, T0) else base
    found = effective(Standing(base=base), T0)
    assert found == base if not nobody_left(base.route) else found.mode in {"safe", "stopped"}


@given(standings, times)
def test_an_empty_route_never_serves(s: Standing, at: datetime) -> None:
    found = effective(s, at)
    if nobody_left(found.route):
        assert found.mode in {Mode.SAFE, Mode.STOPPED}


@given(policies)
def test_what_is_written_as_yaml_reads_back_the_same(one: Policy) -> None:
    assert read(written(one)) == one
    assert written(one).replace("\n", "").isprintable()


@given(policies)
def test_what_goes_over_the_wire_comes_back_the_same(one: Policy) -> None:
    assert decoded(canonical(one)) == one
    assert canonical(decoded(canonical(one))) == canonical(one)


@given(policies, policies)
def test_every_difference_has_a_sentence(a: Policy, b: Policy) -> None:
    same = replace(a, version=0, until=None) == replace(b, version=0, until=None)
    found = changes(a, b)
    assert same == (not found)
    assert all(c.says.endswith(".") and len(c.says) > 5 for c in found)
    assert no_freer(a, b) == all(c.stricter for c in found)


@given(
    policies,
    policies,
    st.lists(
        st.builds(
            Flow,
            principal=few.map(PrincipalId),
            count=st.integers(0, 50),
            source=st.sampled_from(["203.0.113.7", "::ffff:203.0.113.9", "2001:db8::1", ""]),
            version=versions,
        ),
        max_size=6,
    ),
)
def test_nobody_is_hit_more_than_they_asked(a: Policy, b: Policy, flows: list[Flow]) -> None:
    traffic = Traffic(asset=A, span=Span(start=T0, end=T0 + timedelta(hours=1)), flows=tuple(flows))
    found = blast(a, b, traffic)
    assert found.refused >= 0
    assert found.altered >= 0
    assert found.refused + found.altered <= found.requests
    assert blast(a, a, traffic).share == 0


def _unmet(probes: tuple[Probe, ...], policy: Policy) -> list[Probe]:
    """The probes that a real guard under this policy does not prove."""
    core, key, unmet = guard(policy), b"k" * 32, list[Probe]()
    for nonce, probe in enumerate(probes):
        header = (b"stanch-probe", asked(probe, str(nonce), key).encode())
        sealed = core.probed({"headers": [header]})
        assert sealed is not None
        if not proves(probe, opened(sealed, str(nonce), key)):
            unmet.append(probe)
    return unmet


@given(policies, policies)
def test_a_guard_shows_a_change_by_its_probes_once_it_runs_it_and_not_before(
    one: Policy, other: Policy
) -> None:
    named = Filter()  # a rule by a name that no guard knows is enforced by none
    before, after = (
        replace(p, asset=AssetId("fraud-scorer"), version=n, filter=named)
        for n, p in enumerate((one, other), 1)
    )
    probes = showing(before, after)
    assert _unmet(probes, after) == []
    assert len(_unmet(probes, before)) == len(probes)
