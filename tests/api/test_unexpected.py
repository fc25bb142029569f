"""What nobody expected is a problem with a number that the log has, and never its insides."""

import msgspec
import pytest

from stanch.api.problem import answer_to


def test_what_nobody_expected_is_told_by_a_number_and_logged_with_all_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = answer_to(ZeroDivisionError("the insides"), "/api/v1/assets")
    problem = msgspec.json.decode(told.body)
    assert (told.status, problem["type"]) == (500, "unexpected")
    assert b"the insides" not in told.body
    assert "ZeroDivisionError: the insides" in caplog.text
    assert problem["id"] in problem["detail"]
    assert problem["id"] in caplog.text
