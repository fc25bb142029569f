"""Logging in through the identity provider: the way there, and the way back.

In    a browser without a session; then the same browser with the provider's answer.
Out   a redirect to the provider; then a session in a cookie, and a redirect home.
Why   what must be remembered in between travels in a sealed cookie. Accounts with a password do
      not come through here, so they work while the provider is down.
"""

import asyncio
from typing import Annotated

from litestar import Request, get
from litestar.datastructures import Cookie
from litestar.datastructures.state import State
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect

from stanch.api.asking import TheHouse, anybody
from stanch.api.gate import COOKIE, cookie_named
from stanch.api.house import House
from stanch.engine.oidc import Oidc
from stanch.vocabulary.trouble import NotFound, NotLoggedIn

PENDING = "stanch_oidc"
_PATH = "/login/oidc"
_PATIENCE = 600


@get(_PATH, opt=anybody(), status_code=302)
async def begin_oidc(house: TheHouse) -> Redirect:
    """The way to the identity provider."""
    started = await asyncio.to_thread(_door(house).start)
    return _go(started.url, _cookie(house, PENDING, started.cookie, _PATH, _PATIENCE))


@get(f"{_PATH}/back", opt=anybody(), status_code=302)
async def finish_oidc(
    house: TheHouse,
    request: Request[object, object, State],
    mark: Annotated[str, QueryParameter(name="state")] = "",
    code: FromQuery[str] = "",
) -> Redirect:
    """The way home with a session, for whoever the identity provider vouches for."""
    cookie = cookie_named(PENDING, request.headers.get("cookie", ""))
    if not (cookie and mark and code):
        raise NotLoggedIn
    source = request.client.host if request.client else ""
    session = await asyncio.to_thread(_enter, house, cookie, mark, code, source)
    gone = _cookie(house, PENDING, "", _PATH, 0)
    return _go("/", _cookie(house, COOKIE, session, "/", None), gone)


def _enter(house: House, cookie: str, mark: str, code: str, source: str) -> str:
    person = _door(house).finish(cookie=cookie, state=mark, code=code)
    entered = house.access.enter(person.name, person.role, key=person.key, source=source)
    return entered.cookie


def _door(house: House) -> Oidc:
    if house.sign_in is None:
        raise NotFound("identity provider", "oidc", "user list")
    return house.sign_in


def _cookie(house: House, name: str, value: str, path: str, seconds: int | None) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        path=path,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=house.secure,
    )


def _go(where: str, *cookies: Cookie) -> Redirect:
    return Redirect(where, cookies=list(cookies), headers={"cache-control": "no-store"})


AT_ROOT = (begin_oidc, finish_oidc)
