"""Correlation rules: what came true in this window, once, with harmless names."""

from dataclasses import replace
from datetime import timedelta

from stanch.detect import examples
from stanch.detect.detectors.correlation_rules import Limits, book, look
from stanch.detect.rules.load import packaged, rules_from
from stanch.detect.rules.rule import Row
from stanch.detect.rules.tally import tally_of
from stanch.detect.window import Window
from stanch.vocabulary.finding import Finding

OWN = """
id: guessed_login
title: Ours
says: "{who} tried {count} times in {minutes} min on {asset}."
events: {failed: {kind: access, outcome: failed}}
by: [principal]
within: 5m
when: {count: {of: failed, at_least: 2}}
"""


def window(*seconds: int, who: str = "eve") -> Window:
    rows: list[Row] = [
        {
            "ts": examples.START + timedelta(seconds=s),
            "kind": "access",
            "asset": examples.asset().id,
            "principal": who,
            "action": "login",
            "outcome": "failed" if s != max(seconds) else "ok",
        }
        for s in seconds
    ]
    return replace(examples.nothing_seen(), rules=tally_of(packaged(), rows, frozenset()))


def seen(one: Window, limits: Limits | None = None) -> list[Finding]:
    said = look(one, limits or Limits())
    return [s for s in said if isinstance(s, Finding)]


def test_what_came_true_before_the_window_was_told_there() -> None:
    assert seen(window(0, 5, 10, 15, 20, 25))
    assert not seen(window(*(s - 3600 for s in (0, 5, 10, 15, 20, 25))))


def test_what_began_before_and_came_true_now_is_told() -> None:
    assert seen(window(-400, -300, -200, -100, -50, 10))


def test_two_rules_about_the_same_person_are_two_findings() -> None:
    own = rules_from(OWN.replace("guessed_login", "many_fails"), "own.yaml")
    rows: list[Row] = [
        {
            "ts": examples.START + timedelta(seconds=s),
            "kind": "access",
            "asset": examples.asset().id,
            "principal": "eve",
            "action": "login",
            "outcome": "failed" if s < 30 else "ok",
        }
        for s in (0, 5, 10, 15, 20, 30)
    ]
    limits = Limits(rules=own)
    tally = tally_of(book(limits), rows, frozenset())
    found = seen(replace(examples.nothing_seen(), rules=tally), limits)
    assert len({f.id for f in found}) == len(found)
    assert {f.topic.split()[0] for f in found} == {"guessed_login", "many_fails"}


def test_a_rule_of_the_place_replaces_a_packaged_one_and_rules_can_be_off() -> None:
    own = rules_from(OWN, "own.yaml")
    assert [r.title for r in book(Limits(rules=own)) if r.id == "guessed_login"] == ["Ours"]
    assert not seen(window(0, 5, 10, 15, 20, 25), Limits(off=frozenset({"guessed_login"})))


def test_names_with_control_characters_are_shown_harmless() -> None:
    (one,) = seen(window(0, 5, 10, 15, 20, 25, who="eve\x1b[2J\u202e"))
    assert one.says.isprintable()
