"""One's own account: a new password, and the sessions that end with the old one."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from stanch.engine import passwords
from stanch.engine.access import Access
from stanch.engine.sessions import LoggedIn
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.ids import UserId
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import BadInput, Busy, Conflict, NotLoggedIn, Refused

OLD, NEW = "correct horse battery", "a staple of another colour"


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
    made = Access(sql_store, hands, seconds=lambda: 0.0)
    made.add_user("ada", Role.VIEWER, by="stanch", password=OLD)
    return made


def come_in(access: Access, source: str = "::1", name: str = "ada") -> LoggedIn:
    return access.login(name, OLD, source=source)


def test_a_new_password_renews_this_session_and_ends_the_others(
    access: Access, hands: Hands
) -> None:
    here, there = come_in(access), come_in(access, "192.0.2.7")
    hands.at += timedelta(minutes=5)
    renewed = access.own.change_password(here.cookie, OLD, NEW, source="::1")
    for over in (here, there):
        with pytest.raises(NotLoggedIn):
            access.sessions.caller(over.cookie)
    assert access.sessions.caller(renewed.cookie).name == "ada"
    assert access.own.look(renewed.cookie).password_set == hands.at
    with pytest.raises(NotLoggedIn):
        access.login("ada", OLD, source="::1")
    access.login("ada", NEW, source="::1")


def test_a_wrong_present_password_changes_nothing_and_counts_as_a_wrong_login(
    access: Access,
) -> None:
    here = come_in(access)
    for _ in range(5):
        with pytest.raises(Refused, match="not your present password"):
            access.own.change_password(here.cookie, "wrong wrong wrong", NEW, source="::1")
    with pytest.raises(Busy):
        access.own.change_password(here.cookie, OLD, NEW, source="::1")
    with pytest.raises(Busy):
        come_in(access, "192.0.2.7")
    assert access.sessions.caller(here.cookie).name == "ada"


@pytest.mark.parametrize("new", [OLD, "short", "x" * 1025])
def test_a_new_password_that_is_none_is_refused_and_costs_no_attempt(
    access: Access, new: str
) -> None:
    here = come_in(access)
    for _ in range(6):
        with pytest.raises(BadInput):
            access.own.change_password(here.cookie, OLD, new, source="::1")
    assert access.sessions.caller(come_in(access).cookie).name == "ada"


def test_who_comes_in_through_the_provider_is_told_where_the_password_is_changed(
    access: Access,
) -> None:
    key = UserId("oidc-1")
    entered = access.enter("eve", Role.VIEWER, key=key, source="::1")
    with pytest.raises(Conflict, match="identity provider"):
        access.own.change_password(entered.cookie, OLD, NEW, source="::1")
    with pytest.raises(Conflict, match="identity provider"):
        access.accounts.set_password(key, NEW, by="bob")
    assert access.own.look(entered.cookie).password_set is None


def test_a_password_given_meanwhile_is_not_overwritten(
    access: Access, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = come_in(access)
    user = access.own.look(here.cookie).user.id
    hashed = passwords.hash_password(NEW)

    def slowly(_password: str) -> str:
        hands.at += timedelta(seconds=1)
        access.accounts.set_password(user, "given by an admin", by="bob")
        return hashed

    monkeypatch.setattr("stanch.engine.own_account.hash_password", slowly)
    with pytest.raises(Conflict, match="meanwhile"):
        access.own.change_password(here.cookie, OLD, NEW, source="::1")
    access.login("ada", "given by an admin", source="::1")


def test_a_stronger_hash_of_the_same_password_does_not_make_it_newer(
    access: Access, sql_store: SqlStore, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hands.at
    hands.at += timedelta(days=9)
    monkeypatch.setattr(passwords, "_LOG_N", 9)
    account = access.own.look(come_in(access).cookie)
    assert account.password_set == made
    with sql_store.look() as tx:
        kept = tx.users.credential(account.user.id)
    assert kept is not None
    assert not passwords.outdated(kept.hash)


def test_sessions_that_are_open_are_listed_this_one_first_and_ended(
    access: Access, hands: Hands
) -> None:
    lapsed = come_in(access, "192.0.2.1")
    hands.at += timedelta(hours=3)
    here, there, far = (come_in(access, one) for one in ("::1", "192.0.2.2", "192.0.2.3"))
    account = access.own.look(here.cookie)
    assert account.sessions[0].id == account.here
    assert {one.source for one in account.sessions} == {"::1", "192.0.2.2", "192.0.2.3"}
    (second,) = (one for one in account.sessions if one.source == "192.0.2.2")
    assert access.own.end(here.cookie, second.id) == 1
    assert access.own.end(here.cookie, second.id) == 0
    with pytest.raises(NotLoggedIn):
        access.sessions.caller(there.cookie)
    assert access.sessions.caller(far.cookie).name == "ada"
    assert access.own.end_others(here.cookie) >= 1
    for over in (far, lapsed):
        with pytest.raises(NotLoggedIn):
            access.sessions.caller(over.cookie)
    assert len(access.own.look(here.cookie).sessions) == 1


def test_nobody_ends_the_session_of_somebody_else(access: Access) -> None:
    access.add_user("bob", Role.VIEWER, by="stanch", password=OLD)
    mine, theirs = come_in(access), come_in(access, name="bob")
    assert access.own.end(mine.cookie, access.own.look(theirs.cookie).here) == 0
    assert access.own.end_others(mine.cookie) == 0
    assert access.sessions.caller(theirs.cookie).name == "bob"


def test_every_change_of_ones_own_is_an_entry_without_the_secret(
    access: Access, sql_store: SqlStore
) -> None:
    here, there = come_in(access), come_in(access)
    come_in(access)
    access.own.end(here.cookie, access.own.look(there.cookie).here)
    access.own.end_others(here.cookie)
    access.own.change_password(here.cookie, OLD, NEW, source="::1")
    entries = [p.entry for p in sql_store.outbox()][1:]
    assert [(e.actor, e.facts["what"]) for e in entries] == [
        ("ada", "session ended"),
        ("ada", "other sessions ended"),
        ("ada", "password changed"),
    ]
    assert not any(secret in repr(entries) for secret in (OLD, NEW, here.cookie))
