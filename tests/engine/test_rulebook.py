"""The rulebook: rules of people's own, numbered, entered in the log, put aside."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stanch.detect.rules.load import packaged
from stanch.engine import rulebook
from stanch.engine.rulebook import Rulebook, own_rules
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import BadFile, BadInput, NotFound, Stale

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWN = """\
# What we agreed on in October.
id: night_export
title: Somebody exports again and again
says: "{who} exported {count} times."
events:
  out: {kind: access, action: [export]}
by: [principal]
within: 10m
when:
  count: {of: out, at_least: 3}
"""


@pytest.fixture
def book(sql_store: Any) -> Rulebook:
    return Rulebook(sql_store, lambda: NOW)


def asked(store: Any) -> list[tuple[str, str]]:
    with store.look() as tx:
        return [(r.id, r.edition) for r in own_rules(tx)]


def test_without_any_of_ones_own_the_book_holds_what_came_with_stanch(book: Rulebook) -> None:
    assert [r.id for r in book.in_use()] == [r.id for r in packaged()]
    assert {r.id for r in book.in_use() if not r.asked} == {"untrained_deployment"}


def test_a_rule_is_used_as_it_was_written_and_entered_in_the_log(
    book: Rulebook, sql_store: Any
) -> None:
    made = book.put(OWN, by="ada")
    assert made.version == 1
    (shown,) = [r for r in book.in_use() if r.own]
    assert (shown.text, shown.by, shown.replaces) == (OWN, "ada", False)
    assert asked(sql_store) == [("night_export", "1")]
    (line,) = [p.entry for p in sql_store.outbox() if p.entry.deed is Deed.RULE_CHANGED]
    assert (line.actor, line.about, line.digest) == ("ada", "night_export", made.digest)


def test_one_that_came_with_stanch_is_replaced_and_comes_back(
    book: Rulebook, sql_store: Any
) -> None:
    before = book.in_use()
    book.put(OWN.replace("night_export", "guessed_login"), by="ada")
    (shown,) = [r for r in book.in_use() if r.own]
    assert shown.replaces
    assert len(book.in_use()) == len(before)
    book.put_aside("guessed_login", by="ben")
    assert book.in_use() == before
    assert asked(sql_store) == []
    assert [(e.version, e.by, e.aside) for e in book.editions("guessed_login")] == [
        (2, "ben", True),
        (1, "ada", False),
    ]


def test_two_who_change_it_at_once_do_not_overwrite_each_other(book: Rulebook) -> None:
    book.put(OWN, by="ada", seen=0)
    with pytest.raises(Stale):
        book.put(OWN, by="ben", seen=0)
    assert book.put(OWN, by="ben", seen=1).version == 2


def test_a_mistake_is_named_by_its_line_and_nothing_changes(book: Rulebook, sql_store: Any) -> None:
    with pytest.raises(BadFile, match=r"rule\.yaml:10"):
        book.put(OWN.replace("of: out", "of: in"), by="ada")
    assert asked(sql_store) == []


@pytest.mark.parametrize("key", ["nothing", "guessed_login"])
def test_only_what_was_written_here_can_be_put_aside(book: Rulebook, key: str) -> None:
    with pytest.raises(NotFound):
        book.put_aside(key, by="ada")


def test_there_is_an_end_to_the_number_of_rules(
    book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulebook, "MOST", 1)
    book.put(OWN, by="ada")
    book.put(OWN, by="ada")
    with pytest.raises(BadInput, match="Drop one"):
        book.put(OWN.replace("night", "day"), by="ada")
    book.put_aside("night_export", by="ada")
    book.put(OWN.replace("night", "day"), by="ada")


def test_a_rule_that_a_later_stanch_cannot_read_is_shown_and_stops_nobody(
    book: Rulebook, sql_store: Any
) -> None:
    book.put(OWN, by="ada")
    with sql_store.begin() as tx:
        name = "own-rules/now/night_export"
        tx.settings.put(name, tx.settings.get(name).replace("within", "inside"))
    assert asked(sql_store) == []
    (shown,) = [r for r in book.in_use() if r.own]
    assert "'inside' is not known" in shown.fault
    assert not shown.asked


def test_a_technique_that_atlas_does_not_have_is_refused_and_a_known_one_is_taken(
    book: Rulebook,
) -> None:
    with pytest.raises(BadFile, match="has no technique 'AML\\.T9999'"):
        book.put(OWN + "atlas: [AML.T0012, AML.T9999]\n", by="ada")
    assert book.put(OWN + "atlas: [AML.T0012]\n", by="ada").version == 1
