"""A person in a drill answers by the drill's rule, after having read, once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from stanch.sandbox.people import Person
from stanch.sandbox.registry import drills
from stanch.sandbox.wire import Api
from stanch.vocabulary.incident import VerdictKind
from stanch.vocabulary.trouble import Unreachable


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking(Api):
    """A server that asks two things, and keeps the answers."""

    url: str = ""
    key: str = ""
    sent: list[tuple[str, Any]] = field(default_factory=list)
    down: bool = False

    def every(self, path: str, **query: object) -> Iterator[dict[str, Any]]:
        if self.down:
            raise Unreachable(path, "it is down")
        assert query == {"state": "open"}
        for name, action in (("apr-1", "roll_back"), ("apr-2", "stop_endpoint")):
            yield {"id": name, "action": action, "digest": f"sha256:{name}"}

    def send(self, method: str, path: str, document: object = None) -> tuple[int, Any]:
        self.sent.append((path, document))
        return 200, None


def test_yes_to_what_is_enough_and_no_to_all_else() -> None:
    server = Asking()
    person = Person(api=lambda: server, says_yes=frozenset({"roll_back"}), reads=0.0)
    person.look()
    person.look()
    said = {path.rpartition("/")[2]: (doc["yes"], doc["digest"]) for path, doc in server.sent}
    assert said == {"apr-1": (True, "sha256:apr-1"), "apr-2": (False, "sha256:apr-2")}
    assert len(server.sent) == 2
    assert [(one.action, one.yes) for one in person.answers] == [
        ("roll_back", True),
        ("stop_endpoint", False),
    ]


def test_nobody_answers_before_they_have_read() -> None:
    server = Asking()
    person = Person(api=lambda: server, says_yes=frozenset(), reads=60.0)
    person.look()
    assert not server.sent


def test_a_server_that_is_down_is_asked_again_later() -> None:
    person = Person(api=lambda: Asking(down=True), says_yes=frozenset(), reads=0.0)
    person.look()
    assert not person.answers


def test_every_drill_says_what_a_person_is_asked() -> None:
    for one in drills().values():
        expected = one.expected
        assert not set(expected.asks) & set(expected.hears), one.id
        if expected.verdict is VerdictKind.ATTACK:
            assert expected.alone is not bool(expected.asks)
            assert expected.alone or expected.good, f"{one.id}: what may answer afterwards?"
        else:
            assert not expected.asks
        assert expected.person
