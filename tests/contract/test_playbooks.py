"""The laws of playbooks, over every playbook there is."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from stanch.contain.playbook.cacao_check import faults
from stanch.contain.playbook.cacao_in import imported
from stanch.contain.playbook.cacao_out import Origin, exported
from stanch.contain.playbook.check import problems
from stanch.contain.playbook.facts import FACTS
from stanch.contain.playbook.walk import (
    Came,
    End,
    Stage,
    State,
    Token,
    What,
    after,
    begin,
    ready,
)
from stanch.contain.playbook.written import Written, read, written
from stanch.engine.runs.library import decoded, digest, encoded, every_act, shipped
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.playbook import Ask, Decide, Do, Parallel, Playbook, Repeat, Step, Wait

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORIGIN = Origin(created=AT, modified=AT)
every = pytest.mark.parametrize("one", shipped().values(), ids=list(shipped()))
Answers = Callable[[Playbook, Token], Came]


def _yes(book: Playbook, token: Token) -> Came:
    match book.steps[token.at]:
        case Do():
            return Came(what=What.DONE, handle="x")
        case Wait():
            return Came(what=What.OVER)
        case Parallel():
            return Came(what=What.OVER)
        case Ask() | Decide() | Repeat():
            return Came(what=What.YES)


def _no(book: Playbook, token: Token) -> Came:
    match book.steps[token.at]:
        case Do():
            return Came(what=What.FAILED, says="people said no")
        case Wait():
            return Came(what=What.LATE)
        case Parallel():
            return Came(what=What.OVER)
        case Ask() | Decide() | Repeat():
            return Came(what=What.NO)


def _silent(book: Playbook, token: Token) -> Came:
    """Nobody answers: each question takes its stated default; all that is asked for is so."""
    step = book.steps[token.at]
    if isinstance(step, Ask):
        return Came(what=What.YES if step.if_silent else What.NO)
    return _yes(book, token)


WAYS: Mapping[str, Answers] = {"all yes": _yes, "all no": _no, "all silent": _silent}


def walked(book: Playbook, answers: Answers) -> tuple[State, list[str]]:
    state = begin(book)
    way: list[str] = []
    while (token := ready(state)) is not None:
        assert len(way) < 5_000
        way.append(token.at)
        state = after(book, state, token, answers(book, token))
    return state, way


@every
@pytest.mark.parametrize("answers", WAYS.values(), ids=list(WAYS))
def test_it_comes_to_an_end_whatever_is_answered(one: Written, answers: Answers) -> None:
    state, _ = walked(one.playbook, answers)
    assert state.stage is Stage.ENDED
    assert state.end is End.DONE


@every
def test_nothing_is_wrong_with_it(one: Written) -> None:
    assert problems(one.playbook, every_act()) == ()


@every
def test_it_begins_by_keeping_evidence(one: Written) -> None:
    first = one.playbook.steps[one.playbook.start]
    assert isinstance(first, Do)
    assert first.act == "freeze"


@every
def test_silence_does_nothing_that_cannot_be_undone(one: Written) -> None:
    _, way = walked(one.playbook, _silent)
    for name in way:
        step = one.playbook.steps[name]
        assert not (isinstance(step, Do) and every_act()[step.act].final)


@every
def test_it_is_the_same_after_yaml(one: Written) -> None:
    again = read(written(one.playbook)).playbook
    assert again == one.playbook
    assert list(again.steps) == list(one.playbook.steps)


@every
def test_it_is_the_same_after_being_kept(one: Written) -> None:
    again = decoded(encoded(one.playbook))
    assert again == one.playbook
    assert digest(again) == digest(one.playbook)


@every
def test_it_is_valid_cacao(one: Written) -> None:
    assert faults(exported(one.playbook, ORIGIN)) == ()


@every
def test_it_is_the_same_after_cacao_and_needs_no_repair(one: Written) -> None:
    document = json.loads(json.dumps(exported(one.playbook, ORIGIN)))
    found = imported(document)
    assert found.repairs == ()
    assert found.playbook == one.playbook
    assert list(found.playbook.steps) == list(one.playbook.steps)


@every
def test_every_time_it_waits_is_stated_and_people_have_enough_of_it(one: Written) -> None:
    for step in one.playbook.steps.values():
        if isinstance(step, Ask):
            assert timedelta(minutes=5) <= timedelta(seconds=step.within)


ATTACKS = [one for one in shipped().values() if set(one.playbook.answers) & set(AttackKind)]
every_attack = pytest.mark.parametrize("one", ATTACKS, ids=[o.playbook.id for o in ATTACKS])


def _unasked(book: Playbook) -> list[Do]:
    """What is done where nobody answers and suspects are named: the acts that need no yes."""
    _, way = walked(book, _silent)
    steps = (book.steps[name] for name in dict.fromkeys(way))
    return [s for s in steps if isinstance(s, Do)]


@every_attack
def test_an_attack_is_met_at_once_with_something_narrow_while_the_wide_is_asked(
    one: Written,
) -> None:
    if one.playbook.id == "fairness_harm":
        return  # Nobody is behind it: all that stops it touches everybody, and is asked at once.
    # A run whose every question and wait is still open: what it did waited for nobody.
    done = [s.act for s in _before_any_answer(one.playbook) if isinstance(s, Do)]
    assert {"block_principal", "freeze_pipeline", "quarantine_dataset"} & set(done)


def _before_any_answer(book: Playbook) -> list[Step]:
    state, taken = begin(book), list[Step]()
    while (token := ready(state)) is not None:
        step = book.steps[token.at]
        taken.append(step)
        open_ = isinstance(step, Ask | Wait) or (isinstance(step, Do) and _asks(book, step))
        came = Came(what=What.WAITS, waits="somebody") if open_ else _yes(book, token)
        state = after(book, state, token, came)
    return taken


def _asks(book: Playbook, act: Do) -> bool:
    return any(isinstance(s, Ask) and act.id in s.about for s in book.steps.values())


FIVE = {
    "poisoning": (
        {"safe_mode", "stop_endpoint"},
        {"roll_back"},
        {"freeze_pipeline"},
        {"start_check"},
        {"enhanced_monitoring"},
    ),
    "extraction": (
        {"query_limit"},
        {"shape_outputs"},
        {"block_principal"},
        {"safe_mode", "stop_endpoint"},
        {"shape_outputs"},
    ),
}


@pytest.mark.parametrize("name", FIVE)
def test_its_five_steps_are_numbered_and_are_what_they_should_be(name: str) -> None:
    book = shipped()[name].playbook
    for n, acts in enumerate(FIVE[name], 1):
        own = {s.act for s in book.steps.values() if isinstance(s, Do) and f"({n})" in s.says}
        assert own & acts
        assert f"({n})" in book.says


GUIDE = {
    "poisoning": {
        "keep": ("by-hand: a copy of $dataset", "by-hand: the code that loads it"),
        "contain": ("freeze_pipeline", "roll_back", "block_principal", "quarantine_dataset"),
        "tell": ("$data_owners", "$downstream", "$sharing", "legal"),
    },
    "backdoor": {
        "keep": ("by-hand: the optimizer's state", "by-hand: the rows it was tested on"),
        "contain": (
            "isolate_version",
            "roll_back",
            "pin_version",
            "safe_mode",
            "holds deployments",
        ),
        "look": ("trigger search",),
        "tell": ("$suppliers", "$downstream"),
    },
    "weight_tampering": {
        "keep": ("by-hand: the weights as they run", "by-hand: the registry's own log"),
        "contain": ("pin_version", "holds deployments", "by-hand: write access to the registry"),
        "look": ("rotation", "difference"),
        "tell": ("$downstream", "$communications"),
    },
    "supply_chain": {
        "keep": ("by-hand: the lock file, the bill of materials, the logs of what went out",),
        "contain": (
            *("isolate_version", "block_principal", "holds deployments"),
            "by-hand: hosts that pulled the part off the network",
        ),
        "look": ("rotation", "scan"),
        "tell": ("$suppliers", "$downstream", "legal"),
    },
    "extraction": {
        "contain": ("query_limit", "throttle", "shape_outputs", "block_principal", "mark_answers"),
        "tell": ("legal", "$communications"),
    },
    "evasion": {
        "contain": ("filter_inputs", "block_principal", "shape_outputs", "throttle", "safe_mode"),
        "look": ("list of decisions", "second look"),
        "tell": ("$communications",),
    },
    "threshold_probing": {
        "contain": ("filter_inputs", "block_principal", "shape_outputs", "throttle"),
        "look": ("list of",),
    },
    "membership_inference": {
        "keep": ("by-hand: by what right each was used",),
        "contain": ("shape_outputs", "throttle", "block_principal"),
        "tell": ("legal", "$communications", "a clock"),
    },
    "access": {
        "keep": ("by-hand: disk and memory", "by-hand: the log of the identity provider"),
        "contain": (
            *("block_principal", "revoke_key", "stop_endpoint", "holds deployments"),
            "by-hand: cut it off the network",
        ),
        "look": ("everything",),
        "tell": ("legal", "$communications", "a clock"),
    },
    "denial_of_wallet": {
        "contain": (
            *("query_limit", "throttle", "block_principal"),
            "spawn: start no further agents",
        ),
        "tell": ("$finance", "$suppliers"),
    },
    "fairness_harm": {
        "contain": ("roll_back", "safe_mode", "stop_endpoint"),
        "look": ("list of",),
        "tell": ("legal",),
    },
    "prompt_injection": {
        "keep": ("by-hand: the system's own words",),
        "contain": (
            *("block_principal", "disable_tool", "disable_agent"),
            *("by-hand: the document or message", "by-hand: end the tokens"),
        ),
        "look": ("path",),
        "tell": ("$communications", "$suppliers", "$downstream"),
    },
    "natural_drift": {"look": ("accuracy", "plan of a retraining"), "tell": ("$ml_engineer",)},
    "pipeline_fault": {
        "contain": ("safe_mode",),
        "look": ("which feature",),
        "tell": ("$ml_engineer",),
    },
}
"""What the guides ask for at each kind of incident: to keep, to contain, to look for and to tell.
What a person must do by hand is told to one, and never said to be done."""


def _steps_of(book: Playbook) -> Mapping[str, set[str]]:
    """The same of a playbook: acts and holds, checks, who is told, what is asked by hand."""
    steps = [s for s in book.steps.values() if isinstance(s, Do)]
    told = {str(s.args.get("to", "")) for s in steps if s.act in ("notify", "assign")}
    hands = [s for s in steps if s.act == "notify" and s.id in ("by-hand", "spawn")]
    words = {f"{s.id}: {s.args['message']}" for s in hands}
    holds = {"holds deployments" for s in steps if s.args.get("deployments") is True}
    return {
        "keep": words,
        "contain": {s.act for s in steps} | holds | words,
        "look": {str(s.args.get("check", "")) for s in steps},
        "tell": told | {"a clock" for s in steps if s.act == "open_clock"},
    }


def _there(wanted: str, found: set[str]) -> bool:
    step, _, words = wanted.partition(": ")
    if not words:
        return any(one.startswith(wanted) for one in found)
    return any(one.startswith(f"{step}: ") and words.lower() in one.lower() for one in found)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_it_does_what_the_guides_ask_for_at_its_kind(name: str) -> None:
    book = shipped()[name].playbook
    found = _steps_of(book)
    for part, all_wanted in GUIDE[name].items():
        for wanted in all_wanted:
            assert _there(wanted, found[part]), (part, wanted)
    kept = next(iter(book.steps.values()))
    assert isinstance(kept, Do)
    assert (kept.act, bool(kept.says)) == ("freeze", True)


@every
def test_every_step_says_in_a_sentence_what_it_is_and_names_no_fact_by_its_code(
    one: Written,
) -> None:
    codes = {name for name in FACTS if "_" in name} | {"at_large"}
    for step in one.playbook.steps.values():
        assert step.says.endswith((".", "?")), step.id
        assert step.says[0].isupper() or step.says[0] == "(", step.id
        assert not codes & set(step.says.split()), step.id


@every_attack
def test_whoever_is_told_is_told_what_happened_and_to_what_and_after_the_acts_that_stop_harm(
    one: Written,
) -> None:
    """Everything that is done before anybody answers: the blocks stand before the first notice."""
    done = [s for s in _before_any_answer(one.playbook) if isinstance(s, Do)]
    told = [n for n, s in enumerate(done) if s.act == "notify"]
    stops = [n for n, s in enumerate(done) if s.act in ("block_principal", "freeze_pipeline")]
    assert told
    assert not stops or max(stops) < min(told)
    for step in one.playbook.steps.values():
        if isinstance(step, Do) and step.act == "notify":
            says = str(step.args["message"])
            assert says.count(". ") + says.count("; ") >= 1, step.id
            assert step.id == "by-hand" or "$asset" in says or "$dataset" in says, step.id


def test_poisoning_asks_and_acts_in_the_order_of_its_five_steps() -> None:
    book = shipped()["poisoning"].playbook
    state, way = walked(book, _yes)
    order = ["safe", "back", "isolate", "integrity", "closer"]
    assert [s for s in way if s in order] == order
    assert way.index("back") < way.index("in-use")
    assert [d.step for d in state.deeds][:2] == ["freeze", "safe"]


def test_extraction_limits_then_gives_less_then_blocks_then_closes_then_adds_noise() -> None:
    book = shipped()["extraction"].playbook

    def copying(book: Playbook, token: Token) -> Came:
        step = book.steps[token.at]
        if isinstance(step, Wait) and step.id == "still":
            return Came(what=What.LATE)
        if isinstance(step, Ask) and step.id == "safe-ok":
            return Came(what=What.NO)
        return _yes(book, token)

    _, way = walked(book, copying)
    assert [s for s in way if s in {"limits", "give-less", "noise"}] == [
        "limits", "give-less", "noise",
    ]  # fmt: skip
    assert "block" in way
    _, way = walked(book, lambda b, t: Came(what=What.LATE) if t.at == "still" else _yes(b, t))
    assert way.index("limits") < way.index("give-less") < way.index("safe")


@every_attack
def test_what_is_done_unasked_ends_by_itself(one: Written) -> None:
    for step in _unasked(one.playbook):
        asked = any(isinstance(s, Ask) and step.id in s.about for s in one.playbook.steps.values())
        if every_act()[step.act].contains and not asked:
            assert step.lasts is not None, step.id


def test_every_kind_of_cause_has_one_playbook() -> None:
    answers = [kind for one in shipped().values() for kind in one.playbook.answers]
    assert sorted(answers) == sorted((*AttackKind, "natural", "fault"))


@pytest.mark.parametrize("name", ["natural_drift", "pipeline_fault"])
@pytest.mark.parametrize("answers", [_silent, _no], ids=["silent", "no"])
def test_where_nobody_attacks_nothing_is_contained_by_itself(name: str, answers: Answers) -> None:
    book = shipped()[name].playbook
    _, way = walked(book, answers)
    steps = (book.steps[name] for name in way)
    assert not [s.id for s in steps if isinstance(s, Do) and every_act()[s.act].contains]


def test_a_playbook_that_runs_in_a_circle_is_found_out() -> None:
    text = """
playbook: circle
title: Round and round
steps:
  - do: freeze
  - id: one
    do: note
    with: {text: a}
  - id: two
    do: note
    with: {text: b}
    next: one
"""
    (problem,) = problems(read(text).playbook, every_act())
    assert "circle" in problem.says


@pytest.mark.parametrize("named", ["nowhere", "freeze"])
def test_what_is_taken_back_must_be_a_step_that_contains(named: str) -> None:
    text = f"""
playbook: back
title: Takes back
steps:
  - do: freeze
  - id: safe
    do: safe_mode
  - id: good
    do: roll_back
  - id: over
    do: take_back
    with: {{step: {named}, once: good}}
"""
    (problem,) = problems(read(text).playbook, every_act())
    assert problem.step == "over"
    assert f"{named!r} is no step that contains" in problem.says
