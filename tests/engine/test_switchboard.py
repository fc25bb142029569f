"""The switchboard: the connectors file changed by people, on the machine and from afar."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.engine.allowance import Allowance, hidden
from stanch.engine.switchboard import FOUND_BY, Makers, Switchboard
from stanch.engine.systems import Door, Lines, Plan
from stanch.engine.systems_written import Known, systems_in
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import BadFile, BadInput, NotFound, Stale

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KNOWN = Known(verbs={"webhook": ("any",), "mail": ("tell",), "files": ()}, holders={"files"})
HOOK = 'systems:\n  hook: {connector: webhook, address: "https://h.example/a"}\n'
MAIL = HOOK + '  mail: {connector: mail, address: "smtp://mx.example:25"}\n'


class Desk:
    """A file in memory, and the switchboard on it."""

    name = "connectors.yaml"

    def __init__(self, store: SqlStore, folder: Path, text: str) -> None:
        self.store, self.folder, self.text, self.opened = store, folder, text, 0
        self.board = self.made()

    def made(self) -> Switchboard:
        makers = Makers(plan=lambda text: systems_in(text, KNOWN), lines=self.lines)
        allowance = Allowance(folder=self.folder / "secrets")
        return Switchboard((self.store, lambda: NOON), self, makers, allowance)

    def lines(self, plan: Plan) -> Lines:
        self.opened += 1
        if "broken" in plan.systems:
            raise BadInput("Its secret is not there.")
        doors = {n: Door(address=s.address, call=lambda: "Here.") for n, s in plan.systems.items()}
        return Lines(plan=plan, doors=doors)

    def read(self) -> str:
        return self.text

    def write(self, text: str) -> None:
        self.text = text

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()

    @property
    def systems(self) -> list[str]:
        return sorted(self.board.lines().plan.systems)

    def log(self) -> list[tuple[str, object, object]]:
        entries = [p.entry for p in self.store.outbox()]
        assert {e.deed for e in entries} == {Deed.CONNECTORS_CHANGED}
        return [(e.actor, e.facts["version"], e.facts["systems"]) for e in entries]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = open_store(sqlite_url(tmp_path), clock=lambda: NOON)
    yield made
    made.close()


@pytest.fixture
def desk(store: SqlStore, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path, HOOK)


def test_a_change_is_in_force_at_once_in_the_log_and_can_be_taken_back(desk: Desk) -> None:
    desk.board.put(MAIL, by="ada", seen=desk.board.shown().digest)
    assert (desk.systems, desk.text) == (["hook", "mail"], MAIL)
    desk.board.restore("1", by="grace")
    assert (desk.systems, desk.text) == (["hook"], HOOK)
    assert desk.log() == [(FOUND_BY, 1, ""), ("ada", 2, "mail"), ("grace", 3, "mail")]
    assert [one.version for one in desk.board.versions()] == [3, 2, 1]
    with pytest.raises(NotFound):
        desk.board.restore("9", by="grace")


def test_nobody_writes_over_what_came_on_disk_meanwhile(desk: Desk) -> None:
    seen = desk.board.shown().digest
    desk.text = MAIL
    with pytest.raises(Stale):
        desk.board.put(HOOK + "# mine\n", by="ada", seen=seen)
    assert desk.text == MAIL


def test_a_change_on_disk_is_taken_up_once_it_stands_still(desk: Desk) -> None:
    desk.text = MAIL
    assert desk.board.turn() == 0
    assert desk.systems == ["hook"]
    assert desk.board.turn() == 1
    assert desk.systems == ["hook", "mail"]
    assert desk.board.turn() == 0
    assert desk.log()[-1] == (FOUND_BY, 2, "mail")


def test_a_file_that_cannot_be_read_changes_nothing_and_is_told_of(desk: Desk) -> None:
    desk.text = HOOK + "  mail: {connector: post, address: x}\n"
    desk.board.turn()
    with pytest.raises(BadFile, match=r"connectors\.yaml:3: 'post' is no connector"):
        desk.board.turn()
    assert desk.systems == ["hook"]
    assert "connectors.yaml:3" in desk.board.shown().fault
    desk.text = HOOK
    assert desk.board.turn() == 0
    assert not desk.board.shown().fault


def test_a_file_on_disk_that_cannot_be_opened_says_why_it_is_not_in_force(desk: Desk) -> None:
    desk.text = HOOK + '  broken: {connector: webhook, address: "https://h.example/"}\n'
    assert desk.board.shown().fault == "Its secret is not there."
    assert desk.systems == ["hook"]


def test_what_cannot_be_opened_leaves_file_and_lines_alone(desk: Desk) -> None:
    broken = HOOK + '  broken: {connector: webhook, address: "https://h.example/"}\n'
    with pytest.raises(BadInput, match="not there"):
        desk.board.put(broken, by="ada")
    assert (desk.text, desk.systems, len(desk.board.versions())) == (HOOK, ["hook"], 1)


def test_a_system_is_tried_before_it_is_put_into_use(desk: Desk) -> None:
    assert desk.board.tried(MAIL, "mail").good
    broken = MAIL.replace("mail:", "broken:")
    assert desk.board.tried(broken, "broken").says == "Its secret is not there."
    assert (desk.text, desk.systems) == (HOOK, ["hook"])
    with pytest.raises(NotFound):
        desk.board.tried(HOOK, "mail")


def test_a_change_while_the_server_was_down_is_in_the_log_and_the_same_file_is_not(
    desk: Desk,
) -> None:
    desk.board = desk.made()
    desk.text = MAIL
    desk.board = desk.made()
    assert [who for who, _, _ in desk.log()] == [FOUND_BY, FOUND_BY]


def test_a_second_process_takes_up_what_the_first_was_told_and_enters_it_once(desk: Desk) -> None:
    second = desk.made()
    desk.board.put(MAIL, by="ada")
    assert [second.turn(), second.turn()] == [0, 1]
    assert sorted(second.lines().plan.systems) == ["hook", "mail"]
    assert len(desk.log()) == 2


PASSWORD = HOOK.replace("https://h.example", "https://me:hunter2@h.example")


def test_a_password_of_the_file_is_shown_to_nobody_and_kept_nowhere(
    store: SqlStore, tmp_path: Path
) -> None:
    desk = Desk(store, tmp_path, PASSWORD)
    shown = desk.board.shown().text
    assert "hunter2" not in shown
    assert "me:***@h.example" in shown
    assert "hunter2" not in repr(desk.board.versions())
    for text in (shown, PASSWORD):
        with pytest.raises(BadFile, match=":2: hook holds a secret in its address") as told:
            desk.board.check(text)
        assert "hunter2" not in str(told.value)


def named(extra: str, address: str = "https://h.example/a") -> str:
    return f'systems:\n  x: {{connector: webhook, address: "{address}", {extra}}}\n'


@pytest.mark.parametrize(
    "text",
    [
        named("secret_file: /etc/shadow"),
        named("secret_file: SECRETS/../admin.key"),
        named("secret_env: HOME"),
        named("seconds: 1", "https://h.example/?token=abc"),
        'systems:\n  x: {connector: files, address: "file:///etc"}\n',
        'systems:\n  x: {connector: files, address: "/etc"}\n',
        'systems:\n  x: {connector: mail, address: "unix:/run/docker.sock"}\n',
    ],
)
def test_who_is_not_on_the_machine_names_none_of_its_secrets_and_places(
    desk: Desk, text: str
) -> None:
    with pytest.raises(BadFile, match=r"connectors\.yaml:2: x "):
        desk.board.put(text.replace("SECRETS", str(desk.folder / "secrets")), by="ada")
    assert desk.text == HOOK


def test_what_was_lent_and_what_stood_there_may_be_named(store: SqlStore, tmp_path: Path) -> None:
    before = named("secret_file: /run/hook") + '  m: {connector: files, address: "file:///srv"}\n'
    desk = Desk(store, tmp_path, before)
    desk.board.put(before.replace("/a", "/b"), by="ada")
    desk.board.put(named(f"secret_file: {tmp_path}/secrets/hook"), by="ada")
    desk.board.put(named("secret_env: STANCH_SECRET_HOOK"), by="ada")
    desk.board.restore("1", by="ada")
    desk.text = named("secret_env: HOME")
    desk.board.put(desk.text.replace("/a", "/b"), by="ada", seen=desk.board.shown().digest)
    with pytest.raises(BadFile, match=r"gives evil\.example the secret /run/hook"):
        desk.board.put(before.replace("h.example", "evil.example"), by="ada")


def test_only_secrets_are_hidden() -> None:
    assert hidden("smtp://u:p%40@mx:25?from=a@b") == "smtp://u:***@mx:25?from=a@b"
    assert hidden("https://h/x?from=a&Token=abc&b=1") == "https://h/x?from=a&Token=***&b=1"
    assert hidden('address: "https://h:8/a" # me: you@there') == (
        'address: "https://h:8/a" # me: you@there'
    )
