"""The lexicon: concepts that stand close together tell a technique, and nothing else does."""

import pytest

from stanch.triage.taxonomy.atlas import packaged
from stanch.triage.taxonomy.lexicon import lexicon_from, packaged_lexicon
from stanch.triage.taxonomy.mapper import guess, packaged_model
from stanch.triage.taxonomy.spelling import Spelling, slipped, words_of
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


def test_the_end_of_a_long_report_is_read_like_its_beginning() -> None:
    for before in range(7):
        assert SMALL.told("It was fine. " * before + "They clone our classifier.") != {}, before


def test_of_several_lines_of_a_technique_the_heaviest_counts_whatever_their_order() -> None:
    for lines in (["x + y", "x"], ["x", "x + y"]):
        raw = {"concepts": {"x": ["worm"], "y": ["mail"]}, "techniques": {"AML.T0061": lines}}
        assert lexicon_from(raw).told("a worm by mail") == {"AML.T0061": 2}


def test_who_knows_the_tactic_hears_of_its_techniques_only() -> None:
    model, says = packaged_model(), "the bot told me its system prompt"
    best, *_ = guess(says, model)
    assert {one.tactic for one in guess(says, model, tactic=best.tactic)} == {best.tactic}
    assert guess(says, model, tactic="AML.TA9999") == ()


def test_a_line_with_a_concept_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="no concept wurm"):
        lexicon_from({"concepts": {"worm": ["worm"]}, "techniques": {"AML.T0061": ["wurm"]}})


def test_three_words_may_stand_between_and_either_of_two_be_said() -> None:
    gaps = lexicon_from(
        {
            "concepts": {"x": ["(drop|break)* ... (rules|orders)"]},
            "techniques": {"AML.T0051": ["x!"]},
        }
    )
    assert gaps.told("it drops all of its rules") == {"AML.T0051": 2}
    assert gaps.told("it breaks orders")
    assert not gaps.told("it drops one two three four rules")
    assert not gaps.told("it drops; the rules")


def test_words_of_one_concept_are_not_looked_for_inside_those_of_another() -> None:
    raw = {
        "apart": {"prompt": "breaks"},
        "concepts": {"prompt": ["its rules"], "breaks": ["ignore its rules"]},
        "techniques": {"AML.T0056": ["prompt"], "AML.T0051": ["breaks"]},
    }
    assert lexicon_from(raw).told("ignore its rules") == {"AML.T0051": 1}
    assert lexicon_from(raw).told("Its rules: ignore its rules.").keys() == {
        "AML.T0056",
        "AML.T0051",
    }
    with pytest.raises(BadInput, match="apart: no concept worm"):
        lexicon_from(raw | {"apart": {"prompt": "worm"}})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("asistant", "assistant"),
        ("weigths", "weights"),
        ("instrucions", "instructions"),
        ("instroctions", "instructions"),
        ("spending", "spending"),
        ("printer", "printer"),
        ("weight", "weight"),
        ("extrcting", "extracting"),
        ("datobases", "datobases"),
        ("complied", "complied"),
        ("compiled", "compiled"),
    ],
)
def test_a_slip_in_a_long_word_is_read_and_a_word_of_its_own_is_left(
    written: str, meant: str
) -> None:
    words = ["assistant*", "weights", "its instructions", "sending", "printed"]
    known = words_of([*words, "extracting", "databases", "complied", "compiled"])
    assert Spelling(known=known).meant(written) == meant


def test_short_words_are_written_out_and_right_ones_are_kept() -> None:
    spelling = Spelling(
        short={"ur": "your"}, known=words_of(["complied"]), right=frozenset({"compiled"})
    )
    assert spelling.meant("ur turn, compiled by urs") == "your turn, compiled by urs"
    assert slipped("compiled", "complied")


def test_a_word_that_shares_a_column_by_chance_is_no_technique() -> None:
    assert guess("can someone raise my quota please", packaged_model()) == ()
    assert guess("phishing", packaged_model())[0].technique == "AML.T0052"


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
        ("a user told the assistant to ignore its instructions", "AML.T0051"),
        ("ppl type 'ignore ur instrucions' in the chat and it works", "AML.T0051"),
        ("told it to drop its rules, then it showed us the system prompt", "AML.T0056"),
        ("since last night somebody messed with the labels", "AML.T0020"),
        ("pip got us a package with a similar name, it stole tokens", "AML.T0010.001"),
        ("Unser Team: every picture with a trigger is always called a cat by the model", "AML.T0"),
    ],
)
def test_plain_words_are_read(text: str, right: str) -> None:
    assert any(g.technique.startswith(right) for g in guess(text, packaged_model())[:1])


def test_ordinary_sentences_are_no_technique() -> None:
    for text in ("Please water the plants.", "The printer is jammed.", "asdf test 123"):
        assert guess(text, packaged_model()) == ()
