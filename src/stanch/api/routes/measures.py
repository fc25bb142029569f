"""Measures: how well incidents were found and answered."""

from typing import Annotated

from litestar import get
from litestar.params import FromQuery, QueryParameter

from stanch.api.asking import TheHouse, needs
from stanch.engine.measuring import LONGEST_PERIOD, MOST_PERIODS, Asked, measures
from stanch.learn.measures import Period
from stanch.vocabulary.people import Scope


@get("/measures", opt=needs(Scope.READ), sync_to_thread=True)
def show_measures(
    house: TheHouse,
    days: Annotated[int, QueryParameter(ge=1, le=LONGEST_PERIOD)] = 7,
    count: Annotated[int, QueryParameter(ge=1, le=MOST_PERIODS)] = 12,
    exercise: FromQuery[bool] = False,  # noqa: FBT002  a query parameter has a name
) -> tuple[Period, ...]:
    """So many periods of so many days, oldest first, of incidents or of exercises."""
    asked = Asked(days=days, count=count, exercise=exercise)
    return measures(house.store, house.clock, asked)


ROUTES = (show_measures,)
