"""Policies: what guards fetch and report, what owners set, how a version is taken back.

Who sets or takes back gets the answer once the guards have shown it, or after some seconds.
"""

import asyncio
import base64
from dataclasses import dataclass, fields
from typing import cast

from litestar import Request, Response, get, post, put
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody, RawBody

from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.api.house import House
from stanch.contain.policy import canonical, digest
from stanch.contain.written import read_bytes
from stanch.engine.ahead import Ahead
from stanch.engine.effect import Effect
from stanch.engine.guards import GuardState, Report
from stanch.engine.policies import Change
from stanch.engine.proxies import proxies_of, spared
from stanch.engine.taking_back import TakingBack
from stanch.engine.tallies import Others, Tally
from stanch.engine.upstreams import reachable
from stanch.vocabulary.event import EXCHANGES
from stanch.vocabulary.ids import AssetId, asset_id
from stanch.vocabulary.kept import PolicyVersion
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.standing import DemandId
from stanch.vocabulary.trouble import BadInput

LONGEST_WAIT = 60
_JSON = "application/json"
_ANYWAY = " Where that guard is yet to come, set it all the same: --anyway, or anyway=true by HTTP."
_TEXT = {"application/yaml": "Policy", _JSON: "Policy"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Back:
    """What is taken back: a whole version, or one demand."""

    because: str = ""
    version: int | None = None
    demand: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied(PolicyVersion):
    """A version that was put in force, and what the guards showed of it."""

    effect: Effect | None


@get("/assets/{asset:str}/policy", opt=needs(Scope.GUARD))
async def fetch_policy(
    house: TheHouse,
    caller: TheCaller,
    request: Request[Caller, None, State],
    asset: FromPath[str],
    wait: FromQuery[int] = 0,
) -> Response[Policy]:
    """The policy in force, signed; with `wait`, as soon as it differs from If-None-Match."""
    name = asset_id(asset)
    known = request.headers.get("if-none-match", "").strip('"')
    policy = await asyncio.to_thread(house.policies.now, name)
    if known == digest(policy) and wait > 0:
        await house.stream.changed("policy", name, min(wait, LONGEST_WAIT))
        policy = await asyncio.to_thread(house.policies.now, name)
    tag = digest(policy)
    headers = {"etag": f'"{tag}"'}
    if caller.may(Scope.GUARD):
        headers["stanch-takes"] = EXCHANGES
        headers["stanch-probe-key"] = await asyncio.to_thread(_probe_key, house, name)
    if known == tag:
        return _exact(b"", headers, status=304)
    body = canonical(policy)
    headers["stanch-signature"] = house.sign_policy(body)
    return _exact(body, headers)


@put(
    "/assets/{asset:str}/policy",
    opt={**needs(Scope.APPROVE), "takes": _TEXT},
    sync_to_thread=True,
)
def set_policy(  # noqa: PLR0913, PLR0917  what to set, why, and whether to ask back
    house: TheHouse,
    caller: TheCaller,
    asset: FromPath[str],
    body: RawBody,
    because: FromQuery[str] = "",
    anyway: FromQuery[bool] = False,  # noqa: FBT002  a query
) -> Applied:
    """The version after the owner's own policy was replaced; what incidents demand stays on top.

    A version that a guard has no upstream for is refused, but `anyway`.
    """
    policy = _settable(house, asset_id(asset), body, anyway=anyway)
    change = Change(by=caller.name, because=because or "set by hand")
    return _shown(house, house.policies.set_base(policy, change))


@post(
    "/assets/{asset:str}/policy/preview",
    status_code=200,
    opt={**needs(Scope.READ), "takes": _TEXT},
    sync_to_thread=True,
)
def preview_policy(
    house: TheHouse,
    asset: FromPath[str],
    body: RawBody,
    anyway: FromQuery[bool] = False,  # noqa: FBT002  a query
) -> Ahead:
    """What would change and whom it would have hit, were this the owner's own policy.

    What would be refused is refused here too.
    """
    return house.previews.set(_settable(house, asset_id(asset), body, anyway=anyway))


@post(
    "/assets/{asset:str}/policy/revert/preview",
    status_code=200,
    opt=needs(Scope.READ),
    sync_to_thread=True,
)
def preview_revert(house: TheHouse, asset: FromPath[str], data: JSONBody[Back]) -> Ahead:
    """What would change and whom it would have hit, were this taken back."""
    name = asset_id(asset)
    if data.demand:
        return house.previews.revert(name, DemandId(data.demand))
    return house.previews.back_to(name, _version(data))


@post("/assets/{asset:str}/policy/revert", opt=needs(Scope.RESPOND), sync_to_thread=True)
def revert_policy(
    house: TheHouse, caller: TheCaller, asset: FromPath[str], data: JSONBody[Back]
) -> Applied:
    """The version after a demand, or everything since a version, was taken back.

    What this would put back, like the owner's policy of then, needs who may approve.
    """
    change = Change(by=caller.name, because=data.because or "reverted by hand")
    name = asset_id(asset)
    back = TakingBack(store=house.store, policies=house.policies)
    if data.demand:
        return _shown(house, back.revert(name, DemandId(data.demand), change))
    puts_back, version = caller.may(Scope.APPROVE), _version(data)
    return _shown(house, back.back_to(name, version, change, puts_back=puts_back))


@get("/assets/{asset:str}/policy/effect", opt=needs(Scope.READ), sync_to_thread=True)
def policy_effect(house: TheHouse, asset: FromPath[str]) -> Effect | None:
    """Whether the newest version is in effect and how that is known; null before there is one."""
    return house.effects.of(asset_id(asset))


@get("/assets/{asset:str}/policy/history", opt=needs(Scope.READ), sync_to_thread=True)
def policy_history(
    house: TheHouse, asset: FromPath[str], limit: FromQuery[int] = 50
) -> tuple[PolicyVersion, ...]:
    """The latest versions, newest first."""
    name = asset_id(asset)
    with house.store.look() as tx:
        found = tx.policies.history(name, limit=max(1, min(limit, 500)))
        if not found:
            tx.assets.get(name)
        return found


@post("/assets/{asset:str}/guard", opt=needs(Scope.GUARD), sync_to_thread=True)
def guard_reports(
    house: TheHouse, caller: TheCaller, asset: FromPath[str], data: JSONBody[Report]
) -> dict[str, bool]:
    """Takes in which version a guard runs."""
    if data.asset != asset_id(asset):
        raise BadInput(f"The address says {asset!r}, the report says {data.asset!r}.")
    house.guards.report(data, _who(caller))
    return {"heard": True}


@post("/assets/{asset:str}/tally", status_code=200, opt=needs(Scope.GUARD), sync_to_thread=True)
def guard_counts(
    house: TheHouse, caller: TheCaller, asset: FromPath[str], data: JSONBody[Tally]
) -> Others:
    """Takes in what a guard let through under a limit; tells what the others of its sort did."""
    return house.guards.tallies.exchange(asset_id(asset), data, _who(caller))


@get("/assets/{asset:str}/guards", opt=needs(Scope.READ), sync_to_thread=True)
def list_guards(house: TheHouse, asset: FromPath[str]) -> tuple[GuardState, ...]:
    """The guards of an asset, and which version each runs."""
    return house.guards.of(AssetId(asset))


def _who(caller: Caller) -> str:
    """The key by its name and its id: by the one people know it, by the other it is revoked."""
    return f"{caller.name} ({caller.key})" if caller.key else caller.name


def _version(back: Back) -> int:
    if back.version is None:
        raise BadInput("Name the version to go back to, or the demand to take back.")
    return back.version


def _shown(house: House, version: PolicyVersion) -> Applied:
    """The version, with what the guards show of it."""
    plain = {one.name: getattr(version, one.name) for one in fields(version)}
    return Applied(**plain, effect=house.effects.prove(version.asset))


def _exact(body: bytes, headers: dict[str, str], status: int = 200) -> Response[Policy]:
    """Exactly these bytes, which are a policy: the signature and the tag are over them."""
    sent: Response[bytes] = Response(body, status_code=status, media_type=_JSON, headers=headers)
    return cast("Response[Policy]", sent)


def _probe_key(house: House, asset: AssetId) -> str:
    return base64.b64encode(house.guards.probe_key(asset)).decode()


def _settable(house: House, asset: AssetId, body: bytes, *, anyway: bool) -> Policy:
    """The policy that is written here, which may be set."""
    policy = _read(asset, body)
    spared(asset, policy.deny, proxies_of(house.guards.of(asset)))
    if not anyway:
        reachable(policy, house.guards.alive(asset), how=_ANYWAY)
    return policy


def _read(asset: AssetId, body: bytes) -> Policy:
    policy = read_bytes(body)
    if policy.asset != asset:
        raise BadInput(f"The address says {asset!r}, the policy says {policy.asset!r}.")
    return policy


ROUTES = (
    fetch_policy,
    set_policy,
    preview_policy,
    preview_revert,
    revert_policy,
    policy_history,
    policy_effect,
    guard_reports,
    guard_counts,
    list_guards,
)
