"""Mentioning: who has an account and is named in a note is told; nobody else is."""

from datetime import UTC, datetime

import pytest

from stanch.engine.cases import Cases
from stanch.engine.mentioning import MOST, named
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.ids import AssetId, IncidentId, UserId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.notice import KeptNotice
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role, User

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ADA = Caller(name="ada", scopes=ROLE_SCOPES[Role.RESPONDER], role=Role.RESPONDER)
KEY = IncidentId("inc-1")


def noted(store: SqlStore, text: str, *, exercise: bool = False) -> list[KeptNotice]:
    """Whom a note of ada's on an open incident calls."""
    with store.begin() as tx:
        for name in ("ada", "ben", "cleo"):
            gone = name == "cleo"
            tx.users.add(
                User(
                    id=UserId(f"usr-{name}"),
                    name=name,
                    role=Role.RESPONDER,
                    created=NOW,
                    disabled=gone,
                )
            )
        tx.incidents.add(
            Incident(
                id=KEY,
                title="Somebody copies the model",
                asset=AssetId("fraud"),
                opened=NOW,
                first_seen=NOW,
                updated=NOW,
                exercise=exercise,
            )
        )
    Cases(store, lambda: NOW).note(KEY, text, ADA)
    with store.look() as tx:
        return list(tx.notices.due(NOW, MOST))


def test_a_mention_is_a_name_and_no_part_of_an_address() -> None:
    assert named("@ada see mail@host.example, and @ben-2. @ada!") == ("ada", "ben-2")


@pytest.mark.parametrize("text", ["`@ben`", "```\n@ben\n```", "```\n@ben", "@@ben", "a@ben"])
def test_what_is_quoted_calls_nobody(text: str) -> None:
    assert named(text) == ()


def test_whoever_is_named_and_has_an_account_is_told_once(sql_store: SqlStore) -> None:
    heard = noted(sql_store, "@ben please look, @ben. @ada @cleo @nobody")
    assert [(one.to, one.incident) for one in heard] == [("ben", KEY)]
    assert heard[0].says == "ada named you in a note: @ben please look, @ben. @ada @cleo @nobody"


def test_an_exercise_calls_nobody(sql_store: SqlStore) -> None:
    assert noted(sql_store, "@ben", exercise=True) == []


def test_one_note_calls_no_more_than_so_many(sql_store: SqlStore) -> None:
    crowd = " ".join(f"@somebody-{n}" for n in range(MOST))
    assert noted(sql_store, f"{crowd} @ben") == []


def test_a_note_and_its_calls_are_kept_together_or_not_at_all(
    sql_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise RuntimeError("the process ends here")

    monkeypatch.setattr("stanch.engine.cases.keep", cut)
    with pytest.raises(RuntimeError):
        noted(sql_store, "@ben please look")
    with sql_store.look() as tx:
        assert not tx.notes.of(KEY)
