"""Who tries to come in is counted, by the minute, and never fills the log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from stanch.engine import passwords
from stanch.engine.access import Access
from stanch.engine.keys import id_in
from stanch.engine.refused import DOOR, EVERY, MANY, Refused
from stanch.engine.refused_lines import MOST, Way, in_words
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.ids import KeyId
from stanch.vocabulary.people import Role, Scope
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import Busy, NotLoggedIn

PASSWORD = "correct horse battery"  # noqa: S105  a test's own
FEW = MANY[0][1] - 1


class Hands(Protocol):
    at: datetime

    def __call__(self) -> datetime: ...


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQLite is enough here: what the store does on both is the store's own test."""
    return sqlite_url(tmp_path / "db")


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def access(
    sql_store: SqlStore, hands: Hands, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> Access:
    monkeypatch.setattr(passwords, "_LOG_N", 8)
    return Access(sql_store, hands, seconds=seconds)


@pytest.fixture
def said(sql_store: SqlStore) -> Callable[[], list[str]]:
    """What the log says of the door, in sentences."""
    return lambda: [in_words(e.facts) for e in at_the_door(sql_store)]


def at_the_door(store: SqlStore) -> list[Entry]:
    return [p.entry for p in store.outbox() if p.entry.deed is Deed.ACCESS_REFUSED]


def notices(store: SqlStore) -> list[str]:
    with store.look() as tx:
        return [one.says for one in tx.notices.page(limit=100).items]


def test_wrong_passwords_are_counted_whether_they_were_looked_at_or_had_to_wait(
    access: Access, said: Callable[[], list[str]]
) -> None:
    access.add_user("Ada", Role.VIEWER, by="stanch", password=PASSWORD)
    for _ in range(9):
        with pytest.raises((NotLoggedIn, Busy)):
            access.login("ADA", "wrong wrong wrong", source="203.0.113.7")
    assert access.refused.turn() == 1
    assert said() == ["Refused 9 logins as Ada, from 203.0.113.0/24"]
    assert access.refused.flush() == 0


def test_what_was_typed_as_a_name_and_the_whole_address_never_reach_the_log(
    access: Access, sql_store: SqlStore, said: Callable[[], list[str]]
) -> None:
    for typed in (PASSWORD, "eve\x00", "", "\u202eeve", "\udcff"):
        access.refused.login(typed, "2001:db8:1:2::9")
    access.flush()
    assert said() == ["Refused 5 logins as somebody who has no account, from 2001:db8:1::/48"]
    assert not any(secret in repr(sql_store.outbox()) for secret in (PASSWORD, "2::9", "eve"))


def test_a_key_that_opens_nothing_is_named_by_what_became_of_it(
    access: Access, hands: Hands, said: Callable[[], list[str]]
) -> None:
    def made(name: str, days: int) -> str:
        until = hands.at + timedelta(days=days)
        return access.keys.create(name, frozenset({Scope.READ}), by="ada", expires=until).text

    gone, late, good = made("gone", 9), made("late", 1), made("good", 9)
    access.keys.revoke(KeyId(id_in(gone)), by="ada")
    hands.at += timedelta(days=2)
    forged = good[:-64] + "0" * 64
    for header in (f"Bearer {gone}", *[f"Bearer {late}"] * 2, f"Bearer {forged}", "Basic YTph"):
        with pytest.raises(NotLoggedIn):
            access.bearer(header, source="127.0.0.1")
    access.bearer(f"Bearer {good}", source="127.0.0.1")
    access.flush()
    assert sorted(said()) == [
        "Refused another secret under the id of the key good, 1 time, from 127.0.0.1",
        "Refused the key gone, which was revoked, 1 time, from 127.0.0.1",
        "Refused the key late, which has ended, 2 times, from 127.0.0.1",
        "Refused what is no key of ours, 1 time, from 127.0.0.1",
    ]


def test_a_flood_makes_a_handful_of_entries_a_minute_and_none_is_left_uncounted(
    sql_store: SqlStore, hands: Hands, seconds: Seconds
) -> None:
    refused = Refused(sql_store, hands, seconds)
    for n in range(3000):
        refused.login(f"user-{n}", f"203.0.{n % 256}.1")
        refused.key("", f"198.51.{n % 256}.1")
    assert len(refused._tries) < 1010
    assert refused.turn() == MOST + len(Way)
    refused.login("once more", "203.0.113.1")
    seconds.now += EVERY - 1
    assert refused.turn() == 0
    seconds.now += 1
    assert refused.turn() == 1
    entries = at_the_door(sql_store)
    assert sum(int(e.facts["times"] or 0) for e in entries) == 6001
    assert {e.about for e in entries} == {DOOR}
    assert [m[2] for m in refused.measures()] == [3001, 3000]


def test_what_could_not_be_entered_is_entered_later(
    access: Access, said: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    access.refused.key("", "")
    with monkeypatch.context() as away:
        away.setattr(SqlStore, "begin", _away)
        with pytest.raises(OSError, match="away"):
            access.refused.turn()
    access.refused.turn()
    assert said() == ["Refused what is no key of ours, 1 time"]


def _away(_store: SqlStore) -> None:
    raise OSError("away")


def test_admins_are_told_once_of_many_and_never_of_a_few(
    sql_store: SqlStore, hands: Hands, seconds: Seconds
) -> None:
    refused = Refused(sql_store, hands, seconds)

    def minute(tries: int) -> None:
        for _ in range(tries):
            refused.login("ada", "203.0.113.7")
        refused.turn()
        seconds.now += EVERY

    hands.at += timedelta(minutes=30)
    minute(FEW)
    assert notices(sql_store) == []
    minute(1)
    (told,) = notices(sql_store)
    assert told.startswith("20 logins opened nothing here in the last ten minutes. Refused 1 login")
    for _ in range(59):
        minute(FEW)
        hands.at += timedelta(minutes=1)
    assert len(notices(sql_store)) == 1
    hands.at += timedelta(minutes=1)
    minute(FEW)
    assert len(notices(sql_store)) == 2


def test_once_told_of_many_one_more_hours_later_is_no_news(
    sql_store: SqlStore, hands: Hands, seconds: Seconds
) -> None:
    refused = Refused(sql_store, hands, seconds)
    for tries in (MANY[1][1], 1, 1):
        for _ in range(tries):
            refused.login("ada", "203.0.113.7")
        refused.turn()
        seconds.now += 7200
        hands.at += timedelta(hours=2)
    assert len(notices(sql_store)) == 1


def test_who_tries_slowly_is_told_of_too(
    sql_store: SqlStore, hands: Hands, seconds: Seconds
) -> None:
    refused = Refused(sql_store, hands, seconds)
    for n in range(MANY[1][1]):
        assert notices(sql_store) == [], n
        refused.key("", "203.0.113.7")
        refused.turn()
        seconds.now += 1200
    assert "60 keys opened nothing here in the last day" in notices(sql_store)[0]
