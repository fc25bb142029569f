"""Who stands behind a name, and whether their vote counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.engine.persons import Behind, behind, not_taken
from stanch.engine.voting import Ballot, Present, counted, may_vote, sayable
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.approval import Answer, Approval, Risk, Vote
from stanch.vocabulary.ids import ActionId, ApprovalId, AssetId, Digest, IncidentId, KeyId, UserId
from stanch.vocabulary.people import Caller, Role, Scope, ServiceKey, User
from stanch.vocabulary.trouble import AskedByYou, BadInput

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHOWN = Digest("sha256:0")
QUESTION = Approval(
    id=ApprovalId("apr-1"),
    incident=IncidentId("inc-1"),
    asset=AssetId("fraud"),
    action=ActionId("stop_endpoint"),
    risk=Risk.ONE,
    role=Role.APPROVER,
    shown="Stop it?",
    digest=SHOWN,
    asked=NOON,
    expires=NOON + timedelta(hours=1),
)


def with_keys(store: SqlStore, *keys: tuple[str, str, bool]) -> None:
    """Each with its name, whose it is, and whether it was revoked."""
    with store.begin() as tx:
        for n, (name, owner, gone) in enumerate(keys):
            made = ServiceKey(
                id=KeyId(f"key-{n}"), name=name, scopes=frozenset({Scope.APPROVE}), created=NOON
            )
            tx.keys.add(replace(made, owner=owner, revoked=NOON if gone else None))


def test_a_name_that_a_key_of_nobody_shares_may_be_in_anybodys_hands(sql_store: SqlStore) -> None:
    with_keys(
        sql_store,
        ("ops", "Ada", False),
        ("ops", "", False),
        ("soar", "", False),
        ("old", "bob", True),
        ("mine", "Ada", False),
        ("mine", "", True),
    )
    with sql_store.look() as tx:
        found = {name: behind(tx, f"key:{name}") for name in ("ops", "soar", "old", "mine", "no")}
    assert found == {
        "ops": Behind(people=frozenset({"ada"}), unknown=True),
        "soar": Behind(unknown=True),
        "old": Behind(people=frozenset({"bob"}), unknown=True),
        "mine": Behind(people=frozenset({"ada"})),
        "no": Behind(unknown=True),
    }
    assert not found["soar"].meets(found["no"]), "two whom nobody knows are not one"


def test_an_account_is_followed_to_the_person_and_never_in_a_ring(sql_store: SqlStore) -> None:
    same = {"ada@corp": "ada@home", "ada@home": "Ada", "Ada": "", "one": "two", "two": "one"}
    with sql_store.begin() as tx:
        for n, (name, other) in enumerate(same.items()):
            made = User(id=UserId(f"usr-{n}"), name=name, role=Role.ADMIN, created=NOON)
            tx.users.add(replace(made, same_as=other))
    with sql_store.look() as tx:
        assert behind(tx, "ada@corp") == behind(tx, "ADA") == Behind(people=frozenset({"ada"}))
        assert behind(tx, "one").people <= {"one", "two"}
        assert behind(tx, "stanch") == Behind()


@pytest.mark.parametrize("name", ["stanch", "Stanch", "oidc", "key:ci", "KEY:ci"])
def test_a_person_cannot_be_called_as_the_log_calls_stanch_or_a_key(name: str) -> None:
    with pytest.raises(BadInput, match="Take another name"):
        not_taken(name)
    not_taken("keyes")


def test_a_key_that_nobody_owns_says_no_yes_to_what_it_asked_itself() -> None:
    """Nobody stands behind it, so that only its name tells that it is the same."""
    asked = replace(QUESTION, requester="key:soar")
    soar = Caller(name="key:soar", scopes=frozenset({Scope.APPROVE}))
    here = Present(caller=Behind(unknown=True), asked=Behind(unknown=True))
    with pytest.raises(AskedByYou):
        may_vote(asked, soar, Ballot(yes=True, digest=SHOWN), here)
    assert sayable(asked, soar, here) == {False}


people = st.sampled_from(["ada", "bob", "cleo"])


@given(st.sampled_from(Risk), people, st.lists(st.tuples(people, st.booleans()), max_size=6))
def test_a_yes_is_that_of_enough_persons_none_of_whom_asked_for_it(
    risk: Risk, requester: str, tries: list[tuple[str, bool]]
) -> None:
    """Whoever tries what in whatever order: those who may not are turned away."""
    now = replace(QUESTION, risk=risk, requester=requester)
    for name, yes in tries:
        if now.answer is not Answer.OPEN:
            break
        here = Present(
            caller=Behind(people=frozenset({name})),
            asked=Behind(people=frozenset({requester})),
            acted=Behind(people=frozenset(v.by for v in now.votes)),
        )
        caller = Caller(name=name, scopes=frozenset(), role=Role.APPROVER)
        may = sayable(now, caller, here)
        assert may == (
            frozenset()
            if name in {v.by for v in now.votes}
            else {False}
            if name == requester
            else {True, False}
        )
        if yes in may:
            vote = Vote(by=name, yes=yes, at=NOON, digest=SHOWN)
            now = counted(replace(now, votes=(*now.votes, vote)))
    agreed = {v.by for v in now.votes if v.yes} - {requester}
    refused = any(not v.yes for v in now.votes)
    enough = len(agreed) >= (2 if risk is Risk.TWO else 1)
    assert (now.answer is Answer.YES) is (enough and not refused)
    assert (now.answer is Answer.NO) is refused
