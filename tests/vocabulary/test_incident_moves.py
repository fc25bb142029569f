"""The incident's state table, walked every way it can be walked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import MOVES, Incident, Need, Phase, move_for, onward
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import Conflict, NotAllowed, WrongPhase

EVERYTHING = frozenset(Need)


def test_every_phase_can_be_reached_and_every_phase_leads_to_closed() -> None:
    reached = {Phase.DETECTED}
    while more := {to for p in reached for to in onward(p)} - reached:
        reached |= more
    assert reached == set(Phase)
    for phase in Phase:
        ahead, seen = {phase}, {phase}
        while ahead:
            ahead = {to for p in ahead for to in onward(p)} - seen
            seen |= ahead
        assert Phase.CLOSED in seen


def test_no_move_stands_in_the_table_twice() -> None:
    pairs = [(m.start, m.to) for m in MOVES]
    assert len(pairs) == len(set(pairs))


@given(st.sampled_from(Phase), st.sampled_from(Phase))
def test_what_is_not_in_the_table_cannot_happen(start: Phase, to: Phase) -> None:
    if to in onward(start):
        assert move_for(start, to, by=Role.ADMIN, shown=EVERYTHING).to is to
    else:
        with pytest.raises(WrongPhase):
            move_for(start, to, by=Role.ADMIN, shown=EVERYTHING)


@given(st.data())
def test_a_move_is_refused_when_one_need_is_missing(data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from([m for m in MOVES if m.needs]))
    missing = data.draw(st.sampled_from(chosen.needs))
    with pytest.raises(Conflict, match=missing.value):
        move_for(chosen.start, chosen.to, by=Role.ADMIN, shown=EVERYTHING - {missing})


def test_a_viewer_moves_nothing() -> None:
    for move in MOVES:
        with pytest.raises(NotAllowed):
            move_for(move.start, move.to, by=Role.VIEWER, shown=EVERYTHING)


def test_stanch_alone_never_closes_an_incident_or_says_the_cause_is_gone() -> None:
    for move in MOVES:
        if move.to in {Phase.CLOSED, Phase.ERADICATED, Phase.RECOVERED}:
            assert not move.automatic
            with pytest.raises(NotAllowed):
                move_for(move.start, move.to, by=None, shown=EVERYTHING)


def test_containment_is_reached_by_proof_or_by_a_persons_word_and_not_by_nothing() -> None:
    for word in (Need.CONTAINMENT_PROVED, Need.NOTHING_TO_CONTAIN):
        shown = frozenset({word})
        assert move_for(Phase.TRIAGED, Phase.CONTAINED, by=Role.RESPONDER, shown=shown)
    with pytest.raises(Conflict):
        move_for(Phase.TRIAGED, Phase.CONTAINED, by=Role.RESPONDER, shown=frozenset())


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
LAST = NOON + timedelta(hours=2)


@pytest.mark.parametrize(
    ("contained", "loose", "again", "held"),
    [
        (None, None, None, None),
        (NOON, None, None, NOON),
        (NOON, LATER, None, None),
        (NOON, LAST, LATER, None),
        (NOON, LATER, LATER, LATER),
        (NOON, LATER, LAST, LAST),
        (None, LATER, LAST, LAST),
    ],
)
def test_it_is_held_since_it_was_last_contained_and_not_while_it_is_loose(
    contained: datetime | None,
    loose: datetime | None,
    again: datetime | None,
    held: datetime | None,
) -> None:
    one = Incident(
        id=IncidentId("inc-1"),
        title="t",
        asset=AssetId("fraud"),
        opened=NOON,
        first_seen=NOON,
        updated=NOON,
        contained_at=contained,
        loose_at=loose,
        held_again=again,
    )
    assert one.held_at == held
