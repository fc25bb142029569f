"""Access: keys for machines, accounts for people, sessions for browsers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from litestar import Request, Response, delete, get, patch, post
from litestar.datastructures.state import State
from litestar.params import FromPath, JSONBody

from stanch.api.asking import TheCaller, TheHouse, TheQuery, anybody, needs
from stanch.api.gate import COOKIE, cookie_of
from stanch.api.house import House
from stanch.engine.passwords import SHORTEST
from stanch.engine.sessions import LoggedIn
from stanch.vocabulary.ids import KeyId, UserId
from stanch.vocabulary.listing import Page
from stanch.vocabulary.people import Caller, Role, Scope, ServiceKey, User
from stanch.vocabulary.trouble import BadInput, NotAllowed, NotInPerson

Asked = Request[Caller, None, State]
_LONGEST_LIFE = 3650


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A key that is wanted."""

    scopes: frozenset[Scope]
    name: str = ""
    days: int | None = None
    owner: str = ""
    """The person it belongs to; without one, who makes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyChange:
    """Whose a key is from now on."""

    owner: str
    """A person's name; empty for nobody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeKey:
    """A key that was just made, and its secret: this is the only time it is shown."""

    id: KeyId
    name: str
    scopes: tuple[Scope, ...]
    expires: datetime | None
    secret: str
    owner: str = ""
    """The person it belongs to; nobody's yes counts beside their own by it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUser:
    """A person who is to get an account."""

    name: str
    role: Role
    password: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UserChange:
    """What is to be different about a person."""

    role: Role | None = None
    disabled: bool | None = None
    """Whether they are shut out."""
    same_as: str | None = None
    """The name of another account of the same person; empty for none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenPassword:
    """A password that an admin gives to somebody else."""

    password: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnPassword:
    """A person's own new password, and the present one, which proves that it is they."""

    present: str
    new: str


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
    made = house.access.keys.create(
        name, data.scopes, by=caller.name, expires=expires, owner=data.owner
    )
    return MadeKey(
        id=made.key.id,
        name=made.key.name,
        scopes=tuple(sorted(made.key.scopes)),
        expires=made.key.expires,
        secret=made.text,
        owner=made.key.owner,
    )


@patch("/keys/{key:str}", opt=needs(Scope.ADMIN), sync_to_thread=True)
def give_key(
    house: TheHouse, caller: TheCaller, key: FromPath[str], data: JSONBody[KeyChange]
) -> ServiceKey:
    """The key, which belongs to this person, or to nobody."""
    return house.access.keys.give(KeyId(key), data.owner, by=caller.name)


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


@patch("/users/{user:str}", opt=needs(Scope.ADMIN), sync_to_thread=True)
def change_user(
    house: TheHouse, caller: TheCaller, user: FromPath[str], data: JSONBody[UserChange]
) -> User:
    """The person with another role, shut out or let in, or known to have another account too; the
    last admin stays one.
    """
    accounts, by = house.access.accounts, caller.name
    if data.role is None and data.disabled is None and data.same_as is None:
        raise BadInput("Nothing is to change. Send `role`, `disabled` or `same_as`.")
    if data.same_as is not None:
        accounts.same(UserId(user), data.same_as, by=by)
    return accounts.change(UserId(user), by=by, role=data.role, disabled=data.disabled)


@post("/users/{user:str}/password", opt=needs(Scope.ADMIN), status_code=200, sync_to_thread=True)
def give_password(
    house: TheHouse, caller: TheCaller, user: FromPath[str], data: JSONBody[GivenPassword]
) -> User:
    """The person, who comes in with this password now; every session of theirs is over."""
    return house.access.accounts.set_password(UserId(user), data.password, by=caller.name)


@post("/sessions", opt=anybody(), sync_to_thread=True)
def log_in(house: TheHouse, request: Asked, data: JSONBody[Login]) -> Response[Me]:
    """A session for this browser, in a cookie that no script can read."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("a page of this server", "another site's")
    source = request.client.host if request.client else ""
    old = cookie_of({"cookie": request.headers.get("cookie", "")})
    return _inside(house, house.access.login(data.name, data.password, source=source, old=old))


@get("/me", opt=needs(Scope.READ), sync_to_thread=True)
def who_am_i(house: TheHouse, request: Asked, caller: TheCaller) -> Me:
    """Who is asking, and with which rights."""
    cookie = cookie_of({"cookie": request.headers.get("cookie", "")})
    by_key = bool(request.headers.get("authorization"))
    return _me(caller, house.access.sessions.csrf(cookie) if cookie and not by_key else "")


@post("/me/password", opt=needs(Scope.READ), status_code=200, sync_to_thread=True)
def change_my_password(
    house: TheHouse, request: Asked, caller: TheCaller, data: JSONBody[OwnPassword]
) -> Response[Me]:
    """Who is asking, in a new session; every other one of theirs is over."""
    if caller.role is None:
        raise NotInPerson("Whose password it is")
    source = request.client.host if request.client else ""
    cookie = cookie_of({"cookie": request.headers.get("cookie", "")})
    return _inside(
        house, house.access.own.change_password(cookie, data.present, data.new, source=source)
    )


@delete("/sessions", opt=needs(Scope.READ), status_code=200, sync_to_thread=True)
def log_out(house: TheHouse, request: Asked) -> Response[dict[str, bool]]:
    """Whether there was a session, and it is over."""
    cookie = cookie_of({"cookie": request.headers.get("cookie", "")})
    answer = Response({"ended": bool(cookie) and house.access.sessions.end(cookie)})
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _inside(house: House, came_in: LoggedIn) -> Response[Me]:
    answer = Response(_me(came_in.caller, came_in.csrf))
    answer.set_cookie(
        key=COOKIE,
        value=came_in.cookie,
        httponly=True,
        samesite="lax",
        secure=house.secure,
        path="/",
    )
    return answer


def _me(caller: Caller, csrf: str) -> Me:
    return Me(name=caller.name, scopes=tuple(sorted(caller.scopes)), role=caller.role, csrf=csrf)


ROUTES = (
    list_keys,
    create_key,
    give_key,
    revoke_key,
    list_users,
    add_user,
    change_user,
    give_password,
    log_in,
    who_am_i,
    change_my_password,
    log_out,
)
