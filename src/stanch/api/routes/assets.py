"""Assets: written down as YAML or JSON, looked up by id."""

from dataclasses import dataclass
from datetime import timedelta

from litestar import get, post, put
from litestar.params import FromPath, JSONBody, RawBody

from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.engine.assets import Keeping, keep_asset, parse_asset
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import IncidentId, asset_id
from stanch.vocabulary.people import Scope
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput

_TEXT = {"application/yaml": "Asset", "application/json": "Asset"}


_LONGEST = 7 * 24 * 60
"""Minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Freeze:
    """How much of an asset's past to keep, and for which incident."""

    incident: str | None = None
    minutes: int = 60


@get("/assets/{asset:str}", opt=needs(Scope.READ), sync_to_thread=True)
def get_asset(house: TheHouse, asset: FromPath[str]) -> Asset:
    """One asset."""
    with house.store.look() as tx:
        return tx.assets.get(asset_id(asset))


@post("/assets", opt={**needs(Scope.RESPOND), "takes": _TEXT}, sync_to_thread=True)
def add_asset(house: TheHouse, caller: TheCaller, body: RawBody) -> Asset:
    """The new asset; `already-there` when its id is taken."""
    return keep_asset(
        house.store,
        house.clock,
        parse_asset(house.store, body),
        Keeping(caller=caller.name, new=True),
    )


@put("/assets/{asset:str}", opt={**needs(Scope.RESPOND), "takes": _TEXT}, sync_to_thread=True)
def put_asset(house: TheHouse, caller: TheCaller, asset: FromPath[str], body: RawBody) -> Asset:
    """The asset as it is now written down."""
    one = parse_asset(house.store, body)
    if one.id != asset_id(asset):
        raise BadInput(f"The address says {asset!r}, the asset says {one.id!r}. Make them agree.")
    return keep_asset(house.store, house.clock, one, Keeping(caller=caller.name))


@post("/assets/{asset:str}/freeze", opt=needs(Scope.RESPOND), sync_to_thread=True)
def freeze_asset(
    house: TheHouse, caller: TheCaller, asset: FromPath[str], data: JSONBody[Freeze]
) -> tuple[Evidence, ...]:
    """What was kept of the asset as it is now, before anybody changes it."""
    if not 1 <= data.minutes <= _LONGEST:
        raise BadInput(f"minutes is a whole number from 1 to {_LONGEST}.")
    end = house.clock()
    span = Span(start=end - timedelta(minutes=data.minutes), end=end + timedelta(minutes=1))
    incident = IncidentId(data.incident) if data.incident else None
    return house.lifecycle.freeze_asset(asset_id(asset), span, incident, by=caller.name)


ROUTES = (get_asset, add_asset, put_asset, freeze_asset)
