"""Rules of people's own: what is taken, what is refused and with which line."""

import pytest

from stanch.detect.rules.bounded import DEEPEST, LARGEST
from stanch.detect.rules.load import packaged, packaged_text, rules_from
from stanch.detect.rules.own import own_rule
from stanch.detect.rules.rule import Selection
from stanch.vocabulary.trouble import BadFile

OURS = """\
id: night_export
title: Somebody exports again and again
says: "{who} exported {count} times."
events:
  out: {kind: access, action: [export]}
by: [principal]
within: 10m
when:
  count: {of: out, at_least: 3}
"""
SIGMA = """\
title: Many failed logins
correlation:
  type: event_count
  rules: [failed_login]
  group-by: [User]
  timespan: 5m
  condition: {gte: 10}
---
name: failed_login
logsource: {category: authentication}
detection:
  selection: {action|startswith: login, Result: failed}
  condition: selection
"""


def test_a_text_tells_by_its_content_whose_rule_it_is() -> None:
    assert not own_rule(OURS, "a.yaml").sigma
    taken = own_rule(SIGMA, "a.yaml")
    assert taken.sigma
    assert taken.rule.id == "sigma_many_failed_logins"
    assert any("log source" in one for one in taken.read_as)
    assert "The field 'Result' is read as 'outcome'." in taken.read_as


def test_who_insists_on_sigma_is_told_when_it_is_none() -> None:
    with pytest.raises(BadFile, match="no correlation"):
        own_rule(OURS, "a.yaml", sigma=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (OURS.replace("[export]", "&a [export]"), r"a\.yaml:5: No anchors"),
        (OURS.replace("[export]", "!!python/name:os.system x"), r"a\.yaml:5: No tags"),
        (OURS.replace("[export]", "[" * (DEEPEST + 2)), r"a\.yaml:5: It is nested deeper"),
        (OURS.replace("[export]", "[" * 15_000), r"a\.yaml:5: It is nested deeper"),
        (OURS + "#" * LARGEST, r"a\.yaml: It has \d+ characters"),
        (OURS.replace("title: S", "title: \x01S"), r"a\.yaml:1: This is no YAML"),
        (OURS.replace("at_least: 3", "at_least: " + "9" * 400), r"a\.yaml:9: .* no whole number"),
        (OURS.replace("at_least: 3", "at_last: 3"), r"a\.yaml:9: 'at_last' is not known"),
        (OURS.replace("10m", "0s"), r"a\.yaml:7: A rule looks back"),
        (OURS.replace("10m", "99999d"), r"a\.yaml:7: A rule looks back"),
        (OURS.replace("[principal]", "[planet]"), r"a\.yaml:6: .*no column"),
        (OURS.replace("kind: access", "kind: label"), r"a\.yaml:1: out: .*not counted"),
        (OURS.replace("kind: access", "kind: inference"), r"a\.yaml:1: Answers .* sequence only"),
        (OURS.replace("by:", "  more: {kind: access}\nby:"), r"a\.yaml:1: .*'more' stand in no"),
        (OURS + "---\n" + OURS, r"a\.yaml: It has 2 rules"),
        ("", r"a\.yaml: It has 0 rules"),
        (OURS.replace("title: S", "title: " + "S" * 600), r"a\.yaml:2: Write one line"),
        (OURS.replace("[export]", str([str(n) for n in range(201)])), "more than 200 patterns"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(BadFile, match=told):
        own_rule(text, "a.yaml")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[failed_login]", "[failed_login, failed_login]", "several base rules"),
        ("timespan: 5m", "timespan: 5m\n  aliases: {a: {b: c}}", "'aliases'"),
        ("{gte: 10}", "{gte: 10, lte: 20}", "2 conditions"),
        ("{gte: 10}", "{gte: ten}", "no whole number"),
        ("{gte: 10}", "{gte: true}", "no whole number"),
        ("{gte: 10}", "{gte: 10, field: User}", "has a field"),
        ("  condition: {gte: 10}\n", "", "no condition"),
        ("event_count", "temporal", "temporal correlation"),
        ("Result: failed", "action|endswith: x", "asked for twice"),
        ("Result: failed", "Result: 1.10", "no plain text"),
        ("Result: failed", "Result: {a: b}", "no plain text"),
        ("title: Many failed logins", "title: '***'", "with letters"),
        ("title: Many", "generate: true\ntitle: Many", "generate"),
        ("action|startswith: login", "kind: label", "not counted"),
        ("Result: failed", "Result: failed, Result: ok", "stands here twice"),
        ("Result: failed", "Result: 2024-99-99", "cannot be read"),
        ("correlation:", "correlation: 5\nx:", "no entries"),
    ],
)
def test_a_sigma_rule_that_does_not_map_is_refused_whole(old: str, new: str, told: str) -> None:
    assert SIGMA.count(old) == 1
    with pytest.raises(BadFile, match=told):
        own_rule(SIGMA.replace(old, new), "s.yaml")


@pytest.mark.parametrize("condition", ["1 of selection*", "all of sel*", "1 of them"])
def test_one_selection_out_of_one_is_that_selection(condition: str) -> None:
    text = SIGMA.replace("condition: selection", f"condition: {condition}")
    assert text != SIGMA
    assert own_rule(text, "s.yaml").rule.selections == own_rule(SIGMA, "s.yaml").rule.selections
    two = text.replace("  selection:", "  selection2: {Result: ok}\n  selection:")
    assert two != text
    with pytest.raises(BadFile, match="more than one"):
        own_rule(two, "s.yaml")


def test_a_rule_of_single_events_is_told_how_to_become_a_correlation() -> None:
    text = "title: x\ndetection: {s: {action: a}, condition: s | count() by user > 5}"
    with pytest.raises(BadFile, match="type event_count"):
        own_rule(text, "s.yaml")


def test_a_mapping_that_merges_another_is_refused() -> None:
    with pytest.raises(BadFile, match="'<<' stands here twice, or merges"):
        own_rule(SIGMA.replace("Result: failed", "<<: {Result: failed}"), "s.yaml")


def test_everything_that_does_not_map_is_said_at_once() -> None:
    text = SIGMA.replace("gte", "lt").replace("User", "Planet").replace("5m", "5M")
    text = text.replace("condition: selection", "condition: selection or other")
    with pytest.raises(BadFile) as told:
        own_rule(text, "s.yaml")
    assert all(word in str(told.value) for word in ("'lt'", "'Planet'", "'5M'", "more than one"))


def test_sigmas_patterns_mean_the_same_here() -> None:
    text = SIGMA.replace("Result: failed", r"'Result': ['a[b]', 'c\*', 'd?', null]")
    (one,) = own_rule(text, "s.yaml").rule.selections

    def takes(outcome: str | None) -> bool:
        return one.takes({"action": "LogIn.web", "outcome": outcome}, known=False)

    assert all(map(takes, ["a[b]", "A[B]", "c*", "dx", None]))
    assert not any(map(takes, ["ab", "cx", "d", "e"]))


def test_our_own_patterns_know_capitals() -> None:
    one = Selection(name="a", fields={"action": ("login",)})
    assert not one.takes({"action": "Login"}, known=False)


def test_every_packaged_rule_can_come_true() -> None:
    for rule in packaged():
        assert own_rule(packaged_text(rule.id), "packaged.yaml").rule.id == rule.id


def test_a_packaged_rule_has_its_text_and_can_be_written_again() -> None:
    for rule in packaged():
        (again,) = rules_from(packaged_text(rule.id), "x.yaml")
        assert (again.id, again.selections) == (rule.id, rule.selections)
    assert packaged_text("nothing") == ""
