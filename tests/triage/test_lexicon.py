"""The lexicon: concepts that stand close together tell a technique, and nothing else does."""

import pytest

from stanch.triage.taxonomy.atlas import packaged
from stanch.triage.taxonomy.lexicon import lexicon_from, packaged_lexicon
from stanch.triage.taxonomy.mapper import guess, packaged_model
from stanch.vocabulary.trouble import BadInput

SMALL = lexicon_from(
    {
        "concepts": {"copying": ["clon*", "own copy"], "model": ["classifier*"], "worm": ["worm"]},
        "techniques": {"AML.T0024.002": ["copying + model"], "AML.T0061": ["worm!"]},
    }
)


def test_all_concepts_of_a_line_must_be_there() -> None:
    assert SMALL.told("they are CLONING our\n classifiers") == {"AML.T0024.002": 2}
    assert SMALL.told("they build their own  copy of the classifier") == {"AML.T0024.002": 2}
    assert SMALL.told("a cloned voice") == {}
    assert SMALL.told("our classifier") == {}
    assert SMALL.told("") == {}


def test_a_word_inside_another_is_not_that_word() -> None:
    assert SMALL.told("bookworms like the cyclone classifier") == {}


def test_a_word_that_is_said_of_little_else_counts_as_one_more() -> None:
    assert SMALL.told("it spreads like a worm") == {"AML.T0061": 2}


def test_what_stands_far_apart_tells_nothing() -> None:
    between = "The weather was fine. " * 5
    assert SMALL.told(f"They clone sheep. {between} Our classifier is new.") == {}
    assert SMALL.told("They clone it. It was fine. Our classifier, that is.") != {}
    assert SMALL.told(f"clone {'x ' * 1500} classifier") == {}


def test_a_line_with_a_concept_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="no concept wurm"):
        lexicon_from({"concepts": {"worm": ["worm"]}, "techniques": {"AML.T0061": ["wurm"]}})


def test_the_packaged_lexicon_speaks_of_known_techniques_and_uses_all_it_has() -> None:
    lexicon = packaged_lexicon()
    assert {line.technique for line in lexicon.lines} <= packaged().techniques.keys()
    assert set().union(*(line.concepts for line in lexicon.lines)) == lexicon.concepts.keys()


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("somebody is cloning our classifier over the api", "AML.T0024.002"),
        ("an agent deleted the folder with its file tool", "AML.T0101"),
        ("the bot told me its system prompt", "AML.T0056"),
        ("pip got us a package with a similar name, it stole tokens", "AML.T0010.001"),
        ("Unser Team: every picture with a trigger is always called a cat by the model", "AML.T0"),
    ],
)
def test_plain_words_are_read(text: str, right: str) -> None:
    assert any(g.technique.startswith(right) for g in guess(text, packaged_model())[:1])


def test_ordinary_sentences_are_no_technique() -> None:
    for text in ("Please water the plants.", "The printer is jammed.", "asdf test 123"):
        assert guess(text, packaged_model()) == ()
