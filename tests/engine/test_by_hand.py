"""What is typed for an act by hand is the names that stand there."""

from stanch.engine.by_hand import Wanted, typed
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.playbook import Argument


def _typed(value: Argument) -> Argument:
    wanted = Wanted(incident=IncidentId("i"), act="block_principal", args={"principals": value})
    return typed(wanted)["principals"]


def test_names_in_a_line_are_taken_apart_and_those_of_a_list_are_not() -> None:
    assert _typed('"CN=client,O=Bank" key-91, "Jane Doe"') == (
        *("CN=client,O=Bank", "key-91", "Jane Doe"),
    )
    assert _typed(("a,b", "Jane Doe")) == ("a,b", "Jane Doe")


def test_a_word_stands_alone_or_beside_names_and_a_name_may_begin_as_one_does() -> None:
    assert _typed("$suspects") == "$suspects"
    assert _typed("$suspects key-91") == ("$suspects", "key-91")
    assert _typed("$$suspects") == ("$$suspects",)
    assert _typed("$batch") == ("$batch",)
