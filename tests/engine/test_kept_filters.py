"""Filters under a name: what moves with now, and what older databases hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stanch.engine.kept_filters import as_of, checked
from stanch.vocabulary.casework import SavedFilter
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.trouble import BadInput

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
DAY = timedelta(hours=24)
KEPT = SavedFilter(
    id="flt-1", name="day", owner="ada", noun="incidents", wanted=Wanted(closed=False)
)


def test_the_last_day_is_the_day_before_it_is_asked_for() -> None:
    kept = checked(replace(KEPT, moving={"since": "24h"}), NOW)
    assert as_of(kept, LATER).wanted == Wanted(closed=False, since=LATER - DAY)


def test_what_was_typed_in_the_console_moves_too_with_all_its_alternatives() -> None:
    frozen = Wanted(since=NOW - DAY)
    typed = replace(KEPT, wanted=frozen, query="since:24h severity:high OR since:2h")
    one, two = as_of(typed, LATER).wanted.any_of
    assert (one.since, two.since) == (LATER - DAY, LATER - timedelta(hours=2))


def test_what_an_older_stanch_kept_is_used_as_it_was() -> None:
    fixed = replace(KEPT, wanted=Wanted(since=NOW - DAY))
    assert as_of(fixed, LATER) == fixed
    unread = replace(fixed, query="flavour:sweet")
    assert as_of(unread, LATER) == unread


def test_a_moment_that_moves_stands_in_for_one_that_does_not() -> None:
    both = replace(KEPT, wanted=Wanted(until=NOW, since=NOW), moving={"since": "2h"})
    assert checked(both, LATER).wanted == Wanted(until=NOW, since=LATER - timedelta(hours=2))


def test_a_filter_with_alternatives_is_looked_at_in_each() -> None:
    hidden = replace(KEPT, wanted=Wanted(any_of=(Wanted(), Wanted(state=("open",)))))
    with pytest.raises(BadInput, match="'state' is not a filter of incidents"):
        checked(hidden, NOW)
