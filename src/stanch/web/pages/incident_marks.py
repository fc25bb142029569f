"""Marked answers of an incident: who gets them, what to ask a suspected copy, what it says.

In    an incident whose callers are given some answers that are wrong by a secret key.
Out   the inputs to ask as a file; what the answers of the model come to, in words.
Why   whoever suspects a copy wants to know what to do, without a command and without statistics.
"""

from math import log10

from stanch.contain.mark_files import answers_in, asked_csv
from stanch.contain.marks import SURE, Told
from stanch.engine.marking import given
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput, CouldNotTell
from stanch.vocabulary.words import odds
from stanch.web.pages.incident import case_of
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit


def show(visit: Visit) -> Answer:
    """Who gets marked answers, and how to test a model."""
    return _page(visit)


def asked(visit: Visit) -> Answer:
    """The inputs to ask, as a file."""
    try:
        inputs = visit.console.marking.inputs(_key(visit))
    except CouldNotTell as trouble:
        return _page(visit, problem=str(trouble))
    name = f'attachment; filename="ask-{_key(visit)}.csv"'
    return Answer(
        body=asked_csv((one.id, one.features) for one in inputs).encode(),
        kind="text/csv",
        headers={"content-disposition": name, "cache-control": "no-store"},
    )


def judge(visit: Visit) -> Answer:
    """What the answers of the model come to."""
    text = visit.given("answers")
    try:
        told = visit.console.marking.judged(_key(visit), answers_in(text))
    except (BadInput, CouldNotTell) as trouble:
        return _page(visit, problem=str(trouble), typed=text)
    return _page(visit, told=told)


def _page(visit: Visit, *, told: Told | None = None, problem: str = "", typed: str = "") -> Answer:
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
        lines = given(tx, case.incident.id)
    return page(
        visit,
        "incident_marks.html",
        case=case,
        tab="actions",
        given=lines,
        told=told,
        rare=odds(-log10(SURE)),
        problem=problem,
        typed=typed,
    )


def _key(visit: Visit) -> IncidentId:
    return IncidentId(visit.names["incident"])


_HERE = "/incidents/{incident:str}/marks"
PAGES = (
    Page(path=_HERE, show=show),
    Page(path=_HERE, show=judge, needs=Scope.RESPOND, method="POST"),
    Page(path=f"{_HERE}/ask.csv", show=asked, needs=Scope.RESPOND),
)
