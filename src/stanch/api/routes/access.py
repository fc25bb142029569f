"""Access: keys for machines, accounts for people, sessions for browsers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from litestar import Request, Response, delete, get, post
from litestar.datastructures.state import State
from litestar.params import FromPath, JSONBody

from stanch.api.asking import TheCaller, TheHouse, TheQuery, anybody, needs
from stanch.api.gate import COOKIE, cookie_of
from stanch.engine.passwords import SHORTEST
from stanch.vocabulary.ids import KeyId
from stanch.vocabulary.listing import Page
from stanch.vocabulary.people import Caller, Role, Scope, ServiceKey, User
from stanch.vocabulary.trouble import BadInput, NotAllowed

Asked = Request[Caller, None, State]
_LONGEST_LIFE = 3650


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A key that is wanted."""

    scopes: frozenset[Scope]
    name: str = ""
    days: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeKey:
    """A key that was just made, and its secret: this is the only time it is shown."""

    id: KeyId
    name: str
    scopes: tuple[Scope, ...]
    expires: datetime | None
    secret: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUser:
    """A person who is to get an account."""

    name: str
    role: Role
    password: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """Who wants to come in."""

    name: str
    password: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Me:
    """Who is asking."""

    name: str
    scopes: tuple[Scope, ...]
    role: Role | None
    csrf: str = ""
    """For a browser's session: what each change sends as X-CSRF-Token."""


@get("/keys", opt=needs(Scope.ADMIN, "text"), sync_to_thread=True)
def list_keys(house: TheHouse, asked: TheQuery) -> Page[ServiceKey]:
    """All keys, without their secrets."""
    house.access.keys.flush()
    with house.store.look() as tx:
        return tx.keys.page(asked.wanted, after=asked.after, limit=asked.limit)


@post("/keys", opt=needs(Scope.ADMIN), sync_to_thread=True)
def create_key(house: TheHouse, caller: TheCaller, data: JSONBody[NewKey]) -> MadeKey:
    """A new key; its secret is shown this once."""
    if data.days is not None and not 1 <= data.days <= _LONGEST_LIFE:
        raise BadInput(f"A key lives 1 to {_LONGEST_LIFE} days.")
    expires = house.clock() + timedelta(days=data.days) if data.days else None
    name = data.name or "-".join(sorted(data.scopes))
    made = house.access.keys.create(name, data.scopes, by=caller.name, expires=expires)
    return MadeKey(
        id=made.key.id,
        name=made.key.name,
        scopes=tuple(sorted(made.key.scopes)),
        expires=made.key.expires,
        secret=made.text,
    )


@delete("/keys/{key:str}", opt=needs(Scope.ADMIN), status_code=200, sync_to_thread=True)
def revoke_key(house: TheHouse, caller: TheCaller, key: FromPath[str]) -> ServiceKey:
    """The key, from now on good for nothing."""
    return house.access.keys.revoke(KeyId(key), by=caller.name)


@get("/users", opt=needs(Scope.ADMIN, "kind", "text"), sync_to_thread=True)
def list_users(house: TheHouse, asked: TheQuery) -> Page[User]:
    """People with accounts."""
    with house.store.look() as tx:
        return tx.users.page(asked.wanted, after=asked.after, limit=asked.limit)


@post("/users", opt=needs(Scope.ADMIN), sync_to_thread=True)
def add_user(house: TheHouse, caller: TheCaller, data: JSONBody[NewUser]) -> User:
    """The new person, who can log in now."""
    if not data.password:
        why = f"A person who logs in here needs a password of {SHORTEST} characters or more."
        raise BadInput(why)
    return house.access.add_user(data.name, data.role, by=caller.name, password=data.password)


@post("/sessions", opt=anybody(), sync_to_thread=True)
def log_in(house: TheHouse, request: Asked, data: JSONBody[Login]) -> Response[Me]:
    """A session for this browser, in a cookie that no script can read."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("a page of this server", "another site's")
    source = request.client.host if request.client else ""
    old = cookie_of({"cookie": request.headers.get("cookie", "")})
    came_in = house.access.login(data.name, data.password, source=source, old=old)
    answer = Response(_me(came_in.caller, house.access.sessions.csrf(came_in.cookie)))
    answer.set_cookie(
        key=COOKIE,
        value=came_in.cookie,
        httponly=True,
        samesite="lax",
        secure=house.secure,
        path="/",
    )
    return answer


@get("/me", opt=needs(Scope.READ), sync_to_thread=True)
def who_am_i(house: TheHouse, request: Asked, caller: TheCaller) -> Me:
    """Who is asking, and with which rights."""
    cookie = cookie_of({"cookie": request.headers.get("cookie", "")})
    by_key = bool(request.headers.get("authorization"))
    return _me(caller, house.access.sessions.csrf(cookie) if cookie and not by_key else "")


@delete("/sessions", opt=needs(Scope.READ), status_code=200, sync_to_thread=True)
def log_out(house: TheHouse, request: Asked) -> Response[dict[str, bool]]:
    """Whether there was a session, and it is over."""
    cookie = cookie_of({"cookie": request.headers.get("cookie", "")})
    answer = Response({"ended": bool(cookie) and house.access.sessions.end(cookie)})
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _me(caller: Caller, csrf: str) -> Me:
    return Me(name=caller.name, scopes=tuple(sorted(caller.scopes)), role=caller.role, csrf=csrf)


ROUTES = (
    list_keys,
    create_key,
    revoke_key,
    list_users,
    add_user,
    log_in,
    who_am_i,
    log_out,
)
