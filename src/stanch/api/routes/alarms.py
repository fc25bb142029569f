"""Alarms: how often one may be false, in false alarms of an asset in a year."""

from dataclasses import dataclass

from litestar import get, put
from litestar.params import JSONBody

from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.engine.alarms import AllowedShown
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


ROUTES = (show_alarms, set_alarms)
