"""Hunts: questions to the events of all time."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, get
from litestar.datastructures.state import State
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter, SkipValidation

from stanch.api.askers import Asker
from stanch.api.asking import TheHouse, needs
from stanch.api.house import House, Question
from stanch.vocabulary.ids import asset_id
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import BadInput

_LONGEST = 2000
TheRequest = Request[Caller, None, State]
TheQuestion = NamedDependency[SkipValidation[Question]]


def question(
    asset: FromQuery[str],
    where: Annotated[str, QueryParameter(max_length=_LONGEST)] = "",
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 100,
) -> Question:
    """The question that the query string asks."""
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and moment.utcoffset() is None:
            raise BadInput(f"{name} needs a zone. Add Z for UTC.")
    if since is not None and until is not None and until <= since:
        raise BadInput(f"until ({until:%Y-%m-%d %H:%M}Z) is not after since. Turn them round.")
    return Question(asset=asset_id(asset), where=where, since=since, until=until, limit=limit)


@get("/hunt", opt=needs(Scope.READ))
async def hunt(house: TheHouse, question: TheQuestion, request: TheRequest) -> list[dict[str, Any]]:
    """The newest events that match, each as a row of its columns; ends when the client leaves."""

    def rows(asker: Asker) -> list[dict[str, Any]]:
        found = house.lake.hunt(question, asker)
        if not found:
            _known(house, question, asker)
        return found

    return await house.askers.answer(request.receive, rows)


@get("/hunt/count", opt=needs(Scope.READ))
async def hunt_count(house: TheHouse, question: TheQuestion, request: TheRequest) -> dict[str, int]:
    """How many events match; ends when the client leaves."""

    def count(asker: Asker) -> dict[str, int]:
        found = house.lake.hunt_count(question, asker)
        if not found:
            _known(house, question, asker)
        return {"count": found}

    return await house.askers.answer(request.receive, count)


def _known(house: House, question: Question, asker: Asker) -> None:
    """Raise where neither an event nor the inventory knows the asset: a mistyped name has no 0."""
    if not house.lake.hunt_count(Question(asset=question.asset), asker):
        with house.store.look() as tx:
            tx.assets.get(question.asset)


ROUTES = (hunt, hunt_count)
