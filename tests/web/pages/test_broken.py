"""What nobody expected on a page becomes a sentence with a number, and never its insides."""

import re
from datetime import UTC, datetime

import pytest

from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.web.door import answer, later
from stanch.web.visit import Answer, Console, Page, Visit

BEN = Caller(name="ben", scopes=ROLE_SCOPES[Role.APPROVER], role=Role.APPROVER)


def _visit(console: Console) -> Visit:
    return Visit(
        console=console,
        method="GET",
        path="/x",
        at=datetime.now(UTC),
        query={},
        form={},
        names={},
        known=BEN,
        cookie="c",
    )


def _broken(*_: object) -> bytes:
    raise ZeroDivisionError("the insides")


def _shown(visit: Visit) -> Answer:
    return Answer(body=_broken(visit))


def _number(body: bytes) -> str:
    said = re.search(r"Something unexpected happened\. .* under ([0-9a-f]{12})\.", body.decode())
    assert said is not None, body
    assert b"the insides" not in body
    return said[1]


def test_a_page_that_broke_says_under_which_number_the_log_has_it(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    told = answer(_visit(console), Page(path="/x", show=_shown))
    assert told.status == 500
    assert _number(told.body) in caplog.text
    assert "ZeroDivisionError: the insides" in caplog.text


def test_the_late_part_of_a_page_that_broke_says_so_in_its_place(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    assert _number(later(_visit(console), Answer(later=_broken))) in caplog.text
