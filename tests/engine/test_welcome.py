"""The link for the first account: good once, for nobody else, and not after a restart."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stanch.engine.access import Access
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import NotLoggedIn

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"  # noqa: S105  of somebody who lives for one test


def token(access: Access) -> str:
    return access.welcome.path().removeprefix("/welcome/")


def test_it_is_good_until_somebody_has_an_account(sql_store: Any) -> None:
    access = Access(sql_store, lambda: NOW)
    mine = token(access)
    access.welcome.check(mine)
    access.add_user("ada", Role.ADMIN, by="test", password=PASSWORD)
    with pytest.raises(NotLoggedIn):
        access.welcome.check(mine)
    assert access.welcome.path() == ""


@pytest.mark.parametrize("guess", ["", "x", "\u00e9", "A" * 43])
def test_no_other_word_opens(sql_store: Any, guess: str) -> None:
    with pytest.raises(NotLoggedIn):
        Access(sql_store, lambda: NOW).welcome.check(guess)


def test_a_restart_makes_another(sql_store: Any) -> None:
    first, second = (Access(sql_store, lambda: NOW) for _ in range(2))
    with pytest.raises(NotLoggedIn):
        second.welcome.check(token(first))
