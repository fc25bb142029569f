"""What was sent has no part that nobody reads, and what is wrong with it is said in words."""

from typing import Any

import pytest

INCIDENTS = "/api/v1/incidents"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"asset": "a", "text": "odd", "principal": ["x"]}, "Did you mean principals?"),
        ({"asset": "a", "text": "odd", "principals": "x"}, "principals must be a list, not 'x'."),
        ({"asset": "a", "text": "odd", "principals": [1]}, "principals[0] must be text, not 1."),
        ({"asset": "a"}, "text is missing."),
        ({"asset": None, "text": "odd"}, "asset must be text, not null."),
        ([], "The body must be an object, not a list."),
        (b"{", "The body is no JSON"),
        (b"", "asset is missing."),
        (b'{"asset": "a", "text": "\xff"}', "The body is no JSON"),
    ],
)
def test_a_body_that_is_not_taken_says_which_part_and_why(
    server: Any, body: Any, says: str
) -> None:
    told = server.ask("POST", INCIDENTS, body)
    assert (told.status, says in told.json["detail"]) == (422, True), told.json


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (f"{INCIDENTS}?verdict=atack", "'atack' is not a verdict. Did you mean attack?"),
        (f"{INCIDENTS}?severity=huge", "There is: low, medium, high."),
        (f"{INCIDENTS}?phase=open", "'open' is not a phase."),
        (f"{INCIDENTS}?since=soon", "'soon' is no time."),
        (f"{INCIDENTS}?since=2026-11-21T08:00", "needs a zone"),
        (f"{INCIDENTS}?closed=maybe", "closed is true or false, not 'maybe'."),
        (f"{INCIDENTS}?sinse=2026-11-21", "Did you mean since?"),
        ("/api/v1/assets?kind=modell", "Did you mean model?"),
        ("/api/v1/approvals?state=opne", "Did you mean open?"),
        ("/api/v1/runs?state=runing", "Did you mean running?"),
        ("/api/v1/hunt?asset=a&sinse=2026-11-21", "Did you mean since?"),
        ("/api/v1/acts?limit=3", "'limit' is not a part of this query. There is none."),
    ],
)
def test_a_question_that_could_find_nothing_says_what_there_is(
    server: Any, path: str, says: str
) -> None:
    told = server.ask("GET", path)
    assert (told.status, says in told.json["detail"]) == (422, True), told.json


def test_words_and_numbers_of_a_severity_ask_the_same(server: Any) -> None:
    for value in ("high", "HIGH", "3"):
        assert server.ask("GET", f"{INCIDENTS}?severity={value}").status == 200, value


def test_every_path_says_what_it_takes(server: Any) -> None:
    for path, takes in (
        (INCIDENTS, {"GET", "OPTIONS", "POST"}),
        ("/log/tile/8/0/x001", {"GET", "OPTIONS"}),
        ("/api/v1/events", {"OPTIONS", "POST"}),
    ):
        refused = server.ask("DELETE", path)
        assert refused.status == 405, path
        assert set(refused.headers["allow"].split(", ")) == takes
        asked = server.ask("OPTIONS", path, key="")
        assert (asked.status, asked.headers["allow"]) == (200, refused.headers["allow"])
    assert server.ask("OPTIONS", "/api/v1/nothing").status == 404
