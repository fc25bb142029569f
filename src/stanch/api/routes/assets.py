"""Assets: written down as YAML or JSON, looked up by id."""

from litestar import get, post, put
from litestar.params import FromPath, RawBody

from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.engine.assets import Keeping, keep_asset, parse_asset
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import asset_id
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput

_TEXT = {"application/yaml": "Asset", "application/json": "Asset"}


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


ROUTES = (get_asset, add_asset, put_asset)
