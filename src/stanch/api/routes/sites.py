"""Sites: places that send their counts, signed, and never their rows."""

from dataclasses import dataclass

from litestar import Request, delete, get, post, put
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody, RawBody

from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.engine.sites import AWAY, Site, TakenIn, Told
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import asset_id
from stanch.vocabulary.kept import BaselineKept
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import NotFound


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSite:
    """A site to let in: its name, its Ed25519 key in base64, what it may speak of."""

    id: str
    public: str
    assets: tuple[str, ...]
    away: int = AWAY
    """Minutes that it may be cut off; what is older is stale."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Away:
    """How many minutes a site may be cut off."""

    away: int


@post("/sites", opt=needs(Scope.ADMIN), sync_to_thread=True)
def add_site(house: TheHouse, caller: TheCaller, data: JSONBody[NewSite]) -> Site:
    """The new site."""
    return house.sites.add(data.id, data.public, data.assets, caller, data.away)


@put("/sites/{site:str}/away", opt=needs(Scope.ADMIN), sync_to_thread=True)
def let_away(house: TheHouse, caller: TheCaller, site: FromPath[str], data: JSONBody[Away]) -> Site:
    """The site, which may be cut off for so many minutes from now on."""
    return house.sites.let_away(site, data.away, caller)


@get("/sites", opt=needs(Scope.READ), sync_to_thread=True)
def list_sites(house: TheHouse) -> tuple[Site, ...]:
    """Every site, how far it has come, and which are revoked."""
    return house.sites.all()


@delete("/sites/{site:str}", opt=needs(Scope.ADMIN), status_code=200, sync_to_thread=True)
def revoke_site(house: TheHouse, caller: TheCaller, site: FromPath[str]) -> Site:
    """The site, of which nothing is taken in any more."""
    return house.sites.revoke(site, caller)


@get("/sites/{site:str}/assets/{asset:str}", opt=needs(Scope.INGEST), sync_to_thread=True)
def site_asset(house: TheHouse, site: FromPath[str], asset: FromPath[str]) -> Asset:
    """An asset that the site may speak of, as it is defined here."""
    return house.sites.asset_of(site, asset)


@get("/sites/{site:str}", opt=needs(Scope.READ), sync_to_thread=True)
def get_site(house: TheHouse, site: FromPath[str]) -> Site:
    """One site, and how far it has come."""
    return house.sites.get(site)


@get("/sites/{site:str}/told", opt=needs(Scope.INGEST), sync_to_thread=True)
def site_told(house: TheHouse, site: FromPath[str]) -> Told:
    """How far the site has come here: what it goes on from."""
    return house.sites.told(site)


@post("/sites/{site:str}/minutes", opt=needs(Scope.INGEST), sync_to_thread=True)
def take_minute(
    house: TheHouse,
    caller: TheCaller,
    request: Request[Caller, None, State],
    site: FromPath[str],
    body: RawBody,
) -> TakenIn:
    """What became of one signed minute; a forged, replayed or stale one is refused."""
    signature = request.headers.get("stanch-signature", "")
    return house.sites.take(site, body, signature, by=caller.name)


@get("/assets/{asset:str}/baselines/current", opt=needs(Scope.INGEST), sync_to_thread=True)
def current_baseline(
    house: TheHouse, asset: FromPath[str], condition: FromQuery[str] = ""
) -> BaselineKept:
    """The baseline in force, whole: what an edge counts on."""
    with house.store.look() as tx:
        found = tx.baselines.current(asset_id(asset), condition=condition)
    if found is None or found.condition != condition:
        raise NotFound("baseline", asset[:64], "baseline show ASSET")
    return found


ROUTES = (
    add_site,
    list_sites,
    get_site,
    revoke_site,
    let_away,
    site_asset,
    site_told,
    take_minute,
    current_baseline,
)
