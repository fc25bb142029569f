"""What the log says, said to people: by whom, to whom, by which way."""

from datetime import UTC, datetime

import pytest

from stanch.vocabulary.record import Deed, Entry
from stanch.web.told import place_of, sentence

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def entry(deed: Deed, **facts: str | int) -> Entry:
    return Entry(at=NOW, deed=deed, actor="stanch", about="x", facts=facts)


def test_who_was_told_what_by_which_channel_and_how_it_ended() -> None:
    told = entry(
        Deed.PERSON_TOLD, to="ml_engineer", state="sent", channels="smtp ada", says="Look.", why=""
    )
    assert sentence(told) == "To ML engineer through smtp ada, sent: Look."
    failed = entry(
        Deed.PERSON_TOLD, to="ada", state="failed", channels="", says="Look.", why="down"
    )
    assert sentence(failed) == "To ada, failed (down): Look."


def test_a_reminder_says_how_much_of_the_time_is_over() -> None:
    assert sentence(entry(Deed.PERSON_TOLD, percent=80)) == "Told people: 80 % of the time is over"


@pytest.mark.parametrize("deed", list(Deed))
def test_every_deed_can_be_said(deed: Deed) -> None:
    assert sentence(entry(deed))


def test_only_what_has_a_page_is_a_link() -> None:
    assert place_of("evd-1234") == "/evidence/evd-1234"
    assert place_of("fraud-scorer") == place_of("inc") == ""
    assert place_of("inc-../x") == "/incidents/inc-..%2Fx"
