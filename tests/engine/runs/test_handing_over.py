"""An incident that is called something else now: its first playbook gives way, and its acts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stanch.engine.deeds import RealDeeds
from stanch.engine.runs.deeds import Order, Outcome
from stanch.engine.runs.handing_over import kept_for
from stanch.engine.runs.library import shipped
from stanch.engine.runs.memory import is_over
from stanch.vocabulary.approval import Answer
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import AssetId, PlaybookId
from stanch.vocabulary.incident import VerdictKind
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.policy import Mode, Scores
from stanch.vocabulary.record import Deed
from stanch.vocabulary.run import RunState, Wish

if TYPE_CHECKING:
    from tests.engine.runs.conftest import House

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
ADA = Caller(name="ada", scopes=frozenset({Scope.APPROVE}), role=Role.APPROVER)


def test_a_corrected_kind_takes_back_what_its_own_answer_does_not_need(house: "House") -> None:
    house.called(AttackKind.EXTRACTION, "key-91")
    house.says_yes()
    assert house.policies.now(FRAUD).limit.max_batch == 64
    house.called(AttackKind.EVASION, "key-91")
    policy = house.policies.now(FRAUD)
    # A limit on rows is for copies; less in each answer, and slower, is for both.
    assert policy.limit.max_batch is None
    assert policy.shape.scores is Scores.TOP1
    assert policy.limit.per_principal is not None
    assert house.denied() == {"key-91"}
    (old,), (new,) = house.runs("extraction"), house.runs("evasion")
    assert (old.state, old.heir) == (RunState.CANCELLED, new.id)
    assert new.state is RunState.WAITING


def test_one_that_is_put_into_use_meanwhile_takes_over_what_it_answers(house: "House") -> None:
    house.called(AttackKind.POISONING)
    (old,) = house.runs("poisoning")
    own = replace(house.books["poisoning"].playbook, id=PlaybookId("agreed"))
    written = replace(house.books["poisoning"], playbook=own)
    ours = dict(house.books)
    house.books.clear()
    house.books.update({"agreed": written, **ours})
    house.called(AttackKind.POISONING)
    (old,), (new,) = house.runs("poisoning"), house.runs("agreed")
    assert (old.state, old.heir, is_over(new)) == (RunState.CANCELLED, new.id, False)


def test_the_timeline_says_what_gave_way_to_what_and_what_was_taken_back(house: "House") -> None:
    house.called(AttackKind.EXTRACTION, "key-91")
    house.says_yes()
    before = len(house.told())
    house.called(AttackKind.EVASION, "key-91")
    told = house.told()[before:]
    assert any("takes the place of extraction" in one and "called evasion" in one for one in told)
    assert any("taken back" in one and "answered by evasion" in one for one in told)
    assert any("another playbook took its place" in one for one in told)


def test_who_is_refused_is_refused_all_the_while(house: "House") -> None:
    house.called(AttackKind.EXTRACTION, "key-91")
    with house.store.look() as tx:
        first = tx.policies.now(FRAUD)
    assert first is not None
    house.says_yes()
    house.called(AttackKind.EVASION, "key-91")
    with house.store.look() as tx:
        last = tx.policies.now(FRAUD)
        assert last is not None
        for number in range(first.version, last.version + 1):
            assert "key-91" in tx.policies.at(FRAUD, number).policy.deny.principals


def test_questions_of_the_playbook_that_gave_way_are_withdrawn_and_say_why(house: "House") -> None:
    house.called(AttackKind.EXTRACTION, "key-91")
    (asked,) = house.asked()
    house.called(AttackKind.EVASION, "key-91")
    assert all(one.id != asked.id for one in house.asked())
    with house.store.look() as tx:
        now = tx.approvals.get(asked.id)
    why = "extraction gave way to evasion: the incident is called evasion now"
    assert (now.answer, now.why) == (Answer.WITHDRAWN, why)
    told = [e.entry for e in house.store.outbox(limit=500) if e.entry.about == asked.id][-1]
    assert (told.deed, told.facts["why"]) == (Deed.APPROVAL_WITHDRAWN, why)


def test_who_is_no_longer_suspected_is_let_go_and_the_others_are_not(house: "House") -> None:
    house.called(AttackKind.EXTRACTION, "key-91", "tenant-4")
    assert house.denied() == {"key-91", "tenant-4"}
    house.called(AttackKind.EVASION, "key-91")
    assert house.denied() == {"key-91"}
    assert any("No longer suspected: tenant-4." in one for one in house.told())
    kept = house.policies.standing(FRAUD).demands
    blocks = [one for one in kept if one.action == "block_principal"]
    assert blocks
    assert all(one.until is not None for one in blocks), "what was for a time stays for a time"


def test_where_the_act_on_the_others_fails_the_one_on_all_stays(
    house: "House", monkeypatch: pytest.MonkeyPatch
) -> None:
    house.called(AttackKind.EXTRACTION, "key-91", "tenant-4")
    perform = RealDeeds.perform

    def fails(deeds: RealDeeds, order: Order) -> Outcome:
        if order.key.endswith("/still"):
            return Outcome(ok=False, says="The disk is full.")
        return perform(deeds, order)

    monkeypatch.setattr(RealDeeds, "perform", fails)
    house.called(AttackKind.EVASION, "key-91")
    assert house.denied() == {"key-91", "tenant-4"}
    assert any(one.startswith("The disk is full.") for one in house.told())


def test_a_name_that_comes_back_is_answered_again(house: "House") -> None:
    for kind in (AttackKind.EXTRACTION, AttackKind.THRESHOLD_PROBING, AttackKind.EXTRACTION):
        house.called(kind, "key-91")
    first, second = house.runs("extraction")
    (between,) = house.runs("threshold_probing")
    assert (first.heir, between.heir, second.heir) == (between.id, second.id, None)
    assert second.state is RunState.WAITING
    assert house.denied() == {"key-91"}


def test_a_run_that_ended_before_the_correction_is_taken_back_too(house: "House") -> None:
    house.called(AttackKind.DENIAL_OF_WALLET)
    house.says_yes()
    house.at += timedelta(minutes=6)
    house.runner.tick()
    house.work()
    (old,) = house.runs("denial_of_wallet")
    assert old.state is RunState.DONE
    assert house.policies.now(FRAUD).limit.max_tokens is not None
    house.called(AttackKind.MEMBERSHIP_INFERENCE, "key-91")
    assert house.policies.now(FRAUD).limit.max_tokens is None
    assert house.policies.now(FRAUD).limit.per_principal is not None
    assert house.denied() == {"key-91"}


def test_what_was_no_attack_after_all_leaves_nothing_in_force(house: "House") -> None:
    house.called(AttackKind.EXTRACTION, "key-91")
    house.says_yes()
    house.called(VerdictKind.NATURAL)
    policy = house.policies.now(FRAUD)
    assert not policy.deny.principals
    assert (policy.limit.max_batch, policy.shape.scores, policy.mode) == (
        None,
        Scores.ALL,
        Mode.SERVING,
    )


def test_an_entry_stays_answered_when_it_shows_what_it_was_used_for(house: "House") -> None:
    house.called(AttackKind.ACCESS, "key-91")
    house.called(AttackKind.EXTRACTION, "key-91")
    (entry,) = house.runs("access")
    assert entry.heir is None
    assert entry.state is not RunState.CANCELLED


@pytest.mark.parametrize("wish", [Wish.PAUSE, Wish.STEP])
def test_what_a_person_holds_stays_theirs(house: "House", wish: Wish) -> None:
    house.called(AttackKind.EXTRACTION, "key-91")
    (old,) = house.runs("extraction")
    house.runner.wish(old.id, wish, by="ada")
    house.work()
    house.called(AttackKind.EVASION, "key-91")
    (still,) = house.runs("extraction")
    assert still.heir is None
    assert still.state is not RunState.CANCELLED


def test_a_playbook_that_a_person_began_stays(house: "House") -> None:
    house.called(AttackKind.EXTRACTION, "key-91")
    book = shipped()["denial_of_wallet"].playbook
    house.runner.start(book, house.incident.id, by="ada")
    house.work()
    house.called(AttackKind.EVASION, "key-91")
    (theirs,) = house.runs("denial_of_wallet")
    assert theirs.heir is None


def test_letting_go_again_changes_nothing(house: "House") -> None:
    house.called(AttackKind.EXTRACTION, "key-91", "tenant-4")
    house.says_yes()
    house.called(AttackKind.EVASION, "key-91")
    before, told = house.policies.now(FRAUD), len(house.told())
    house.runner.answer(house.incident)
    house.work()
    assert (house.policies.now(FRAUD), len(house.told())) == (before, told)


def test_what_stays_is_the_heirs_and_goes_when_the_heir_is_undone(house: "House") -> None:
    house.called(AttackKind.EXTRACTION, "key-91")
    house.says_yes()
    house.called(AttackKind.EVASION, "key-91")
    (heir,) = house.runs("evasion")
    with house.store.look() as tx:
        assert {line.act for _, line in kept_for(tx, heir)} >= {"block_principal", "shape_outputs"}
    house.runner.wish(heir.id, Wish.CANCEL_UNDO, by="ada")
    house.work()
    assert house.denied() == frozenset()
    assert house.policies.now(FRAUD).shape.scores is Scores.ALL
    with house.store.look() as tx:
        assert kept_for(tx, heir) == ()
