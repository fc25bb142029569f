"""What a Sigma file means here, case by case; the laws over random events are in property/."""

import json
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest

from stanch.detect.rules.evaluate import findings_from
from stanch.detect.rules.rule import Row
from stanch.detect.rules.sigma import Imported, rule_from_sigma
from stanch.detect.rules.tally import tally_of

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
FAILED = """---
name: failed_login
detection:
  selection: {Result: failed}
  condition: selection
"""


def taken(correlation: str, base: str = FAILED) -> Imported:
    return rule_from_sigma(f"title: Logins\ncorrelation: {{{correlation}}}\n{base}", "sigma.yml")


def failed(second: int, who: str, asset: str = "registry") -> Row:
    at = AT + timedelta(seconds=second)
    return {"ts": at, "kind": "access", "asset": asset, "principal": who, "outcome": "failed"}


def times(read: Imported, *rows: Row) -> int:
    assert read.rule is not None, read.left_out
    return len(findings_from((read.rule,), tally_of((read.rule,), rows, frozenset())))


def test_without_a_group_all_of_one_asset_counts_together() -> None:
    read = taken("type: event_count, rules: failed_login, timespan: 5m, condition: {gte: 3}")
    assert times(read, failed(0, "ana"), failed(9, "bob"), failed(20, "cleo")) == 1
    assert times(read, failed(0, "ana"), failed(9, "bob"), failed(20, "ana", "other")) == 0


@pytest.mark.parametrize(
    ("correlation", "says"),
    [
        ("type: temporal, rules: failed_login, timespan: 5m", "needs two rules or more"),
        (
            "type: value_count, rules: failed_login, timespan: 5m, condition: {gte: 3}",
            "`value_count` without a field",
        ),
        (
            "type: event_count, rules: failed_login, timespan: 5m, condition: {gt: 3, field: user}",
            "which only `value_count` counts",
        ),
        ("type: event_count, timespan: 5m, condition: {gte: 3}", "names no rules"),
        (
            "type: event_count, rules: failed_login, timespan: 5m, condition: {lte: 3}",
            "has no counterpart; gte and gt have",
        ),
        (
            "type: event_count, rules: failed_login, timespan: 5m, condition: {gte: 3, lt: 9}",
            "It has 2 conditions",
        ),
        ("type: event_count, rules: failed_login, timespan: 5m", "no condition such as"),
        (
            "type: event_count, rules: failed_login, timespan: 5m, condition: {gte: true}",
            "no whole number",
        ),
        (
            "type: event_count, rules: failed_login, timespan: 0m, condition: {gte: 3}",
            "timespan '0m'",
        ),
    ],
)
def test_what_would_be_taken_over_by_halves_is_not_and_is_said_once(
    correlation: str, says: str
) -> None:
    read = taken(correlation)
    assert read.rule is None
    assert sum(says in sentence for sentence in read.left_out) == 1
    assert len(read.left_out) == 1


@pytest.mark.parametrize(
    ("condition", "other", "meant"),
    [
        ("1 of selection*", "filter", True),
        ("all of selection*", "filter", True),
        ("1 of selection*", "selection_2", False),
        ("1 of them", "", True),
        ("1 of them", "filter", False),
        ("1 of filter*", "", False),
    ],
)
def test_of_several_selections_only_one_that_is_meant_alone_is_taken(
    condition: str, other: str, *, meant: bool
) -> None:
    more = f"\n  {other}: {{Result: ok}}" if other else ""
    base = FAILED.replace("condition: selection", f"condition: {condition}{more}")
    counted = "type: event_count, rules: failed_login, timespan: 5m, condition: {gte: 1}"
    read = taken(counted, base)
    assert (read.rule is not None) is meant
    if meant:
        assert times(read, failed(0, "ana")) == 1
    else:
        assert "more than one plain selection" in read.left_out[0]


def test_how_names_were_read_is_told_once_each_and_ours_are_not_told() -> None:
    fields = "{Result: failed, kind: access, Action: login, status: 401}"
    base = FAILED.replace("{Result: failed}", fields)
    grouped = "type: event_count, rules: failed_login, group-by: [User, principal], timespan: 5m"
    read = taken(grouped + ", condition: {gte: 1}", base)
    assert sorted(read.read_as) == [
        "The field 'Action' is read as 'action'.",
        "The field 'Result' is read as 'outcome'.",
        "The field 'User' is read as 'principal'.",
    ]


@pytest.mark.parametrize("least", [0, 1])
def test_nought_or_more_is_at_least_one(least: int) -> None:
    counted = f"type: event_count, rules: failed_login, timespan: 5m, condition: {{gte: {least}}}"
    read = taken(counted)
    assert read.rule is not None
    assert read.rule.steps[0].at_least == 1


NAMES = (
    *("CN=client,OU=Payments,O=Bank", "spiffe://cluster/ns/x/sa/y", 'Jane "JD" Doe', "José", "a b"),
    *("用户-1", "a,b", "..", "%2F", "=1+1", "*", "$suspects", "-x", "null", "0", "true", 'key:"x"'),
    *("back\\slash", "[ab]", "a?b", "axb", "a", "b"),
)


@pytest.mark.parametrize("name", [*NAMES, "Jose\u0301"])
def test_a_rule_on_one_name_takes_that_name_and_nobody_else(name: str) -> None:
    literal = "".join(f"\\{c}" if c in "*?\\" else c for c in name)
    base = FAILED.replace("Result: failed", f"Result: failed, User: {json.dumps(literal)}")
    read = taken("type: event_count, rules: failed_login, timespan: 5m, condition: {gte: 1}", base)
    hit = [one for one in NAMES if times(read, failed(0, one))]
    assert hit == [unicodedata.normalize("NFC", name)]
