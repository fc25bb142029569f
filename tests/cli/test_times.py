"""Times as people write them."""

from datetime import UTC, datetime

import pytest

from stanch.cli.times import moment
from stanch.vocabulary.trouble import BadInput

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("", ""),
        ("2026-11-20", "2026-11-20T00:00:00Z"),
        ("2026-11-21T08:00Z", "2026-11-21T08:00:00Z"),
        ("2026-11-21 08:00:05+02:00", "2026-11-21T06:00:05Z"),
        ("30m", "2026-11-21T11:30:00Z"),
        ("2w", "2026-11-07T12:00:00Z"),
    ],
)
def test_days_moments_and_how_long_ago_are_read(text: str, means: str) -> None:
    assert moment(text, NOW) == means


@pytest.mark.parametrize("text", ["yesterday", "d", "99999999999w", "2026-13-01", "-2h"])
def test_what_is_no_time_is_answered_with_how_to_write_one(text: str) -> None:
    with pytest.raises(BadInput, match="how long ago"):
        moment(text, NOW)


def test_a_moment_without_a_zone_is_no_guess() -> None:
    with pytest.raises(BadInput, match="Add Z"):
        moment("2026-11-21T08:00", NOW)
