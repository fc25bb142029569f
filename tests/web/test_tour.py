"""The tour: every place is a page that there is, and a mark that somebody made up leads nowhere."""

import pytest

from stanch.vocabulary.ids import IncidentId
from stanch.web.pages import PAGES
from stanch.web.tour import STOPS, here, place

CASE = IncidentId("inc-000000000000001")


def test_every_place_of_the_tour_is_a_page() -> None:
    known = {page.path for page in PAGES if page.method == "GET"}
    assert {stop.path.replace("{}", "{incident:str}") for stop in STOPS} <= known


def test_the_tour_leads_from_its_first_place_to_its_last_and_back() -> None:
    at = here(f"1.{CASE}")
    for number in range(1, len(STOPS) + 1):
        assert at is not None
        assert at.number == number
        assert (at.back == "") == (number == 1)
        if not at.onward:
            break
        assert at.onward == place(number + 1, CASE)
        at = here(at.onward.partition("tour=")[2])
    assert at is not None
    assert at.number == len(STOPS)


@pytest.mark.parametrize(
    "mark", ["", "1", "0.x", "9.x", "x.1", "-1.x", "1." + "x" * 200, "\u0661.x"]
)
def test_a_mark_that_somebody_made_up_is_none(mark: str) -> None:
    assert here(mark) is None


def test_an_incident_that_somebody_made_up_stays_inside_the_address() -> None:
    at = here('1.a"><b>/../?x')
    assert at is not None
    assert '"' not in at.onward
    assert "/../" not in at.onward
