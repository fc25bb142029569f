"""Outside systems as people see them: without their secrets, and called on without harm."""

import pytest

from stanch.engine.neighbours import Door, Neighbours
from stanch.engine.systems import systems_in
from stanch.vocabulary.trouble import NotFound, Unreachable

FILE = """
systems:
  hooks: {connector: webhook, address: "https://hooks.example.org/", secret_file: /run/hook}
  mail: {connector: mail, address: "smtp://mx.example.org"}
  models: {connector: files, address: "file:///srv/models"}
keep: {fraud-scorer: [{system: models, subject: "fraud/{version}"}]}
calls: {keys: hooks}
follow:
  fraud-scorer:
    - {system: hooks, as: policy}
people:
  ada: [mail ada@example.org]
  "*": [hooks]
"""


def silent() -> str:
    raise Unreachable("The mail server at mx.example.org", "TimeoutError, within 10 s")


@pytest.fixture
def neighbours() -> Neighbours:
    plan = systems_in(FILE, {"webhook": ("any",), "mail": ("tell",), "files": ()}, {"files"})
    doors = {
        "hooks": Door(address="https://hooks.example.org/", call=lambda: "It answers."),
        "mail": Door(address="smtp://mx.example.org", call=silent),
        "models": Door(address="file:///srv/models", call=lambda: "It answers."),
    }
    return Neighbours(plan, doors)


def test_each_says_what_it_is_for(neighbours: Neighbours) -> None:
    assert {one.name: one.uses for one in neighbours.all()} == {
        "hooks": ("policy of fraud-scorer", "calls about keys", "tells everybody"),
        "mail": ("tells ada",),
        "models": ("files of fraud-scorer",),
    }


def test_one_that_answers_and_one_that_does_not(neighbours: Neighbours) -> None:
    assert neighbours.call_on("hooks").good
    silence = neighbours.call_on("mail")
    assert not silence.good
    assert "TimeoutError" in silence.says


def test_one_that_is_not_set_up_is_not_found(neighbours: Neighbours) -> None:
    with pytest.raises(NotFound):
        neighbours.call_on("nobody")
