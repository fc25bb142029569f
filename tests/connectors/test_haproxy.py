"""A real HAProxy, moved through its runtime socket; every change is seen in its traffic."""

from pathlib import Path
from typing import Protocol

import pytest

from stanch.connectors import Link, Order
from stanch.connectors.haproxy import CONNECTOR, HaproxyRuntime
from stanch.vocabulary.trouble import BadInput, Declined, Unreachable


class Haproxy(Protocol):
    """The running HAProxy of conftest."""

    folder: Path

    @property
    def runtime(self) -> HaproxyRuntime: ...

    def ask(self, user: str = "key-1") -> tuple[int, bytes]: ...


def test_weights_move_the_traffic_and_are_read_back(haproxy: Haproxy) -> None:
    assert haproxy.ask() == (200, b"v6")
    runtime = haproxy.runtime
    said = runtime.do(Order(verb="weigh", subject="scorers/v7", value="100"))
    assert said == "scorers/v7 shows weight 100, ready."
    runtime.do(Order(verb="weigh", subject="scorers/v6", value="0"))
    assert haproxy.ask() == (200, b"v7")
    names = {one.name: one.version for one in runtime.assets()}
    assert names == {"scorers/v6": "weight 0, ready", "scorers/v7": "weight 100, ready"}


def test_a_server_is_taken_out_and_comes_back(haproxy: Haproxy) -> None:
    runtime = haproxy.runtime
    runtime.do(Order(verb="state", subject="scorers/v6", value="maint"))
    assert haproxy.ask()[0] == 503
    runtime.do(Order(verb="state", subject="scorers/v6", value="ready"))
    assert haproxy.ask() == (200, b"v6")


def test_a_key_in_the_map_is_denied_and_twice_is_once(haproxy: Haproxy) -> None:
    file = f"{haproxy.folder}/denied.map"
    order = Order(verb="put", subject=f"{file}#key-91", value="deny")
    for _ in range(2):
        haproxy.runtime.do(order)
    assert (haproxy.ask("key-91")[0], haproxy.ask("key-1")[0]) == (403, 200)
    for _ in range(2):
        haproxy.runtime.do(Order(verb="drop", subject=f"{file}#key-91"))
    assert haproxy.ask("key-91")[0] == 200


def test_a_value_in_the_map_takes_the_place_of_the_one_before(haproxy: Haproxy) -> None:
    file = f"{haproxy.folder}/denied.map"
    for value in ("1", "2"):
        haproxy.runtime.do(Order(verb="put", subject=f"{file}#key-9", value=value))
    assert haproxy.runtime.read("put", [f"{file}#key-9"]) == {f"{file}#key-9": "2"}
    assert haproxy.runtime._say(f"show map {file}").count("key-9") == 1


def test_a_name_with_blanks_and_signs_is_denied_and_let_in_again_under_that_very_name(
    haproxy: Haproxy,
) -> None:
    file = f"{haproxy.folder}/denied.map"
    for name in ("ada lovelace", "b'ad;key", 'x"y\\z', "<<!"):
        subject = f"{file}#{name}"
        haproxy.runtime.do(Order(verb="put", subject=subject, value="1"))
        assert haproxy.runtime.read("put", [subject, f"{file}#other"]) == {subject: "1"}
        assert (haproxy.ask(name)[0], haproxy.ask("key-1")[0]) == (403, 200)
        haproxy.runtime.do(Order(verb="drop", subject=subject))
        assert haproxy.ask(name)[0] == 200
    assert haproxy.runtime.read("weigh", [])["scorers/v6"] == "1"
    assert haproxy.runtime.read("state", [])["scorers/v6"] == "ready"


@pytest.mark.parametrize(
    "order",
    [
        Order(verb="weigh", subject="scorers/v6", value="1; shutdown"),
        Order(verb="weigh", subject="scorers/v6\nshow info", value="1"),
        Order(verb="weigh", subject="scorers/v6", value="999"),
        Order(verb="put", subject="/x.map#a\nb", value="1"),
        Order(verb="state", subject="scorers/v6", value="gone"),
        Order(verb="reload", subject="all"),
    ],
)
def test_an_order_that_would_be_two_commands_is_refused(haproxy: Haproxy, order: Order) -> None:
    with pytest.raises(BadInput):
        haproxy.runtime.do(order)
    assert haproxy.ask() == (200, b"v6")


def test_what_haproxy_does_not_know_is_unreachable(haproxy: Haproxy) -> None:
    for order, says in (
        (Order(verb="weigh", subject="scorers/v9", value="1"), "No such server"),
        (Order(verb="put", subject="/nowhere.map#a", value="1"), "Unknown map"),
    ):
        with pytest.raises(Declined, match=says):
            haproxy.runtime.do(order)
    with pytest.raises(Unreachable, match="there is no such socket"):
        CONNECTOR.open(Link(address="unix:/nowhere.sock")).assets()
