"""Playbooks as people write them: what is read, and what is refused with its line."""

import json

import pytest

from stanch.contain.playbook.check import checked, problems
from stanch.contain.playbook.period import in_words, seconds
from stanch.contain.playbook.written import read, written
from stanch.engine.runs.library import every_act
from stanch.vocabulary.playbook import Ask, Do
from stanch.vocabulary.trouble import BadFile, BadInput

HEAD = "playbook: p\ntitle: A test\nsteps:\n  - do: freeze\n"
HERE = "@"
"""Where the mistake is told to be; it is taken out of the text."""
SAY = "  - do: note\n    with: {text: a}\n"
BLOCK = "  - do: block_principal\n    with:\n      principals:"
NETWORKS = "  - do: block_network\n    with: {networks: "
SLOW = "  - do: throttle\n    with: "
WAIT = "  - id: x\n    wait: 1m\n"
OTHER = "  - id: y\n    wait: 1m\n    next: end\n"
REVOKE = "  - do: revoke_key\n    with: {principals: [key-91]}\n"
AGAIN = "  - id: r\n    repeat: x\n    while: quiet\n"


def refused(steps: str) -> str:
    with pytest.raises(BadFile) as caught:
        checked(HEAD + steps, "p.yaml", every_act())
    return str(caught.value)


def spot(text: str) -> str:
    """Where the mark of this text stands, as a refusal names it."""
    before = text[: text.index(HERE)]
    return f"p.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ("  - do: @block_principle\n    id: b\n", "Did you mean block_principal?"),
        ("  - do: note\n    with: {@texts: a}\n", "Did you mean text?"),
        ("  - @do: note\n", "note needs 'text'"),
        (SLOW + "@{principals: [a]}\n", "throttle needs 'rate'"),
        ("  - do: note\n    @wiht: {text: a}\n", "Did you mean with?"),
        ("  - do: note\n    @wiht:\n      text: a\n", "Did you mean with?"),
        ("  - id: d\n    decide: @suspect >= 1\n    no: end\n", "Did you mean suspects?"),
        ("  - id: d\n    decide: @attack = poisonin\n    no: end\n", "Did you mean poisoning?"),
        ("  - id: d\n    decide: contained\n    no: @freze\n", "Did you mean freeze?"),
        ("  - id: d\n    decide: contained\n    yes: @freze\n    no: end\n", "mean freeze?"),
        ("  - id: w\n    wait: @soon\n", "is no period"),
        (SAY + "    lasts: 1h\n    timeout: @5\n", "is no period"),
        ("  - id: a\n    ask: May I?\n    within: @1w\n    no: end\n", "is no period"),
        ("  - @id: a\n    ask: May I?\n    if_silent: no\n", "must say what follows"),
        ("  - do: note\n    with: {text: @$suspekts}\n", "Did you mean suspects?"),
        (BLOCK + "\n        - a\n        - @$suspekts\n", "Did you mean suspects?"),
        ("  - do: note\n    id: @freeze\n    with: {text: a}\n", "stands in line 4 already"),
        ("  - do: @freeze\n", "stands in line 4 already"),
        (SAY + "    next: end\n" + WAIT.replace("id", "@id"), "nothing leads here"),
        ("  - id: p\n    parallel: @[x]\n    next: end\n" + WAIT, "two branches"),
        ("  - id: p\n    parallel: [x, @y]\n    next: end\n" + WAIT, "'y' is no step"),
        ("  - @id: r\n    repeat: x\n    while: quiet\n    next: end\n" + WAIT, "most"),
        (AGAIN.replace("x", "@y") + "    most: 2\n    next: end\n" + WAIT, "'y' is no step"),
        (AGAIN.replace("quiet", "@silent") + "    most: 2\n    next: end\n" + WAIT, "no fact"),
        ("  - id: a\n    ask: x\n    of: @boss\n    no: end\n", "is no role"),
        ("  - id: a\n    ask: x\n    about: [@freeze]\n    no: end\n", "a yes does not lead to"),
        ("  - id: a\n    ask: x\n    people: @3\n    no: end\n", "`people` is 1 or 2"),
        ("  - @id: q\n    do: note\n    ask: both\n", "exactly one of"),
        ("  - id: w\n    wait: 1m\n    @late: end\n", "a meaning only with `until`"),
        (REVOKE + "    lasts: @1h\n", "cannot be undone, so it cannot last"),
        (SAY + "    attempts: @0\n", "at least 1"),
        (SAY + "    on_failure: @undoo\n", "is none of"),
        (SAY + "    evidence_first: @maybe\n", "must be yes or no"),
        ("  - id: p\n    parallel: [x, @x]\n    next: end\n" + WAIT, "are the same"),
        (AGAIN + "    most: @0\n    next: end\n" + WAIT, "`most` must be from 1 to"),
        (AGAIN + "    most: @1001\n    next: end\n" + WAIT, "`most` must be from 1 to"),
        ("  - do: @&a note\n", "anchor"),
        ("@\t- do: note\n", "a tab stands here"),
        ("  - id: a\n    ask: x\n    of: @viewer\n    no: end\n", "only looks on"),
        (SLOW + "{rate: @20 a minute}\n", "Write one like 20/min"),
        (SLOW + "{rate: @twenty, principals: $suspects}\n", "'twenty' is not a rate"),
        (SLOW + "{rate: @20}\n", "rate is text, not a whole number"),
        (SLOW + "{rate: 20/min, principals: @key-91}\n", "principals is a list, not text"),
        (SLOW + "{rate: 20/min, principals: [a, @{b: c}]}\n", "must be a single value"),
        (NETWORKS + "[10.0.0.0/8, @10.0.0.999/8]}\n", "10.0.0.999"),
        ("  - do: canary\n    with: {version: $version, stays: v6, percent: @200}\n", "to 99"),
        ("  - do: open_clock\n    with: {duty: tell, within: @soon}\n", "is no period"),
        ("  - do: open_clock\n    with: {duty: tell, within: @0}\n", "is no time for a duty"),
        ("  - do: take_back\n    with: {step: @freeze, once: freeze}\n", "no step that contains"),
        (SAY + "    next: @freeze\n", "the steps run in a circle"),
        (AGAIN + "    most: 2\n    next: end\n" + WAIT + "    next: @r\n", "in a circle"),
        ("  - id: p\n    parallel: [x, y]\n    next: end\n" + WAIT + "    next: @y\n" + OTHER,
         "which is not its own"),
        (REVOKE.replace("do: ", "do: @"), "Ask two people first"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_own_place_and_what_was_meant(steps: str, says: str) -> None:
    told = refused(steps.replace(HERE, ""))
    first = told.splitlines()[0]
    assert first.startswith(spot(HEAD + steps)), told
    assert says in first


def test_every_mistake_is_told_in_the_order_of_the_file() -> None:
    wrong = "  - id: d\n    decide: contained\n    yes: @nowhere\n    no: @never\n"
    steps = wrong + "  - do: @block_principle\n    id: b\n"
    told = refused(steps.replace(HERE, "")).splitlines()
    text = HEAD + steps
    for line, says in zip(
        told, ("'nowhere'", "'never'", "Did you mean block_principal?"), strict=True
    ):
        assert line.startswith(spot(text))
        assert says in line
        text = text.replace(HERE, "", 1)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("playbook: p\nanswers: [extraction, @poisonin]\ntitle: t\n", "Did you mean poisoning?"),
        ("playbook: p\n\ntitle: @''\n", "it has no title"),
        ("playbook: p\ntitle: t\n\nversion: @two\n", "must be a whole number"),
        ("playbook: @P p\ntitle: t\n", "is no name"),
        ("playbook: p\ntitle: t\n@answer: [x]\n", "Did you mean answers?"),
    ],
)
def test_a_mistake_above_the_steps_names_its_own_place(head: str, says: str) -> None:
    text = f"{head}steps:\n  - do: freeze\n"
    with pytest.raises(BadFile, match=says) as caught:
        checked(text.replace(HERE, ""), "p.yaml", every_act())
    assert str(caught.value).startswith(spot(text))


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
        "block_principal\n    with: {principals: [$suspects, key-91]}",
        "block_network\n    with: {networks: [$networks, 10.0.0.0/8]}",
        "block_principal\n    with: {principals: [svc$batch, $$suspects]}",
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


def test_a_name_in_a_list_is_read_and_written_as_it_stands() -> None:
    some = ("a  b", "a\tb", "tail ", "CN=client,OU=Payments", 'Jane "JD" Doe', "José", "null", "-x")
    text = f"{HEAD}  - do: block_principal\n    with: {{principals: {json.dumps(some)}}}\n"
    for book in (read(text).playbook, read(written(read(text).playbook)).playbook):
        args = [one.args for one in book.steps.values() if isinstance(one, Do)]
        assert {"principals": some} in args
