"""Sessions: where people are logged in, and the end of it; their own, or those of others.

A key has no session: it sees none of its own, and as an admin those of people.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from litestar import Request, delete, get
from litestar.datastructures.state import State
from litestar.params import FromPath

from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.api.gate import cookie_of
from stanch.vocabulary.ids import UserId
from stanch.vocabulary.listing import Page
from stanch.vocabulary.login import Session
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import NotFound, NotInPerson

Asked = Request[Caller, None, State]
_MINE = "/me/sessions"
_THEIRS = "/users/{user:str}/sessions"


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSession:
    """One browser or shell that is logged in."""

    id: str
    source: str
    """The address it came from."""
    created: datetime
    seen: datetime
    expires: datetime
    here: bool
    """Whether it is the one that asks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How many sessions are over."""

    ended: int


@get(_MINE, opt=needs(Scope.READ), sync_to_thread=True)
def list_my_sessions(house: TheHouse, request: Asked, caller: TheCaller) -> Page[OpenSession]:
    """Where who asks is logged in: the session that asks first, then the last used."""
    if caller.role is None:
        return Page(items=())
    account = house.access.own.look(_cookie(request))
    return _page(account.sessions, here=account.here)


@delete(_MINE, opt=needs(Scope.READ), status_code=200, sync_to_thread=True)
def end_my_other_sessions(house: TheHouse, request: Asked, caller: TheCaller) -> Ended:
    """How many others there were; the session that asks goes on."""
    return Ended(ended=house.access.own.end_others(_in_person(request, caller)))


@delete(f"{_MINE}/{{session:str}}", opt=needs(Scope.READ), status_code=200, sync_to_thread=True)
def end_my_session(
    house: TheHouse, request: Asked, caller: TheCaller, session: FromPath[str]
) -> Ended:
    """That this session of who asks is over."""
    ended = house.access.own.end(_in_person(request, caller), session)
    return _ended(ended, session)


@get(_THEIRS, opt=needs(Scope.ADMIN), sync_to_thread=True)
def list_sessions(house: TheHouse, user: FromPath[str]) -> Page[OpenSession]:
    """Where this person is logged in, the last used first."""
    _, found = house.access.accounts.sessions(UserId(user))
    return _page(found)


@delete(_THEIRS, opt=needs(Scope.ADMIN), status_code=200, sync_to_thread=True)
def end_sessions(house: TheHouse, caller: TheCaller, user: FromPath[str]) -> Ended:
    """How many there were; the person is logged in nowhere now."""
    return Ended(ended=house.access.accounts.end_sessions(UserId(user), by=caller.name))


@delete(f"{_THEIRS}/{{session:str}}", opt=needs(Scope.ADMIN), status_code=200, sync_to_thread=True)
def end_session(
    house: TheHouse, caller: TheCaller, user: FromPath[str], session: FromPath[str]
) -> Ended:
    """That this session of the person is over."""
    accounts = house.access.accounts
    return _ended(accounts.end_sessions(UserId(user), by=caller.name, session=session), session)


def _page(found: Iterable[Session], here: str = "") -> Page[OpenSession]:
    return Page(
        items=tuple(
            OpenSession(
                id=one.id,
                source=one.source,
                created=one.created,
                seen=one.seen,
                expires=one.expires,
                here=one.id == here,
            )
            for one in found
        )
    )


def _ended(count: int, session: str) -> Ended:
    if not count:
        raise NotFound("open session", session[:64], "user sessions")
    return Ended(ended=count)


def _in_person(request: Asked, caller: Caller) -> str:
    if caller.role is None:
        raise NotInPerson("Who ends their own sessions")
    return _cookie(request)


def _cookie(request: Asked) -> str:
    return cookie_of({"cookie": request.headers.get("cookie", "")})


ROUTES = (
    list_my_sessions,
    end_my_other_sessions,
    end_my_session,
    list_sessions,
    end_sessions,
    end_session,
)
