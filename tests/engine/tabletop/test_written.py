"""Scenarios as files: every mistake with its line and what to write instead."""

import pytest

from stanch.engine.runs.library import shipped as playbooks
from stanch.engine.tabletop.shelf import scenario
from stanch.engine.tabletop.written import LARGEST, read
from stanch.learn.tabletop.scenario import Kind
from stanch.vocabulary.people import Duty
from stanch.vocabulary.trouble import BadFile, NotFound

GOOD = """\
tabletop: ours
title: A night of our own
says: What everybody knows.
learns: [calling early]
about: natural
playbook: natural_drift
system: our-model
severity: low
injects:
  - id: first
    at: 0
    title: It begins
    channel: alert
    shows: |
      line one
      line two
    asks: responder
    question: What now?
    minutes: 5
    choose:
      - {id: keep, says: Keep it., worth: 2, because: It cannot be done later., acts: [freeze]}
      - {id: go, says: Go home., worth: 0, because: It is your shift.}
    good: Keep it.
    critical: true
  - id: words
    at: 5
    title: In words
    channel: call
    shows: They ask.
    asks: legal
    question: What do you say?
    minutes: 5
    good: The truth.
"""


def test_a_scenario_is_what_its_file_says() -> None:
    one = read(GOOD, "ours.yaml", playbooks()).scenario
    first, words = one.injects
    assert (one.id, one.system, one.minutes) == ("ours", "tabletop.our-model", 10)
    assert (first.kind, first.shows, first.critical) == (Kind.CHOICE, "line one\nline two", True)
    assert (words.kind, words.asks, words.starts, words.ends) == (Kind.FREE, Duty.LEGAL, 300, 600)


@pytest.mark.parametrize(
    ("was", "now", "line", "says"),
    [
        ("title: A night of our own\n", "", 1, "'title' is missing"),
        ("severity: low", "severity: worst", 8, "low, medium, high"),
        ("about: natural", "about: aliens", 5, "It is about one of"),
        ("playbook: natural_drift", "playbook: none", 6, "no playbook 'none'"),
        ("tabletop: ours", "tabletop: Our Night", 1, "small letters"),
        ("asks: legal", "asks: everybody", 30, "'everybody' is not known"),
        ("at: 5", "at: soon", 26, "whole number"),
        ("at: 5", "at: 700\n    more: 1", 27, "'more' is not known"),
        ("    at: 5\n", "    at: -1\n", 26, "whole number"),
        ("id: words", "id: first", 25, "stands here twice"),
        ("at: 0", "at: 9", 25, "comes before"),
        ("acts: [freeze]", "acts: [stop_endpoint]", 10, "nothing that the playbook does"),
        ("worth: 2", "worth: 1", 10, "No answer is worth 2"),
        ("worth: 0", "worth: 2", 10, "Every answer is right"),
        ("critical: true", "critical: perhaps", 24, "true or false"),
        ("learns: [calling early]", "learns: []", 4, "1 to 60"),
        ("says: What everybody knows.", "says: [a]", 3, "Write a text"),
        ("channel: call", "channel: pigeon", 28, "alert, log, message, call, press"),
    ],
)
def test_a_mistake_is_told_with_its_line(was: str, now: str, line: int, says: str) -> None:
    assert was in GOOD
    with pytest.raises(BadFile) as told:
        read(GOOD.replace(was, now, 1), "ours.yaml", playbooks())
    assert str(told.value).startswith(f"ours.yaml:{line}: ")
    assert says in str(told.value)


def test_points_and_choices_are_not_mixed_and_a_single_point_is_none() -> None:
    point = "    points:\n      - {id: a, says: A, words: [a]}\n    good: Keep it."
    with pytest.raises(BadFile, match="exactly one way"):
        read(GOOD.replace("    good: Keep it.", point), "x.yaml", playbooks())
    point = point.replace("Keep it", "The truth")
    with pytest.raises(BadFile, match="at least two points"):
        read(GOOD.replace("    good: The truth.", point), "x.yaml", playbooks())


@pytest.mark.parametrize(
    "text",
    ["", "- a\n- b", "a: &x 1\nb: *x", f"{GOOD}---\n{GOOD}", "x" * (LARGEST + 1), "a: [", "a: 1"],
)
def test_what_is_no_scenario_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadFile):
        read(text, "x.yaml", playbooks())


def test_hidden_characters_have_no_place_in_a_scenario() -> None:
    with pytest.raises(BadFile):
        read(GOOD.replace("They ask.", '"They\u202e ask."'), "x.yaml", playbooks())


def test_a_scenario_that_is_not_there_is_told() -> None:
    with pytest.raises(NotFound):
        scenario("nothing")
