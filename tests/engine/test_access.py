"""The door: logins, keys, sessions, and the one function that says who may."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from stanch.engine import access as door
from stanch.engine import keys, passwords
from stanch.engine.access import Access, authorise
from stanch.engine.attempts import Attempts
from stanch.engine.passwords import NOBODY, hash_password, matches, outdated
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.ids import UserId
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role, Scope
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import (
    AlreadyThere,
    BadInput,
    Busy,
    Conflict,
    NoSpace,
    NotAllowed,
    NotLoggedIn,
)

PASSWORD = "correct horse battery"  # noqa: S105  a test's own


class Hands(Protocol):
    at: datetime

    def __call__(self) -> datetime: ...


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQLite is enough here: what the store does on both is the store's own test."""
    return sqlite_url(tmp_path / "db")


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_LOG_N", 8)


@pytest.fixture
def access(sql_store: SqlStore, hands: Hands) -> Access:
    return Access(sql_store, hands, seconds=lambda: 0.0)


def test_a_key_opens_until_it_is_revoked(access: Access) -> None:
    made = access.keys.create("ci", frozenset({Scope.INGEST}), by="ada")
    assert access.bearer(f"Bearer {made.text}").scopes == {Scope.INGEST}
    with pytest.raises(NotLoggedIn):
        access.bearer(f"Basic {made.text}")
    access.keys.revoke(made.key.id, by="ada")
    with pytest.raises(NotLoggedIn):
        access.bearer(f"Bearer {made.text}")


def test_a_key_that_another_process_revoked_opens_nothing_after_a_moment(
    access: Access, sql_store: SqlStore, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = access.keys.create("ci", frozenset({Scope.INGEST}), by="ada")
    access.bearer(f"Bearer {made.text}")
    Access(sql_store, hands).keys.revoke(made.key.id, by="ada")
    later = keys.monotonic() + 5.1
    monkeypatch.setattr(keys, "monotonic", lambda: later)
    with pytest.raises(NotLoggedIn):
        access.bearer(f"Bearer {made.text}")


def test_a_key_is_at_hand_from_its_first_use_until_it_is_revoked(access: Access) -> None:
    made = access.keys.create("ci", frozenset({Scope.INGEST}), by="ada")
    header = f"Bearer {made.text}"
    assert not access.at_hand(header)
    access.bearer(header)
    assert access.at_hand(header)
    assert not access.at_hand(header[:-1])
    assert not access.at_hand("")
    access.keys.revoke(made.key.id, by="ada")
    assert not access.at_hand(header)


def test_a_key_that_has_expired_opens_nothing_even_when_remembered(
    access: Access, hands: Hands
) -> None:
    until = hands.at + timedelta(seconds=1)
    made = access.keys.create("ci", frozenset({Scope.READ}), by="ada", expires=until)
    access.keys.caller(made.text)
    hands.at = until
    with pytest.raises(NotLoggedIn):
        access.keys.caller(made.text)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic abc", "Bearer stk_a_b", "Bearer \udcff", "bearer stk__"],
)
def test_a_header_that_is_no_key_opens_nothing(access: Access, header: str) -> None:
    with pytest.raises(NotLoggedIn):
        access.bearer(header)


def test_the_id_of_one_key_with_the_secret_of_another_opens_nothing(access: Access) -> None:
    one = access.keys.create("one", frozenset({Scope.ADMIN}), by="ada")
    two = access.keys.create("two", frozenset({Scope.READ}), by="ada")
    mixed = f"stk_{one.key.id}_{two.text.rsplit('_', 1)[1]}"
    with pytest.raises(NotLoggedIn):
        access.keys.caller(mixed)


def test_no_secret_is_kept_or_shown(access: Access, sql_store: SqlStore) -> None:
    made = access.keys.create("ci", frozenset({Scope.READ}), by="ada")
    secret = made.text.rsplit("_", 1)[1]
    assert secret not in repr(made)
    with sql_store.look() as tx:
        assert secret not in repr(tx.keys.page().items)
        assert secret.encode() not in (tx.keys.hash_of(made.key.id) or b"")
        assert "_access" not in tx.settings.all()
    assert all(secret not in repr(p) for p in sql_store.outbox())


def test_when_a_key_was_used_is_kept_later(
    access: Access, sql_store: SqlStore, hands: Hands
) -> None:
    made = access.keys.create("ci", frozenset({Scope.READ}), by="ada")
    access.keys.caller(made.text)
    assert access.keys.flush() == 1
    assert access.keys.flush() == 0
    with sql_store.look() as tx:
        assert tx.keys.get(made.key.id).last_used == hands.at


def test_a_person_logs_in_and_out(access: Access) -> None:
    access.add_user("Ada", Role.RESPONDER, by="stanch", password=PASSWORD)
    login = access.login("ada", PASSWORD, source="::1")
    assert access.sessions.caller(login.cookie).scopes == ROLE_SCOPES[Role.RESPONDER]
    assert login.cookie not in repr(login)
    assert access.sessions.end(login.cookie)
    with pytest.raises(NotLoggedIn):
        access.sessions.caller(login.cookie)


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_login_says_the_same_whatever_was_wrong(
    access: Access, name: str, password: str
) -> None:
    access.add_user("ada", Role.VIEWER, by="stanch", password=PASSWORD)
    with pytest.raises(NotLoggedIn) as told:
        access.login(name, password, source="::1")
    assert str(told.value) == str(NotLoggedIn())


def test_the_old_password_opens_nothing_when_a_new_one_was_given_while_it_was_checked(
    access: Access, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = access.add_user("ada", Role.VIEWER, by="stanch", password=PASSWORD)

    def slowly(password: str, kept: str) -> bool:
        hands.at += timedelta(seconds=1)
        access.accounts.set_password(ada.id, PASSWORD + "!", by="bob")
        return matches(password, kept)

    monkeypatch.setattr(door, "matches", slowly)
    with pytest.raises(NotLoggedIn):
        access.login("ada", PASSWORD, source="::1")


def test_a_name_that_nobody_has_costs_a_hash_too(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def watch(password: str, kept: str) -> bool:
        checked.append(kept)
        return matches(password, kept)

    monkeypatch.setattr(door, "matches", watch)
    with pytest.raises(NotLoggedIn):
        access.login("nobody", PASSWORD, source="::1")
    assert checked == [NOBODY]


def test_logging_in_again_ends_the_browsers_old_session(access: Access) -> None:
    access.add_user("ada", Role.VIEWER, by="stanch", password=PASSWORD)
    one = access.login("ada", PASSWORD, source="::1")
    two = access.login("ada", PASSWORD, source="::1", old=one.cookie)
    assert one.cookie != two.cookie
    with pytest.raises(NotLoggedIn):
        access.sessions.caller(one.cookie)


@pytest.mark.parametrize(
    "jump",
    [timedelta(hours=2), timedelta(hours=12), timedelta(days=4000), timedelta(minutes=-6)],
    ids=str,
)
def test_a_session_ends_when_it_is_idle_or_the_clock_jumps(
    access: Access, hands: Hands, jump: timedelta
) -> None:
    access.add_user("ada", Role.VIEWER, by="stanch", password=PASSWORD)
    login = access.login("ada", PASSWORD, source="::1")
    hands.at -= timedelta(minutes=4)
    assert access.sessions.caller(login.cookie), "the clocks of two servers may differ a little"
    hands.at += timedelta(minutes=4) + jump
    with pytest.raises(NotLoggedIn):
        access.sessions.caller(login.cookie)


def test_a_session_that_is_used_ends_after_twelve_hours_all_the_same(
    access: Access, hands: Hands
) -> None:
    access.add_user("ada", Role.VIEWER, by="stanch", password=PASSWORD)
    login = access.login("ada", PASSWORD, source="::1")
    for _ in range(11):
        hands.at += timedelta(hours=1)
        access.sessions.caller(login.cookie)
    hands.at += timedelta(hours=1)
    with pytest.raises(NotLoggedIn):
        access.sessions.caller(login.cookie)


def test_who_only_looks_is_not_shut_out_by_a_full_disk(
    access: Access, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    access.add_user("ada", Role.VIEWER, by="stanch", password=PASSWORD)
    login = access.login("ada", PASSWORD, source="::1")

    def full() -> None:
        raise NoSpace("/srv/stanch")

    monkeypatch.setattr(access.sessions._store, "begin", full)
    hands.at += timedelta(minutes=90)
    assert access.sessions.caller(login.cookie).name == "ada"
    hands.at += timedelta(minutes=30)
    with pytest.raises(NotLoggedIn):
        access.sessions.caller(login.cookie)


def test_a_form_of_another_session_is_refused(access: Access) -> None:
    access.add_user("ada", Role.VIEWER, by="stanch", password=PASSWORD)
    one = access.login("ada", PASSWORD, source="::1")
    two = access.login("ada", PASSWORD, source="::1")
    access.sessions.check_csrf(one.cookie, one.csrf)
    for token in (two.csrf, "", "é"):
        with pytest.raises(NotAllowed):
            access.sessions.check_csrf(one.cookie, token)


def test_who_is_shut_out_loses_the_session_at_once(access: Access) -> None:
    ada = access.add_user("ada", Role.ADMIN, by="stanch", password=PASSWORD)
    access.add_user("bob", Role.ADMIN, by="stanch", password=PASSWORD)
    login = access.login("ada", PASSWORD, source="::1")
    with pytest.raises(Conflict, match="yourself"):
        access.accounts.change(ada.id, disabled=True, by="ada")
    access.accounts.change(ada.id, disabled=True, by="bob")
    with pytest.raises(NotLoggedIn):
        access.sessions.caller(login.cookie)
    with pytest.raises(NotLoggedIn):
        access.login("ada", PASSWORD, source="::1")
    access.accounts.change(ada.id, disabled=False, by="bob")
    with pytest.raises(NotLoggedIn):
        access.sessions.caller(login.cookie)


def test_a_password_that_an_admin_gives_ends_every_session_and_every_wait(access: Access) -> None:
    ada = access.add_user("ada", Role.VIEWER, by="stanch", password=PASSWORD)
    login = access.login("ada", PASSWORD, source="::1")
    for _ in range(5):
        with pytest.raises(NotLoggedIn):
            access.login("ada", "forgot it all", source="::1")
    with pytest.raises(Busy):
        access.login("ada", PASSWORD, source="::1")
    access.accounts.set_password(ada.id, PASSWORD + "!", by="bob")
    with pytest.raises(NotLoggedIn):
        access.sessions.caller(login.cookie)
    access.login("ada", PASSWORD + "!", source="::1")


def test_an_admins_own_password_is_not_set_without_the_present_one(access: Access) -> None:
    ada = access.add_user("ada", Role.ADMIN, by="stanch", password=PASSWORD)
    with pytest.raises(Conflict, match="present one"):
        access.accounts.set_password(ada.id, PASSWORD + "!", by="ada")
    access.login("ada", PASSWORD, source="::1")


@pytest.mark.parametrize("change", [{"role": Role.APPROVER}, {"disabled": True}], ids=str)
def test_the_last_admin_stays_one_until_there_is_another(
    access: Access, change: dict[str, Any]
) -> None:
    ada = access.add_user("ada", Role.ADMIN, by="stanch", password=PASSWORD)
    gone = access.add_user("gone", Role.ADMIN, by="stanch")
    access.accounts.change(gone.id, disabled=True, by="key:first admin")
    with pytest.raises(Conflict, match="last admin"):
        access.accounts.change(ada.id, by="key:first admin", **change)
    access.add_user("bob", Role.ADMIN, by="stanch")
    changed = access.accounts.change(ada.id, by="key:first admin", **change)
    assert {name: getattr(changed, name) for name in change} == change


def test_what_changes_nothing_ends_no_session_and_is_no_entry(
    access: Access, sql_store: SqlStore
) -> None:
    ada = access.add_user("ada", Role.VIEWER, by="stanch", password=PASSWORD)
    login = access.login("ada", PASSWORD, source="::1")
    before = len(sql_store.outbox())
    assert access.accounts.change(ada.id, role=Role.VIEWER, disabled=False, by="bob") == ada
    assert access.sessions.caller(login.cookie).name == "ada"
    assert len(sql_store.outbox()) == before


def test_a_key_belongs_to_who_made_it_in_person_or_is_given_to_them(access: Access) -> None:
    access.add_user("Ada", Role.ADMIN, by="root", password=PASSWORD)
    scopes = frozenset({Scope.APPROVE})
    first = access.keys.create("ci", scopes, by="ada").key
    assert first.owner == "Ada"
    assert access.keys.create("more", scopes, by="key:ci").key.owner == "Ada", "made by her key"
    nobodys = access.keys.create("soar", scopes, by="key:first admin").key
    assert nobodys.owner == ""
    assert access.keys.give(nobodys.id, "ada", by="root").owner == "Ada"
    assert access.keys.give(nobodys.id, "", by="root").owner == ""
    with pytest.raises(BadInput, match="stanch user list"):
        access.keys.create("ci", scopes, by="root", owner="adda")


def test_an_admin_says_that_two_accounts_are_one_persons(access: Access) -> None:
    names = ("ada", "ada@corp", "ada@home")
    one, two, three = (access.add_user(n, Role.APPROVER, by="root") for n in names)
    access.accounts.same(two.id, "ADA", by="root")
    access.accounts.same(three.id, "ada@corp", by="root")
    for user, other in ((one, "ada@home"), (one, "ada"), (three, "ada")):
        with pytest.raises(BadInput, match="one person already"):
            access.accounts.same(user.id, other, by="root")
    assert access.accounts.same(three.id, "", by="root").same_as == ""
    assert access.accounts.same(three.id, "ada", by="root").same_as == "ada"


@pytest.mark.parametrize("name", ["stanch", "OIDC", "key:first admin", "Key:ci"])
def test_nobody_gets_a_name_that_the_log_gives_to_what_is_no_person(
    access: Access, name: str
) -> None:
    with pytest.raises(BadInput, match="another name"):
        access.add_user(name, Role.ADMIN, by="root", password=PASSWORD)
    with pytest.raises(BadInput, match="another name"):
        access.enter(name, Role.ADMIN, key=UserId("oidc-1"), source="::1")


def test_two_people_cannot_have_one_name(access: Access) -> None:
    access.add_user("Ada", Role.VIEWER, by="stanch")
    with pytest.raises(AlreadyThere):
        access.add_user("aDA", Role.VIEWER, by="stanch")


def test_an_admin_ends_one_session_of_somebody_or_all_of_theirs_and_nobody_elses(
    access: Access, sql_store: SqlStore, hands: Hands
) -> None:
    ada, bob = (access.add_user(n, Role.VIEWER, by="x", password=PASSWORD) for n in ("ada", "bob"))
    access.login("ada", PASSWORD, source="::1")
    hands.at += timedelta(hours=3)
    first, second, third = (access.login("ada", PASSWORD, source=f"::{n}") for n in (1, 2, 3))
    other = access.login("bob", PASSWORD, source="::1")
    user, found = access.accounts.sessions(ada.id)
    assert (user, {one.source for one in found}) == (ada, {"::1", "::2", "::3"})
    (one,) = (one for one in found if one.source == "::2")
    assert access.accounts.end_sessions(bob.id, by="eve", session=one.id) == 0
    assert access.accounts.end_sessions(ada.id, by="eve", session=one.id) == 1
    with pytest.raises(NotLoggedIn):
        access.sessions.caller(second.cookie)
    assert access.sessions.caller(first.cookie).name == "ada"
    assert access.accounts.end_sessions(ada.id, by="eve") == 2
    assert access.accounts.end_sessions(ada.id, by="eve") == 0
    with pytest.raises(NotLoggedIn):
        access.sessions.caller(third.cookie)
    assert access.sessions.caller(other.cookie).name == "bob"
    told = [(p.entry.actor, p.entry.facts["what"]) for p in sql_store.outbox()][2:]
    assert told == [("eve", "session of theirs ended"), ("eve", "sessions of theirs ended")]


def test_every_change_of_access_is_an_entry(access: Access, sql_store: SqlStore) -> None:
    ada = access.add_user("ada", Role.VIEWER, by="stanch", password=PASSWORD)
    access.accounts.change(ada.id, role=Role.APPROVER, by="bob")
    access.accounts.set_password(ada.id, PASSWORD, by="bob")
    access.accounts.change(ada.id, disabled=True, by="bob")
    made = access.keys.create("ci", frozenset({Scope.READ}), by="bob")
    access.keys.revoke(made.key.id, by="bob")
    entries = [p.entry for p in sql_store.outbox()]
    assert {e.deed for e in entries} == {Deed.ACCESS_CHANGED}
    assert [e.facts["what"] for e in entries] == [
        "user added",
        "role is approver",
        "password set",
        "user disabled",
        "key created",
        "key revoked",
    ]


def test_the_first_start_makes_one_admin_key_in_a_private_file(
    access: Access, tmp_path: Path
) -> None:
    text = access.first_admin_key(tmp_path)
    assert text is not None
    path = tmp_path / "admin.key"
    assert path.read_text().strip() == text
    assert path.stat().st_mode & 0o777 == 0o600
    assert authorise(access.keys.caller(text), Scope.APPROVE)
    assert access.first_admin_key(tmp_path) is None


def test_a_crash_before_the_admin_key_counted_is_made_good_on_the_next_start(
    access: Access, tmp_path: Path
) -> None:
    stale = door.mint(datetime(2026, 1, 1, tzinfo=UTC))
    (tmp_path / "admin.key").write_text(stale)
    text = access.first_admin_key(tmp_path)
    assert text is not None
    assert access.keys.caller(text)


def test_who_removed_the_admin_key_file_does_not_get_a_new_key(
    access: Access, tmp_path: Path
) -> None:
    access.first_admin_key(tmp_path)
    (tmp_path / "admin.key").unlink()
    assert access.first_admin_key(tmp_path) is None


def test_a_caller_needs_the_right_and_admins_have_all() -> None:
    reader = Caller(name="r", scopes=frozenset({Scope.READ}))
    assert authorise(reader, Scope.READ) is reader
    with pytest.raises(NotAllowed, match="approve"):
        authorise(reader, Scope.APPROVE)
    with pytest.raises(NotLoggedIn):
        authorise(None, Scope.READ)
    authorise(Caller(name="a", scopes=frozenset({Scope.ADMIN})), Scope.GUARD)


def test_an_outsider_that_the_provider_vouches_for_enters_with_the_role_it_says(
    access: Access, sql_store: SqlStore
) -> None:
    key = UserId("oidc-1")
    first = access.enter("eve", Role.VIEWER, key=key, source="::1")
    again = access.enter("eve", Role.APPROVER, key=key, source="::1")
    assert first.caller.role is Role.VIEWER
    assert access.sessions.caller(again.cookie).role is Role.APPROVER
    with sql_store.look() as tx:
        assert tx.users.get(key).external
    access.accounts.change(key, disabled=True, by="bob")
    with pytest.raises(NotLoggedIn):
        access.enter("eve", Role.APPROVER, key=key, source="::1")


def test_an_outsider_cannot_take_the_name_of_somebody_who_is_here(access: Access) -> None:
    access.add_user("ada", Role.ADMIN, by="stanch", password=PASSWORD)
    with pytest.raises(AlreadyThere):
        access.enter("Ada", Role.VIEWER, key=UserId("oidc-2"), source="::1")


def test_waiting_grows_with_each_wrong_attempt_and_ends() -> None:
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    waits = []
    for _ in range(9):
        attempts.failed("ada", "::1")
        try:
            attempts.allow("ADA", "::2")
        except Busy as busy:
            waits.append(busy.retry_after)
            now[0] += busy.retry_after
    assert waits == [1, 2, 4, 8, 16]
    attempts.allow("ada", "::1")
    attempts.allow("bob", "::1")


def test_nobody_waits_longer_than_a_quarter_of_an_hour_and_then_it_is_forgotten() -> None:
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    for _ in range(40):
        attempts.failed("ada", "::1")
    with pytest.raises(Busy) as busy:
        attempts.allow("ada", "::2")
    assert busy.value.retry_after == 900
    now[0] += 900 + 901
    attempts.failed("ada", "::1")
    attempts.allow("ada", "::1")


def test_one_source_that_tries_many_names_waits_too() -> None:
    attempts = Attempts(lambda: 0.0)
    for n in range(20):
        attempts.failed(f"user-{n}", "192.0.2.1")
    with pytest.raises(Busy):
        attempts.allow("somebody", "192.0.2.1")
    attempts.allow("somebody", "192.0.2.2")


def test_a_right_password_forgets_the_accounts_wrong_ones() -> None:
    attempts = Attempts(lambda: 0.0)
    for _ in range(7):
        attempts.failed("ada", "::1")
    with pytest.raises(Busy):
        attempts.allow("ada", "::1")
    attempts.succeeded("Ada")
    attempts.allow("ada", "::1")


@pytest.mark.parametrize("bad", ["", "short", "x" * 1025])
def test_a_password_that_can_be_guessed_is_refused(bad: str) -> None:
    with pytest.raises(BadInput):
        hash_password(bad)


def test_the_hash_of_nobody_costs_as_much_as_one_of_today(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    assert not outdated(NOBODY)


def test_a_hash_knows_its_password_and_its_age() -> None:
    kept = hash_password(PASSWORD)
    assert matches(PASSWORD, kept)
    assert not matches(PASSWORD + " ", kept)
    assert PASSWORD not in kept
    assert not outdated(kept)
    assert outdated(kept.replace("$8$", "$7$"))
