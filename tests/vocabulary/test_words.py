"""Words as people read them."""

from stanch.vocabulary.people import Duty
from stanch.vocabulary.words import begun, counted, odds, when, word


def test_a_closed_value_reads_as_words_and_letters_stay_letters() -> None:
    assert word(Duty.ML_ENGINEER) == "ML engineer"
    assert word("threshold_probing") == "threshold probing"


def test_a_sentence_begins_large_and_keeps_its_names() -> None:
    assert begun("the GDPR clock of key-91 runs") == "The GDPR clock of key-91 runs"
    assert begun("") == ""


def test_one_has_no_s() -> None:
    assert [counted(n, "finding") for n in (0, 1, 2)] == ["0 findings", "1 finding", "2 findings"]
    assert [counted(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]


def test_a_moment_is_told_with_its_zone_and_what_is_none_stays() -> None:
    assert when("2026-11-22T12:25:36.057179+02:00") == "2026-11-22 10:25:36 UTC"
    assert when("2026-11-22T10:25Z") == "2026-11-22 10:25:00 UTC"
    assert when("2026-11-22") == "2026-11-22"


def test_how_rare_it_is_is_said_as_people_say_it() -> None:
    strengths = (-1.0, 0.5, 2.99, 4.22, 8.0, 11.5, 300.0)
    assert [odds(one) for one in strengths] == [
        "1 in 1",
        "1 in 3",
        "1 in 977",
        "1 in 17 thousand",
        "1 in 100 million",
        "1 in 316 billion",
        "under 1 in a trillion",
    ]
