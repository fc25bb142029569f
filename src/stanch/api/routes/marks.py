"""Marks: what to ask a model that may be a copy, and what its answers say."""

from collections.abc import Mapping
from dataclasses import dataclass

from litestar import get, post
from litestar.params import FromPath, JSONBody

from stanch.api.asking import TheHouse, needs
from stanch.engine.marking import Input
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.people import Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What a suspect model answers."""

    answers: Mapping[str, str]
    """The class that it names, by the id of the input."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recognised:
    """Whether a model carries the marks of an incident."""

    carries: bool
    chance: float
    marked: int
    agreed: int
    plain: int
    chanced: int
    says: str


@get("/incidents/{incident:str}/marks", opt=needs(Scope.RESPOND), sync_to_thread=True)
def marked_inputs(house: TheHouse, incident: FromPath[str]) -> tuple[Input, ...]:
    """The inputs to ask a model that may be a copy; some are marked, and it is not said which."""
    return house.marking.inputs(IncidentId(incident))


@post(
    "/incidents/{incident:str}/marks",
    opt=needs(Scope.RESPOND),
    status_code=200,
    sync_to_thread=True,
)
def recognise(house: TheHouse, incident: FromPath[str], data: JSONBody[Answers]) -> Recognised:
    """Whether the model that gave these answers carries the incident's marks."""
    found = house.marking.judged(IncidentId(incident), data.answers)
    return Recognised(
        carries=found.carries,
        chance=found.chance,
        marked=found.marked,
        agreed=found.agreed,
        plain=found.plain,
        chanced=found.chanced,
        says=found.says,
    )


ROUTES = (marked_inputs, recognise)
