"""Conditions: their truth, their words, and their STIX patterns, on every fact there is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.contain.playbook.condition import (
    Compare,
    Condition,
    Every,
    Holds,
    Not,
    OneOf,
    Some,
    holds,
    said,
)
from stanch.contain.playbook.condition_reading import parse
from stanch.contain.playbook.condition_words import answered, awaited, text_in_words
from stanch.contain.playbook.facts import FACTS, NUMBER, ORDERED, TRUTH
from stanch.contain.playbook.stix import from_pattern, pattern
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.trouble import BadInput

WORDS = sorted(n for n, v in FACTS.items() if v.values not in (NUMBER, TRUTH))
NUMBERS = sorted(n for n, v in FACTS.items() if v.values == NUMBER)
TRUTHS = sorted(n for n, v in FACTS.items() if v.values == TRUTH)
SIGNS = ["=", "!=", "<", "<=", ">", ">="]
numbers = st.integers(0, 100).map(float)


def compares(name: str) -> st.SearchStrategy[Condition]:
    signs = SIGNS if name in ORDERED else SIGNS[:2]
    values = st.sampled_from([str(v) for v in FACTS[name].values])
    return st.builds(Compare, name=st.just(name), sign=st.sampled_from(signs), value=values)


leaves = st.one_of(
    st.sampled_from(TRUTHS).map(lambda n: Holds(name=n)),
    st.sampled_from(WORDS).flatmap(compares),
    st.builds(Compare, name=st.sampled_from(NUMBERS), sign=st.sampled_from(SIGNS), value=numbers),
    st.builds(OneOf, name=st.just("attack"), values=st.just(("poisoning", "backdoor"))),
)


def grown(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Not, part=inner), st.builds(Every, parts=parts), st.builds(Some, parts=parts)
    )


conditions = st.recursive(leaves, grown, max_leaves=6)
facts = st.fixed_dictionaries(
    {
        **{n: st.sampled_from([str(v) for v in FACTS[n].values]) for n in WORDS},
        **dict.fromkeys(NUMBERS, numbers),
        **dict.fromkeys(TRUTHS, st.booleans()),
    }
)


@given(conditions)
@settings(max_examples=60, deadline=None)
def test_a_condition_is_the_same_after_words(condition: Condition) -> None:
    assert parse(said(condition)) == condition


@given(conditions, facts)
@settings(max_examples=60, deadline=None)
def test_its_pattern_means_the_same_on_every_fact(
    condition: Condition, known: dict[str, Argument]
) -> None:
    assert holds(from_pattern(pattern(condition)), known) == holds(condition, known)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("suspects", "needs a comparison"),
        ("attack > poisoning", "has no order"),
        ("severity >= awful", "is no severity"),
        ("suspects >= many", "is a number"),
        ("contained and", "The end"),
        ("(contained", "is missing"),
        ("contained contained", "was not expected"),
        ("__import__ = 1", "is no fact"),
        ("contained; drop", "has no meaning"),
        ("not " * 40 + "contained", "too deeply"),
        ("contained or " * 200, "at most"),
        ("attack in (poisoning", "is missing"),
    ],
)
def test_what_cannot_be_asked_is_refused(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says.replace("(", r"\(")):
        parse(text)


def test_what_is_not_known_is_not_so_either_way() -> None:
    assert not holds(parse("suspects >= 0"), {})
    assert not holds(parse("suspects < 0"), {})
    assert not holds(parse("attack = poisoning"), {})
    assert not holds(parse("attack != poisoning"), {})


def test_levels_come_in_their_order() -> None:
    assert holds(parse("severity >= medium"), {"severity": "high"})
    assert not holds(parse("severity > high"), {"severity": "high"})


def test_every_fact_is_said_in_words_and_no_code_is_left() -> None:
    assert not [fact.says for fact in FACTS.values() if not fact.says or "_" in fact.says]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("at_large >= 1", "suspects who are not refused yet: 1 or more"),
        ("asset_kind = agent", "the kind of asset: agent"),
        ("not contained", "it is not so that it is contained"),
        (
            "severity >= high and not contained",
            "the severity: high or more, and it is not so that it is contained",
        ),
        ("attack in (backdoor, supply_chain)", "the kind of attack: backdoor or supply chain"),
        ("an answer to apr-1", "an answer to apr-1"),
    ],
)
def test_a_condition_is_said_as_people_say_it(text: str, words: str) -> None:
    assert text_in_words(text) == words


def test_what_a_run_decided_and_what_it_waits_for_are_sentences() -> None:
    assert answered("datasets >= 1", yes=False) == "Datasets it was trained on: 1 or more? No."
    assert answered("fallback", yes=True) == ("Is it so that the asset has a fallback answer? Yes.")
    assert awaited("quiet") == "this: nothing new was seen for five minutes"
    assert awaited("an answer to apr-1") == "an answer to apr-1"
