"""Playbooks that people write: checked, numbered, entered in the log, put aside."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stanch.engine.runs.bookshelf import LONGEST, Bookshelf
from stanch.engine.runs.library import answer_to, shipped
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident, Verdict, VerdictKind
from stanch.vocabulary.playbook import Playbook
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import BadFile, BadInput, NotFound, Stale

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWN = """\
# What we agreed on in October.
playbook: quiet-hour
title: Somebody probes at night
answers: [threshold_probing]
steps:
  - do: freeze
  - id: tell
    do: note
    with: {text: "It is night."}
"""


@pytest.fixture
def shelf(sql_store: Any) -> Bookshelf:
    return Bookshelf(sql_store, lambda: NOW)


def test_without_any_of_ones_own_the_shelf_holds_what_came_with_stanch(shelf: Bookshelf) -> None:
    assert dict(shelf) == dict(shipped())


def test_a_playbook_is_used_as_it_was_written_with_its_comments(shelf: Bookshelf) -> None:
    made = shelf.put(OWN, by="ada")
    assert (made.version, shelf.book("quiet-hour").version) == (1, 1)
    assert shelf.text("quiet-hour") == OWN
    assert len(shelf) == len(shipped()) + 1


def test_one_that_came_with_stanch_is_replaced_and_comes_back(shelf: Bookshelf) -> None:
    ours = shelf.book("extraction")
    shelf.put(OWN.replace("quiet-hour", "extraction"), by="ada")
    assert shelf.book("extraction").title == "Somebody probes at night"
    assert shelf.book("extraction").version == ours.version + 1
    shelf.put_aside("extraction", by="ada")
    assert shelf.book("extraction") == ours
    assert [e.aside for e in shelf.editions("extraction")] == [True, False]


def test_ones_own_answers_before_what_came_with_stanch_and_two_of_ones_own_do_not_agree(
    shelf: Bookshelf,
) -> None:
    attack = Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.THRESHOLD_PROBING, confidence=0.9)
    case = Incident(
        id=IncidentId("inc-1"),
        title="It",
        asset=AssetId("fraud"),
        opened=NOW,
        first_seen=NOW,
        updated=NOW,
        verdict=attack,
    )
    theirs = OWN.replace("quiet-hour", "zz-last")
    shelf.put(theirs, by="ada")
    assert named(answer_to(case, shelf)) == "zz-last"
    with pytest.raises(BadInput, match="zz-last answers threshold_probing already"):
        shelf.put(OWN, by="ben")
    assert shelf.put(theirs.replace("night", "noon"), by="ada").version == 2
    shelf.put_aside("zz-last", by="ada")
    assert named(answer_to(case, shelf)) == "threshold_probing"
    shelf.put(OWN, by="ben")
    assert named(answer_to(case, shelf)) == "quiet-hour"


def named(book: Playbook | None) -> str:
    return book.id if book is not None else ""


def test_a_change_is_entered_in_the_log_with_its_digest(shelf: Bookshelf, sql_store: Any) -> None:
    made = shelf.put(OWN, by="ada")
    (line,) = [p.entry for p in sql_store.outbox() if p.entry.deed is Deed.PLAYBOOK_CHANGED]
    assert (line.actor, line.about, line.digest) == ("ada", "quiet-hour", made.digest)


def test_two_who_change_it_at_once_do_not_overwrite_each_other(shelf: Bookshelf) -> None:
    shelf.put(OWN, by="ada", seen=0)
    with pytest.raises(Stale):
        shelf.put(OWN.replace("night", "noon"), by="ben", seen=0)
    assert shelf.put(OWN, by="ben", seen=1).version == 2


def test_a_mistake_is_named_by_its_line_and_nothing_changes(shelf: Bookshelf) -> None:
    with pytest.raises(BadFile, match=r"playbook\.yaml:8:9: tell"):
        shelf.put(OWN.replace("do: note", "do: nothing_of_the_kind"), by="ada")
    assert "quiet-hour" not in shelf


def test_a_text_without_end_is_refused(shelf: Bookshelf) -> None:
    with pytest.raises(BadInput, match="at most"):
        shelf.put("#" * (LONGEST + 1), by="ada")


@pytest.mark.parametrize("key", ["nothing", "extraction"])
def test_only_what_was_written_here_can_be_put_aside(shelf: Bookshelf, key: str) -> None:
    with pytest.raises(NotFound):
        shelf.put_aside(key, by="ada")
