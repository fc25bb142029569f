"""Settings are read from the environment, and what cannot be meant is refused with its name."""

import pytest

from stanch.settings import Settings, from_environment
from stanch.vocabulary.trouble import BadInput


def test_a_setting_is_read_as_what_its_default_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANCH_FALSE_ALARMS_PER_YEAR", "0.25")
    monkeypatch.setenv("STANCH_PORT", "9000")
    found = from_environment()
    assert (found.false_alarms_per_year, found.port) == (0.25, 9000)
    assert Settings().false_alarms_per_year == 1


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "often", ""])
def test_a_number_of_false_alarms_that_cannot_be_kept_is_refused(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("STANCH_FALSE_ALARMS_PER_YEAR", text)
    with pytest.raises(BadInput, match="STANCH_FALSE_ALARMS_PER_YEAR is a number above 0"):
        from_environment()


def test_by_itself_only_this_machine_is_listened_to() -> None:
    assert Settings().host == "127.0.0.1"
    assert Settings().database == ""
