"""Alarms: how often one may be false, and how many of the innocent may be named."""

from dataclasses import dataclass

from litestar import get, put
from litestar.params import JSONBody

from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.engine.alarms import AllowedShown
from stanch.engine.naming import NamedShown
from stanch.vocabulary.asset import WrongNames
from stanch.vocabulary.people import Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """How many false alarms a year an asset may raise while nothing changes."""

    false_alarms_per_year: float


@get("/alarms", opt=needs(Scope.READ), sync_to_thread=True)
def show_alarms(house: TheHouse) -> AllowedShown:
    """What holds for all assets, and which have a number of their own in the inventory."""
    return house.alarms.holding()


@put("/alarms", opt=needs(Scope.ADMIN), sync_to_thread=True)
def set_alarms(house: TheHouse, caller: TheCaller, data: JSONBody[Asked]) -> AllowedShown:
    """What holds from the watch's next step on, on every process; entered in the evidence log."""
    return house.alarms.agree(data.false_alarms_per_year, by=caller.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedOfNames:
    """At most one in so many of the innocent is named wrongly in so many days."""

    one_in: float | None
    """None is as the environment has it."""
    within_days: float = 1.0


@get("/alarms/names", opt=needs(Scope.READ), sync_to_thread=True)
def show_wrong_names(house: TheHouse) -> NamedShown:
    """How many of the innocent may be named, and which assets have their own in the inventory."""
    return house.naming.holding()


@put("/alarms/names", opt=needs(Scope.ADMIN), sync_to_thread=True)
def set_wrong_names(house: TheHouse, caller: TheCaller, data: JSONBody[AskedOfNames]) -> NamedShown:
    """What holds from the watch's next step on, on every process; entered in the evidence log."""
    asked = None
    if data.one_in is not None:
        asked = WrongNames(one_in=data.one_in, within_days=data.within_days)
    return house.naming.agree(asked, by=caller.name)


ROUTES = (show_alarms, set_alarms, show_wrong_names, set_wrong_names)
