"""Outside systems as people see them: without their secrets, and called on without harm."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.engine.neighbours import Neighbours
from stanch.engine.systems import Door, Lines
from stanch.engine.systems_written import Known, systems_in
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import BadInput, NotFound, Unreachable

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
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
  "*": [hooks]
  ada: [mail ada@example.org, hooks]
"""


def silent() -> str:
    raise Unreachable("The mail server at mx.example.org", "TimeoutError, within 10 s")


class Street:
    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.told: list[tuple[str, str, str]] = []
        known = Known(
            verbs={"webhook": ("any",), "mail": ("tell",), "files": ()}, holders={"files"}
        )
        doors = {
            "hooks": Door(address="https://hooks.example.org/", call=lambda: "It answers."),
            "mail": Door(address="smtp://mx.example.org", call=silent),
            "models": Door(address="file:///srv/models", call=lambda: "It answers."),
        }
        doers = {"hooks": self._hook, "mail": self._mail}
        lines = Lines(plan=systems_in(FILE, known), doers=doers, doors=doors)
        self.neighbours = Neighbours(store, lambda: NOON, lambda: lines)

    def _hook(self, verb: str, subject: str, value: str, key: str) -> str:
        assert key
        self.told.append((verb, subject, value))
        return "tell was taken."

    def _mail(self, verb: str, subject: str, value: str, key: str) -> str:
        del verb, subject, value, key
        return silent()


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    store = open_store(sqlite_url(tmp_path), clock=lambda: NOON)
    yield Street(store)
    store.close()


def test_each_says_what_it_is_for(street: Street) -> None:
    assert {one.name: one.uses for one in street.neighbours.all()} == {
        "hooks": ("policy of fraud-scorer", "calls about keys", "tells everybody", "tells ada"),
        "mail": ("tells ada",),
        "models": ("files of fraud-scorer",),
    }


def test_one_that_answers_and_one_that_does_not(street: Street) -> None:
    assert street.neighbours.call_on("hooks").good
    silence = street.neighbours.call_on("mail")
    assert not silence.good
    assert "TimeoutError" in silence.says


def test_one_that_is_not_set_up_is_not_found(street: Street) -> None:
    with pytest.raises(NotFound):
        street.neighbours.call_on("nobody")


def test_a_trial_goes_by_every_channel_of_a_person_and_is_in_the_log(street: Street) -> None:
    assert [(r.who, r.channels) for r in street.neighbours.people()] == [
        ("ada", ("mail ada@example.org", "hooks")),
        ("*", ("hooks",)),
    ]
    said = street.neighbours.trial("ada", "grace")
    assert [(one.name, one.good) for one in said] == [("mail", False), ("hooks", True)]
    (told,) = street.told
    assert told[:2] == ("tell", "ada")
    assert "nothing has happened" in told[2]
    (entry,) = [p.entry for p in street.store.outbox()]
    assert (entry.deed, entry.actor, entry.about) == (Deed.PERSON_TOLD, "grace", "trial")
    assert entry.facts == {"mail": False, "hooks": True}


def test_a_trial_of_everybodys_channel_tells_who_asks(street: Street) -> None:
    street.neighbours.trial("*", "grace")
    assert [subject for _, subject, _ in street.told] == ["grace"]
    with pytest.raises(BadInput, match="No channel of 'linus'"):
        street.neighbours.trial("linus", "grace")
