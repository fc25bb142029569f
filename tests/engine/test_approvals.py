"""Approvals: who may answer what, once, about exactly what was shown, and what silence means."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import pytest

from stanch.engine.approvals import MOST_OPEN, Approvals, Question
from stanch.engine.ports import Transaction
from stanch.engine.telling import Notice, Urgency
from stanch.engine.voting import Ballot, allowed, left_to
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.approval import Answer, Approval, Risk
from stanch.vocabulary.ids import (
    ActionId,
    AssetId,
    Digest,
    IncidentId,
    KeyId,
    RunId,
    UserId,
    digest_of,
)
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role, Scope, ServiceKey, User
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import (
    Answered,
    AnsweredByYou,
    AskedByYou,
    BadInput,
    Busy,
    NobodysKey,
    NotAllowed,
    NotAskedAnyMore,
    NotInPerson,
    Refused,
    Stale,
)

FRAUD = AssetId("fraud")
QUESTION = Question(
    key="run-1/safe",
    incident=IncidentId("inc-1"),
    asset=FRAUD,
    action=ActionId("safe_mode"),
    shown="Safe mode on fraud. Hits everybody. It can be undone.",
    acts={"safe": digest_of(b"safe mode")},
    run=RunId("run-1"),
)


class Hands(Protocol):
    """The clock of conftest: it moves when a test moves it."""

    at: datetime

    def __call__(self) -> datetime: ...


class Told:
    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def tell(self, notice: Notice) -> None:
        self.notices.append(notice)


class Room:
    def __init__(self, store: SqlStore, hands: Hands) -> None:
        self.store, self.hands, self.told = store, hands, Told()
        self.woken: list[RunId] = []
        self.approvals = Approvals(store, hands, self.told)
        self.approvals.wake = self.woken.append

    def deeds(self) -> list[Deed]:
        return [one.entry.deed for one in self.store.outbox(limit=500)]


@pytest.fixture
def room(sql_store: SqlStore, hands: Hands) -> Room:
    return Room(sql_store, hands)


def person(name: str, role: Role = Role.APPROVER) -> Caller:
    return Caller(name=name, scopes=ROLE_SCOPES[role], role=role)


def yes(one: Approval) -> Ballot:
    return Ballot(yes=True, digest=one.digest)


def no(one: Approval) -> Ballot:
    return Ballot(yes=False, digest=one.digest)


def test_a_yes_to_what_was_shown_wakes_the_run_and_is_entered(room: Room) -> None:
    asked = room.approvals.ask(QUESTION)
    assert room.approvals.ask(QUESTION) == asked
    assert [n.key for n in room.told.notices] == 2 * [f"asked/{asked.id}"], "a kill lost the first"
    answered = room.approvals.vote(asked.id, person("ada"), yes(asked))
    assert allowed(answered) is True
    assert room.woken == ["run-1"]
    assert room.deeds() == [Deed.APPROVAL_ASKED, Deed.APPROVAL_GIVEN]


def test_a_yes_to_other_words_is_stale(room: Room) -> None:
    asked = room.approvals.ask(QUESTION)
    with pytest.raises(Stale):
        room.approvals.vote(asked.id, person("ada"), Ballot(yes=True, digest=digest_of(b"other")))
    changed = replace(QUESTION, acts={"safe": Digest("sha256:0")})
    assert changed.digest != QUESTION.digest
    assert room.approvals.ask(changed).id != asked.id, "what it now shows was never allowed"


def test_of_two_who_race_one_wins_and_the_other_is_told(room: Room) -> None:
    asked = room.approvals.ask(QUESTION)
    room.approvals.vote(asked.id, person("ada"), yes(asked))
    with pytest.raises(Answered, match="ada answered this question already: yes"):
        room.approvals.vote(asked.id, person("bob"), no(asked))
    with room.store.look() as tx:
        assert len(tx.approvals.get(asked.id).votes) == 1


def test_what_cannot_be_undone_wants_two_different_people(room: Room) -> None:
    asked = room.approvals.ask(replace(QUESTION, risk=Risk.TWO))
    first = room.approvals.vote(asked.id, person("ada"), yes(asked))
    assert first.answer is Answer.OPEN
    assert room.woken == []
    with pytest.raises(AnsweredByYou, match="needs somebody else's answer"):
        room.approvals.vote(asked.id, person("ada"), yes(asked))
    machine = Caller(name="key-1", scopes=frozenset({Scope.APPROVE}))
    with pytest.raises(NotInPerson, match="stanch login NAME"):
        room.approvals.vote(asked.id, machine, yes(asked))
    assert room.approvals.vote(asked.id, person("bob"), yes(asked)).answer is Answer.YES


def test_one_no_is_enough(room: Room) -> None:
    asked = room.approvals.ask(replace(QUESTION, risk=Risk.TWO))
    room.approvals.vote(asked.id, person("ada"), yes(asked))
    assert allowed(room.approvals.vote(asked.id, person("bob"), no(asked))) is False


@pytest.mark.parametrize(
    "caller",
    [
        person("eve", Role.RESPONDER),
        person("eve", Role.VIEWER),
        Caller(name="key-2", scopes=frozenset({Scope.READ, Scope.RESPOND})),
    ],
)
def test_who_may_not_approve_is_refused(room: Room, caller: Caller) -> None:
    asked = room.approvals.ask(QUESTION)
    with pytest.raises(NotAllowed):
        room.approvals.vote(asked.id, caller, yes(asked))


def test_who_asked_for_it_may_say_no_and_not_yes(room: Room) -> None:
    asked = room.approvals.ask(replace(QUESTION, requester="ada"))
    with pytest.raises(AskedByYou):
        room.approvals.vote(asked.id, person("ada"), yes(asked))
    assert allowed(room.approvals.vote(asked.id, person("ada"), no(asked))) is False


def _houses(room: Room, hands: Hands) -> None:
    """Ada has two accounts and a key, bob has one account, and one key is nobody's."""
    accounts = {"ada": "", "ada@corp": "ada", "bob": "", "eve": ""}
    with room.store.begin() as tx:
        for n, (name, same) in enumerate(accounts.items()):
            who = User(id=UserId(f"usr-{n}"), name=name, role=Role.ADMIN, created=hands.at)
            tx.users.add(replace(who, same_as=same))
        for name, owner in (("ops", "ada"), ("soar", "")):
            scopes = frozenset({Scope.APPROVE})
            made = ServiceKey(id=KeyId(name), name=name, scopes=scopes, created=hands.at)
            tx.keys.add(replace(made, owner=owner))


def _key(name: str) -> Caller:
    return Caller(name=f"key:{name}", scopes=frozenset({Scope.APPROVE}))


def test_two_people_are_two_persons_whatever_account_they_come_by(room: Room, hands: Hands) -> None:
    _houses(room, hands)
    asked = room.approvals.ask(replace(QUESTION, risk=Risk.TWO))
    room.approvals.vote(asked.id, person("ada"), yes(asked))
    with pytest.raises(AnsweredByYou):
        room.approvals.vote(asked.id, person("ada@corp"), yes(asked))
    assert room.approvals.vote(asked.id, person("bob"), yes(asked)).answer is Answer.YES


def test_who_asked_says_no_yes_by_another_account_or_key_of_theirs(
    room: Room, hands: Hands
) -> None:
    _houses(room, hands)
    for requester in ("ada", "key:ops", "ada@corp"):
        asked = room.approvals.ask(replace(QUESTION, key=requester, acts={}, requester=requester))
        for guise in (person("ada"), person("ada@corp"), _key("ops")):
            with pytest.raises(AskedByYou):
                room.approvals.vote(asked.id, guise, yes(asked))
        with pytest.raises(NobodysKey, match="stanch key give"):
            room.approvals.vote(asked.id, _key("soar"), yes(asked))
        with pytest.raises(BadInput, match="Name somebody else"):
            room.approvals.delegate(asked.id, person("bob"), "ada")
        with pytest.raises(Refused, match="not your choice"):
            room.approvals.delegate(asked.id, person("ada@corp"), "eve")
        room.approvals.delegate(asked.id, person("bob"), "eve")
        assert room.approvals.delegate(asked.id, person("bob"), "").delegated_to == ""
        assert room.approvals.vote(asked.id, person("bob"), yes(asked)).answer is Answer.YES
    machines = room.approvals.ask(QUESTION)
    answered = room.approvals.vote(machines.id, _key("soar"), yes(machines))
    assert answered.answer is Answer.YES, "stanch asked: anybody's yes is another's"


def test_who_asked_takes_it_back_whatever_their_role_and_is_offered_nothing_else(
    room: Room, hands: Hands
) -> None:
    _houses(room, hands)
    asked = room.approvals.ask(replace(QUESTION, risk=Risk.TWO, requester="rita"))
    rita, eve = person("rita", Role.RESPONDER), person("eve", Role.RESPONDER)
    with room.store.look() as tx:
        offered = [left_to(tx, [asked], who)[asked.id] for who in (rita, eve, person("bob"))]
    assert offered == [{False}, set(), {True, False}]
    assert room.approvals.vote(asked.id, rita, no(asked)).answer is Answer.NO


def test_an_override_is_reviewed_by_who_neither_asked_nor_overrode(
    room: Room, hands: Hands
) -> None:
    _houses(room, hands)
    asked = room.approvals.ask(replace(QUESTION, requester="bob"))
    room.approvals.override(asked.id, person("ada", Role.ADMIN), "the house burns")
    for guise in ("ada@corp", "bob"):
        with pytest.raises(Refused, match="Somebody else reviews it"):
            room.approvals.reviewed(asked.id, person(guise), "it was right")
    assert room.approvals.reviewed(asked.id, person("eve"), "it was right").reviewed


def test_silence_is_the_stated_default_and_never_yes_for_ever(room: Room, hands: Hands) -> None:
    with pytest.raises(BadInput):
        room.approvals.ask(replace(QUESTION, risk=Risk.TWO, if_silent=True))
    asked = room.approvals.ask(replace(QUESTION, within=60))
    assert room.approvals.lapse() == ()
    hands.at += timedelta(seconds=60)
    with pytest.raises(Answered, match="time was up"):
        room.approvals.vote(asked.id, person("ada"), yes(asked))
    (lapsed,) = room.approvals.lapse()
    assert (lapsed.answer, allowed(lapsed)) == (Answer.LAPSED, False)
    assert allowed(replace(lapsed, if_silent=True)) is True
    assert room.woken == ["run-1"]
    assert room.approvals.lapse() == ()
    with pytest.raises(NotAskedAnyMore, match="Nobody is asked this any more: its time was up"):
        room.approvals.vote(asked.id, person("ada"), yes(asked))


def test_people_are_reminded_higher_up_as_time_runs_out(room: Room, hands: Hands) -> None:
    asked = room.approvals.ask(replace(QUESTION, within=1000))
    to: list[tuple[str, Urgency]] = []
    for seconds in (400, 100, 0, 300, 200):
        hands.at += timedelta(seconds=seconds)
        room.told.notices.clear()
        room.approvals.remind()
        to += [(n.to, n.urgency) for n in room.told.notices]
    soon, now = Urgency.SOON, Urgency.NOW
    assert to == [("approver", soon), ("admin", now), ("leadership", now)]
    with room.store.look() as tx:
        assert tx.approvals.get(asked.id).told == 100


def test_a_reminder_that_a_kill_cut_short_goes_out_after_the_restart(
    room: Room, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = room.approvals.ask(replace(QUESTION, within=1000))
    hands.at += timedelta(seconds=500)
    monkeypatch.setattr(room.told, "tell", _killed)
    with pytest.raises(KeyboardInterrupt):
        room.approvals.remind()
    monkeypatch.undo()
    room.told.notices.clear()
    room.approvals.remind()
    assert [n.key for n in room.told.notices] == [f"remind/{asked.id}/50"]


def test_of_two_servers_one_ends_a_question_and_one_enters_a_reminder(
    room: Room, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.approvals.ask(replace(QUESTION, within=60))
    other = Approvals(room.store, hands)

    def first(does: Callable[[Approvals], Sequence[Approval]]) -> None:
        """The other server does it when this one has looked and done nothing yet."""
        look = room.store.look

        @contextmanager
        def slow() -> Iterator[Transaction]:
            with look() as tx:
                yield tx
            monkeypatch.undo()
            assert len(does(other)) == 1

        monkeypatch.setattr(room.store, "look", slow)

    hands.at += timedelta(seconds=30)
    first(Approvals.remind)
    assert room.approvals.remind() == ()
    hands.at += timedelta(seconds=30)
    first(Approvals.lapse)
    assert room.approvals.lapse() == ()
    assert room.deeds() == [Deed.APPROVAL_ASKED, Deed.PERSON_TOLD, Deed.APPROVAL_LAPSED]


def _killed(_: Notice) -> None:
    raise KeyboardInterrupt


def _kept_to_tell(room: Room) -> list[str]:
    with room.store.look() as tx:
        return [" ".join(n.says.split()[:2]) for n in tx.notices.page().items]


def test_an_override_and_a_delegation_are_told_though_the_process_dies_right_after(
    room: Room, hands: Hands
) -> None:
    room.approvals.wake = _woken_no_more
    with room.store.begin() as tx:
        tx.users.add(User(id=UserId("usr-1"), name="eve", role=Role.APPROVER, created=hands.at))
    asked = room.approvals.ask(replace(QUESTION, run=RunId("run-1")))
    room.approvals.delegate(asked.id, person("ada"), "eve")
    with pytest.raises(KeyboardInterrupt):
        room.approvals.override(asked.id, person("root", Role.ADMIN), "the house burns")
    with room.store.look() as tx:
        to = {n.to for n in tx.notices.page().items}
    assert to == {"eve", "leadership"}


def _woken_no_more(_: RunId) -> None:
    raise KeyboardInterrupt


def test_an_override_is_loud_needs_a_reason_and_is_reviewed_by_another(room: Room) -> None:
    asked = room.approvals.ask(QUESTION)
    admin = person("root", Role.ADMIN)
    with pytest.raises(NotAllowed):
        room.approvals.override(asked.id, person("ada"), "quick")
    with pytest.raises(BadInput):
        room.approvals.override(asked.id, admin, "  ")
    done = room.approvals.override(asked.id, admin, "the house burns")
    assert (allowed(done), done.review) == (True, True)
    assert room.woken == ["run-1"]
    assert _kept_to_tell(room) == ["root overrode"]
    with pytest.raises(Refused):
        room.approvals.reviewed(asked.id, admin, "fine")
    with pytest.raises(BadInput):
        room.approvals.reviewed(asked.id, person("ada"), " ")
    with pytest.raises(NotAllowed):
        room.approvals.reviewed(asked.id, person("rob", Role.RESPONDER), "fine")
    seen = room.approvals.reviewed(asked.id, person("ada"), " it was right ")
    assert (seen.review, seen.reviewed is None) == (False, False)
    with room.store.look() as tx:
        kept = tx.approvals.get(asked.id).reviewed
    assert kept is not None
    assert (kept.by, kept.finding, kept.at) == ("ada", "it was right", seen.votes[0].at)
    with pytest.raises(Answered):
        room.approvals.reviewed(asked.id, person("eve"), "it was wrong")


def test_a_key_neither_overrides_nor_reviews_whatever_it_may(room: Room) -> None:
    asked = room.approvals.ask(QUESTION)
    key = Caller(name="key:ops", scopes=frozenset(Scope))
    for does in (room.approvals.override, room.approvals.reviewed):
        with pytest.raises(NotInPerson):
            does(asked.id, key, "a reason")


def test_what_was_withdrawn_is_answered_by_nobody(room: Room) -> None:
    asked = room.approvals.ask(QUESTION)
    with room.store.begin() as tx:
        tx.approvals.save(replace(asked, answer=Answer.WITHDRAWN, why="its playbook ended"))
    with pytest.raises(NotAskedAnyMore, match="its playbook ended"):
        room.approvals.vote(asked.id, person("ada"), yes(asked))


def test_what_nobody_overrode_cannot_be_reviewed(room: Room) -> None:
    asked = room.approvals.ask(QUESTION)
    with pytest.raises(Refused):
        room.approvals.reviewed(asked.id, person("ada"), "fine")


def test_no_override_replaces_two_people(room: Room) -> None:
    asked = room.approvals.ask(replace(QUESTION, risk=Risk.TWO))
    with pytest.raises(Refused):
        room.approvals.override(asked.id, person("root", Role.ADMIN), "the house burns")


def test_it_can_be_handed_to_a_named_person_with_an_account(room: Room, hands: Hands) -> None:
    asked = room.approvals.ask(QUESTION)
    with pytest.raises(BadInput):
        room.approvals.delegate(asked.id, person("ada"), "nobody")
    with room.store.begin() as tx:
        tx.users.add(User(id=UserId("usr-1"), name="eve", role=Role.RESPONDER, created=hands.at))
        tx.users.add(User(id=UserId("usr-2"), name="trudy", role=Role.VIEWER, created=hands.at))
        gone = User(id=UserId("usr-3"), name="joe", role=Role.ADMIN, created=hands.at)
        tx.users.add(replace(gone, disabled=True))
    with pytest.raises(BadInput, match="only looks on"):
        room.approvals.delegate(asked.id, person("ada"), "trudy")
    with pytest.raises(BadInput, match="nobody with an account"):
        room.approvals.delegate(asked.id, person("ada"), "joe")
    with pytest.raises(NotAllowed):
        room.approvals.delegate(asked.id, person("mallory", Role.RESPONDER), "eve")
    room.approvals.delegate(asked.id, person("ada"), "eve")
    room.told.notices.clear()
    hands.at += timedelta(seconds=QUESTION.within / 2)
    room.approvals.remind()
    assert [n.to for n in room.told.notices] == ["eve"]
    eve = person("eve", Role.RESPONDER)
    a_key = Caller(name="eve", scopes=frozenset({Scope.READ, Scope.RESPOND}))
    with pytest.raises(NotAllowed):
        room.approvals.vote(asked.id, a_key, yes(asked))
    assert allowed(room.approvals.vote(asked.id, eve, yes(asked))) is True


def test_what_waits_comes_by_when_its_time_is_up_and_all_else_newest_first(
    room: Room, hands: Hands
) -> None:
    for n, minutes in enumerate((30, 5, 60, 20, 5)):
        hands.at += timedelta(seconds=1)
        asset = AssetId(f"model-{n % 2}")
        one = replace(QUESTION, key=f"run-{n}", asset=asset, shown=f"{n}", acts={})
        room.approvals.ask(replace(one, within=minutes * 60))
    waiting = Wanted(state=(Answer.OPEN,))
    each = (AssetId("model-0"),), (AssetId("model-1"),)
    either = Wanted(any_of=tuple(replace(waiting, asset=one) for one in each))
    assert listed(room, waiting) == listed(room, either) == ["1", "4", "3", "0", "2"]
    assert listed(room, replace(waiting, asset=each[1])) == ["1", "3"]
    assert listed(room, Wanted()) == ["4", "3", "2", "1", "0"]
    ended = replace(waiting, state=(Answer.OPEN, Answer.LAPSED))
    assert listed(room, ended) == ["4", "3", "2", "1", "0"]


def listed(room: Room, wanted: Wanted) -> list[str]:
    """What each question of the list shows, read in pages of two."""
    shown: list[str] = []
    after = ""
    while True:
        with room.store.look() as tx:
            page = tx.approvals.page(wanted, after=after, limit=2)
        shown += [one.shown for one in page.items]
        if not page.next:
            return shown
        after = page.next


def test_a_flood_is_bounded_for_each_asset_and_the_same_act_is_asked_once(room: Room) -> None:
    first = room.approvals.ask(QUESTION)
    again = replace(QUESTION, key="run-2/safe", incident=IncidentId("inc-2"), run=RunId("run-2"))
    assert room.approvals.ask(again).id == first.id
    for n in range(1, MOST_OPEN - 3):
        more = replace(QUESTION, key=f"run-3/{n}", acts={"safe": digest_of(str(n).encode())})
        room.approvals.ask(more)
    others = (Risk.TWO, Role.APPROVER, False), (Risk.ONE, Role.ADMIN, False)
    for risk, role, silent in (*others, (Risk.ONE, Role.APPROVER, True)):
        stricter = replace(again, risk=risk, role=role, if_silent=silent, key=f"{risk}{role}")
        assert room.approvals.ask(stricter).id != first.id
    over = replace(QUESTION, key="run-4", acts={"safe": digest_of(b"one more")})
    with pytest.raises(Busy, match="questions are open"):
        room.approvals.ask(over)
    assert room.approvals.ask(replace(over, asset=AssetId("other"))).answer is Answer.OPEN
