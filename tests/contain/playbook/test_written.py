"""Playbooks as people write them: what is read, and what is refused with its line."""

import pytest

from stanch.contain.playbook.check import checked, problems
from stanch.contain.playbook.period import in_words, seconds
from stanch.contain.playbook.written import read
from stanch.engine.runs.library import every_act
from stanch.vocabulary.playbook import Ask, Do
from stanch.vocabulary.trouble import BadFile, BadInput

HEAD = "playbook: p\ntitle: A test\nsteps:\n  - do: freeze\n"
SAY = "  - do: note\n    with: {text: a}\n"
SLOW = "  - do: throttle\n    with: "
WAIT = "  - id: x\n    wait: 1m\n"
REVOKE = "  - do: revoke_key\n    with: {principals: [key-91]}\n"
AGAIN = "  - id: r\n    repeat: x\n    while: quiet\n"


def refused(steps: str) -> str:
    with pytest.raises(BadFile) as caught:
        checked(HEAD + steps, "p.yaml", every_act())
    return str(caught.value)


@pytest.mark.parametrize(
    ("steps", "line", "says"),
    [
        ("  - do: block_principle\n    id: b\n", 5, "Did you mean block_principal?"),
        ("  - do: note\n    with: {texts: a}\n", 5, "Did you mean text?"),
        ("  - do: note\n", 5, "note needs 'text'"),
        ("  - do: note\n    wiht: {text: a}\n", 6, "Did you mean with?"),
        ("  - id: d\n    decide: suspect >= 1\n    no: end\n", 6, "Did you mean suspects?"),
        ("  - id: d\n    decide: attack = poisonin\n    no: end\n", 6, "Did you mean poisoning?"),
        ("  - id: d\n    decide: contained\n    no: freze\n", 5, "Did you mean freeze?"),
        ("  - id: w\n    wait: soon\n", 6, "is no period"),
        ("  - id: a\n    ask: May I?\n    if_silent: no\n", 5, "must say what follows"),
        ("  - do: note\n    with: {text: $suspekts}\n", 5, "Did you mean suspects?"),
        ("  - do: note\n    id: freeze\n    with: {text: a}\n", 5, "stands in line 4 already"),
        (SAY + "    next: end\n" + WAIT, 8, "nothing leads here"),
        ("  - id: p\n    parallel: [x]\n    next: end\n" + WAIT, 5, "two branches"),
        ("  - id: r\n    repeat: x\n    while: quiet\n    next: end\n" + WAIT, 5, "most"),
        ("  - id: a\n    ask: x\n    of: boss\n    no: end\n", 7, "is no role"),
        ("  - id: a\n    ask: x\n    about: [freeze]\n    no: end\n", 5, "a yes does not lead to"),
        ("  - id: q\n    do: note\n    ask: both\n", 5, "exactly one of"),
        ("  - id: w\n    wait: 1m\n    late: end\n", 5, "a meaning only with `until`"),
        (REVOKE + "    lasts: 1h\n", 5, "cannot be undone, so it cannot last"),
        ("  - id: p\n    parallel: [x, x]\n    next: end\n" + WAIT, 5, "are the same"),
        (AGAIN + "    most: 0\n    next: end\n" + WAIT, 5, "`most` must be from 1 to"),
        (AGAIN + "    most: 1001\n    next: end\n" + WAIT, 5, "`most` must be from 1 to"),
        ("  - do: &a note\n", 5, "anchor"),
        ("\t- do: note\n", 5, "a tab stands here"),
        ("  - id: a\n    ask: x\n    of: viewer\n    no: end\n", 5, "only looks on"),
        (SLOW + "{rate: 20 a minute}\n", 5, "Write one like 20/min"),
        (SLOW + "{rate: twenty, principals: $suspects}\n", 5, "'twenty' is not a rate"),
        (SLOW + "{rate: 20}\n", 5, "rate is text, not a whole number"),
        (SLOW + "{rate: 20/min, principals: key-91}\n", 5, "principals is a list, not text"),
        ("  - do: canary\n    with: {version: $version, stays: v6, percent: 200}\n", 5, "to 99"),
        ("  - do: open_clock\n    with: {duty: tell, within: soon}\n", 5, "is no period"),
        ("  - do: open_clock\n    with: {duty: tell, within: 0}\n", 5, "is no time for a duty"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_line_and_what_was_meant(steps: str, line: int, says: str) -> None:
    told = refused(steps)
    assert told.startswith(f"p.yaml:{line}: ")
    assert says in told


@pytest.mark.parametrize(
    ("head", "line", "says"),
    [
        ("playbook: p\nanswers: [extraction, poisonin]\ntitle: t\n", 2, "Did you mean poisoning?"),
        ("playbook: p\n\ntitle: ''\n", 3, "it has no title"),
        ("playbook: p\ntitle: t\n\nversion: two\n", 4, "must be a whole number"),
        ("playbook: P p\ntitle: t\n", 1, "is no name"),
    ],
)
def test_a_mistake_above_the_steps_names_its_own_line(head: str, line: int, says: str) -> None:
    with pytest.raises(BadFile, match=says) as caught:
        checked(f"{head}steps:\n  - do: freeze\n", "p.yaml", every_act())
    assert str(caught.value).startswith(f"p.yaml:{line}: ")


def test_an_act_for_ever_needs_a_yes_of_two_about_that_very_act() -> None:
    act = "  - id: revoke\n    do: revoke_key\n    with: {principals: [key-91]}\n"
    assert "Ask two people first" in refused(act)
    one = "  - id: ok\n    ask: Shall it?\n    about: [revoke]\n    no: end\n"
    assert "Ask two people first" in refused(one + act)
    two = one.replace("    no: end", "    people: 2\n    no: end")
    assert checked(HEAD + two + act, "p.yaml", every_act())
    silent = two.replace("    no: end", "    if_silent: yes\n    no: end")
    assert "silence would lead" in refused(silent + act)


def test_an_act_for_ever_cannot_be_come_to_by_a_way_round_the_question() -> None:
    steps = """
  - id: fork
    decide: contained
    no: revoke
  - id: ok
    ask: Shall it?
    about: [revoke]
    people: 2
    no: end
  - id: revoke
    do: revoke_key
    with: {principals: [key-91]}
"""
    assert "cannot be undone" in refused(steps)


@pytest.mark.parametrize(
    "act",
    [
        "throttle\n    with: {rate: 20/min, principals: $suspects}",
        "filter_inputs\n    with: {alike: $alike}",
        "roll_back\n    with: {to: v4}",
        "canary\n    with: {version: v9, stays: $good_version}",
        "open_clock\n    with: {duty: tell, within: 72h}",
        "open_clock\n    with: {duty: tell, within: 1.5}",
    ],
)
def test_a_word_or_a_version_that_is_known_only_later_is_no_mistake(act: str) -> None:
    assert checked(f"{HEAD}  - do: {act}\n", "p.yaml", every_act())


def test_what_contains_comes_after_evidence() -> None:
    text = "playbook: p\ntitle: t\nsteps:\n  - do: stop_endpoint\n"
    (problem,) = problems(read(text).playbook, every_act())
    assert "before evidence is kept" in problem.says
    kept = text + "    evidence_first: true\n"
    assert problems(read(kept).playbook, every_act()) == ()


def test_a_branch_may_not_jump_into_another() -> None:
    steps = """
  - id: both
    parallel: [one, two]
    next: end
  - id: one
    wait: 1m
    next: two
  - id: two
    wait: 1m
    next: end
"""
    assert "is not its own" in refused(steps)


def test_what_is_not_said_is_as_usual_and_the_next_step_follows() -> None:
    steps = "  - id: a\n    ask: May I?\n    within: 5m\n    no: end\n  - id: b\n    wait: 90s\n"
    book = read(HEAD + steps).playbook
    first, asked = book.steps["freeze"], book.steps["a"]
    assert isinstance(first, Do)
    assert isinstance(asked, Ask)
    assert (first.next, asked.yes, asked.no) == ("a", "b", "")
    assert (asked.if_silent, asked.people, asked.within) == (False, 1, 300)


@pytest.mark.parametrize("text", ["", "[]", "a: b", "playbook: p\ntitle: t\nsteps: []", "steps: {"])
def test_what_is_no_playbook_is_refused(text: str) -> None:
    with pytest.raises(BadFile):
        read(text)


@pytest.mark.parametrize("text", ["90s", "5m", "2h", "7d", "90m"])
def test_a_period_is_the_same_after_words(text: str) -> None:
    assert seconds(in_words(seconds(text))) == seconds(text)


@pytest.mark.parametrize("text", ["0m", "5", "m", "-1m", "1.5h", "9999999d"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        seconds(text)
