"""Words as people read them."""

from stanch.vocabulary.people import Duty
from stanch.web.words import begun, word


def test_a_closed_value_reads_as_words_and_letters_stay_letters() -> None:
    assert word(Duty.ML_ENGINEER) == "ML engineer"
    assert word("threshold_probing") == "threshold probing"


def test_a_sentence_begins_large_and_keeps_its_names() -> None:
    assert begun("the GDPR clock of key-91 runs") == "The GDPR clock of key-91 runs"
    assert begun("") == ""
