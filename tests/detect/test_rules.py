from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.detect.rules.evaluate import findings_from
from stanch.detect.rules.load import packaged, rules_from
from stanch.detect.rules.rule import LAST, TIMES, Row, Rule, Shape
from stanch.detect.rules.sigma import rule_from_sigma
from stanch.detect.rules.tally import KEPT, Tally, tally_of
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.trouble import BadFile

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def row(second: float, kind: str, who: str = "ana", **more: object) -> Row:
    return {
        "ts": AT + timedelta(seconds=second),
        "kind": kind,
        "asset": "registry",
        "principal": who,
        **more,
    }


def login(second: float, outcome: str, who: str = "ana") -> Row:
    return row(second, "access", who, action="login", outcome=outcome, source="203.0.113.9")


def named(name: str) -> tuple[Rule, ...]:
    return tuple(r for r in packaged() if r.id == name)


def found(
    rules: tuple[Rule, ...],
    rows: list[Row],
    known: frozenset[tuple[AssetId, PrincipalId]] = frozenset(),
) -> tuple[Finding, ...]:
    return findings_from(rules, tally_of(rules, rows, known))


def test_five_failed_logins_then_one_that_works_is_one_finding_that_names_who() -> None:
    rows = [*(login(n * 20, "failed") for n in range(5)), login(110, "ok")]
    made = found(named("guessed_login"), rows)
    assert len(made) == 1
    assert made[0].suspects[0].principal == "ana"
    assert "ana" in made[0].says
    assert "{" not in made[0].says


def test_four_failures_or_success_first_or_too_slow_is_nothing() -> None:
    rule = named("guessed_login")
    assert not found(rule, [*(login(n * 20, "failed") for n in range(4)), login(110, "ok")])
    assert not found(rule, [login(0, "ok"), *(login(60 + n * 20, "failed") for n in range(5))])
    slow = [*(login(n * 200, "failed") for n in range(5)), login(1000, "ok")]
    assert not found(rule, slow)


def test_failures_of_one_and_success_of_another_is_nothing() -> None:
    rows = [*(login(n * 20, "failed") for n in range(5)), login(110, "ok", "bob")]
    assert not found(named("guessed_login"), rows)


def test_different_names_from_one_address_are_counted_once_each() -> None:
    few = [login(n, "failed", f"user-{n % 7}") for n in range(100)]
    assert not found(named("sprayed_login"), few)
    many = [login(n, "failed", f"user-{n % 8}") for n in range(50)]
    assert len(found(named("sprayed_login"), many)) == 1


def test_a_deployment_that_was_trained_is_fine_and_one_that_was_not_is_a_finding() -> None:
    rule = named("untrained_deployment")
    trained = row(0, "training", run="r1", digest="sha256:a")
    good = row(600, "deployment", digest="sha256:a", by="ana")
    bad = row(600, "deployment", digest="sha256:b", by="ana")
    assert not found(rule, [trained, good])
    assert [f.detector for f in found(rule, [trained, bad])] == ["untrained_deployment"]
    late = [row(700, "training", run="r1", digest="sha256:b"), bad]
    assert len(found(rule, late)) == 1, "training afterwards is no excuse"


def test_only_somebody_new_who_changes_data_and_trains_is_a_finding() -> None:
    rule = named("stranger_changes_then_trains")
    rows = [row(0, "dataset", digest="d"), row(900, "training", run="r")]
    assert len(found(rule, rows)) == 1
    known = frozenset({(AssetId("registry"), PrincipalId("ana"))})
    assert not found(rule, rows, known)
    assert not found(rule, [row(0, "dataset", digest="d"), row(4000, "training", run="r")])


def test_asking_again_while_the_minute_fills_gives_the_same_finding() -> None:
    rule = named("guessed_login")
    rows = [*(login(n * 5, "failed") for n in range(5)), login(30, "ok")]
    assert [f.id for f in found(rule, rows)] == [
        f.id for f in found(rule, [*rows, login(31, "ok")])
    ]


def test_what_was_counted_before_it_came_counts_as_often_as_it_was() -> None:
    often = {**login(0, "failed"), TIMES: 5, LAST: AT + timedelta(seconds=40)}
    assert found(named("guessed_login"), [often, login(110, "ok")])
    assert not found(named("guessed_login"), [login(0, "failed"), login(110, "ok")])


def test_the_first_of_so_many_may_be_as_long_ago_as_the_rule_looks_back() -> None:
    rules = rules_from(GOOD.replace("sequence: [a, b]", "count: {of: a, at_least: 3}"), "mine.yaml")
    for last, comes_true in ((600, True), (601, False)):
        rows = [row(second, "access") for second in (0, 300, last)]
        assert bool(found(rules, rows)) is comes_true


def test_more_values_than_a_cell_can_tell_apart_are_the_same_ones_in_any_order() -> None:
    rule, rows = named("sprayed_login"), [login(n / 9, "failed", f"user-{n}") for n in range(400)]
    whole = tally_of(rule, rows, frozenset())
    assert [len(cell.values) for cell in whole.cells.values()] == [KEPT]
    parts = [tally_of(rule, rows[k::3], frozenset()) for k in (2, 0, 1)]
    assert parts[0].merged(parts[1]).merged(parts[2]) == whole


def happened(second: int, kind: str, who: str) -> Row:
    if kind in {"ok", "failed"}:
        return login(second, kind, who)
    return row(second, kind, who, digest="d")


events = st.builds(
    happened,
    st.integers(0, 3000),
    st.sampled_from(["ok", "failed", "dataset", "training", "deployment"]),
    st.sampled_from(["ana", "bob"]),
)


@given(st.lists(events, max_size=40), st.integers(0, 40), st.randoms(use_true_random=False))
def test_parts_in_any_order_add_up_to_the_whole(rows: list[Row], cut: int, dice: Random) -> None:
    rules = packaged()
    whole = tally_of(rules, rows, frozenset())
    mixed = list(rows)
    dice.shuffle(mixed)
    parts = tally_of(rules, mixed[:cut], frozenset()).merged(
        tally_of(rules, mixed[cut:], frozenset())
    )
    assert parts == whole
    assert findings_from(rules, parts) == findings_from(rules, whole)
    assert whole.merged(Tally()) == whole


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 5)), max_size=40), st.integers(1, 4))
def test_different_values_are_those_between_a_finding_and_the_next_end(
    sent: list[tuple[int, int]], least: int
) -> None:
    text = GOOD.replace(
        "sequence: [a, b]", f"values: {{of: a, at_least: {least}}}\n  field: source"
    )
    rules = rules_from(text.replace("  b: {kind: inference}\n", ""), "mine.yaml")
    minutes: dict[int, set[int]] = {}
    for minute, value in sent:
        minutes.setdefault(minute, set()).add(value)
    expected, after = 0, -1
    for end in sorted(minutes):
        begin = max(end - 10, after + 1)
        if len({v for m, held in minutes.items() if begin <= m <= end for v in held}) >= least:
            expected, after = expected + 1, end
    rows = [row(60 * minute, "access", source=f"s{value}") for minute, value in sent]
    assert len(found(rules, rows)) == expected


GOOD = """id: some_rule
title: T
says: S
events:
  a: {kind: access}
  b: {kind: inference}
by: [principal]
within: 10m
when:
  sequence: [a, b]
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("within: 10m", "within: soon", 8),
        ("by: [principal]", "by: [planet]", 7),
        ("{kind: access}", "{kind: dance}", 5),
        ("{kind: access}", "{kind: access, colour: red}", 5),
        ("[a, b]", "[a, c]", 10),
        ("[a, b]", "[a]", 10),
        ("title: T", "titel: T", 2),
        ("id: some_rule", "id: Some Rule", 1),
        ("says: S", "says: S\nsays: S", 4),
        ("[a, b]", "[a, {of: b, at_least: 0}]", 10),
        ("  sequence: [a, b]", "  values: a", 10),
        ("title: T", "title: [", 4),
        ("title: T", "title: T\npoints_to: {mischief: 1}", 3),
    ],
)
def test_a_mistake_is_reported_with_its_file_and_line(old: str, new: str, line: int) -> None:
    assert len(rules_from(GOOD, "mine.yaml")) == 1
    with pytest.raises(BadFile) as told:
        rules_from(GOOD.replace(old, new), "mine.yaml")
    assert str(told.value).startswith(f"mine.yaml:{line}: ")


def test_every_packaged_rule_names_its_place_and_fills_its_sentence() -> None:
    ids = [r.id for r in packaged()]
    assert len(set(ids)) == len(ids) >= 10
    for rule in packaged():
        assert rule.where.count(":") == 1
        assert rule.points_to


SIGMA = """title: Many failed logins
correlation:
  type: event_count
  rules: [failed_login]
  group-by: [User]
  timespan: 5m
  condition: {gte: 10}
---
name: failed_login
detection:
  selection: {action|startswith: login, Result: failed}
  condition: selection
"""


def test_a_sigma_correlation_is_taken_over_and_works() -> None:
    taken = rule_from_sigma(SIGMA, "sigma.yml")
    assert taken.left_out == ()
    assert taken.rule is not None
    assert taken.rule.shape is Shape.COUNT
    (told,) = found((taken.rule,), [login(n, "failed") for n in range(10)])
    assert told.suspects
    assert told.says.startswith(f"{told.suspects[0].principal}: 10 events in ")
    assert not found((taken.rule,), [login(n, "failed") for n in range(9)])


def test_the_techniques_among_the_tags_of_a_sigma_rule_are_those_of_its_findings() -> None:
    tagged = SIGMA.replace("correlation:", "tags: [attack.t1110, atlas.aml.t0012]\ncorrelation:", 1)
    rule = rule_from_sigma(tagged, "sigma.yml").rule
    assert rule is not None
    assert rule.atlas == ("AML.T0012",)


@pytest.mark.parametrize(
    ("old", "new", "fails", "comes_true"),
    [
        ("gte: 10", "gt: 9", 10, True),
        ("gte: 10", "gt: 10", 10, False),
        ("startswith: login", "contains: ogi", 10, True),
        ("startswith: login", "endswith: gin", 10, True),
        ("startswith: login", "endswith: log", 10, False),
    ],
)
def test_what_sigma_compares_means_the_same_here(
    old: str, new: str, fails: int, *, comes_true: bool
) -> None:
    rule = rule_from_sigma(SIGMA.replace(old, new), "sigma.yml").rule
    assert rule is not None
    assert bool(found((rule,), [login(n, "failed") for n in range(fails)])) is comes_true


@pytest.mark.parametrize(("kind", "backwards"), [("temporal", True), ("temporal_ordered", False)])
def test_a_temporal_rule_needs_every_one_of_its_rules_within_its_span(
    kind: str, *, backwards: bool
) -> None:
    both = SIGMA.replace("event_count", kind).replace("[failed_login]", "[failed_login, push]")
    both = both.replace("  condition: {gte: 10}\n", "")
    pushed = "---\nname: push\ndetection: {selection: {action: push}, condition: selection}\n"
    rule = rule_from_sigma(both + pushed, "sigma.yml").rule
    assert rule is not None

    def told(*rows: Row) -> int:
        return len(found((rule,), list(rows)))

    push = row(100, "access", action="push")
    assert told(login(0, "failed"), push) == 1
    assert told(push, login(200, "failed")) == int(backwards)
    assert told(login(0, "failed"), login(90, "failed")) == 0
    assert told(login(0, "failed"), row(301, "access", action="push")) == 0
    assert told(login(0, "failed", "bob"), push) == 0


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("event_count", "value_sum", "value_sum"),
        ("[User]", "[Planet]", "Planet"),
        ("condition: selection", "condition: selection and not filter", "more than one"),
        ("[failed_login]", "[other]", "other"),
        ("timespan: 5m", "timespan: 5M", "5M"),
        ("timespan: 5m", "timespan: 999d", "at most"),
        ("condition: selection", "condition: selection\n  timeframe: 5m", "more than one"),
        ("action|startswith", "action|re", "action|re"),
    ],
)
def test_what_sigma_says_and_we_cannot_is_printed(old: str, new: str, word: str) -> None:
    taken = rule_from_sigma(SIGMA.replace(old, new), "sigma.yml")
    assert taken.rule is None
    assert any(word in sentence for sentence in taken.left_out)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CN=client,OU=Payments", '"CN=client,OU=Payments" failed to log in'),
        ("{count} {asset}", "{count} {asset} failed to log in"),
        ("a\nb", "a\N{REPLACEMENT CHARACTER}b failed to log in"),
    ],
)
def test_a_name_is_one_name_in_what_a_rule_says(name: str, said: str) -> None:
    tries = [login(n, "failed", name) for n in range(5)]
    (one,) = found(named("guessed_login"), [*tries, login(9, "ok", name)])
    assert one.says.startswith(said)
    assert [s.principal for s in one.suspects] == [name]
