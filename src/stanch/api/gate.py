"""The gate: who is asking, and may they.

In    a request's headers and the one scope its route asks for.
Out   the caller, or `NotLoggedIn` / `NotAllowed`.
Why   every route names its scope in one place, so that a table of all of them can be tested. A key
      comes as `Authorization: Bearer`; a browser has a cookie, and sends its CSRF token with
      whatever changes something.
"""

import asyncio
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from stanch.engine.access import Access
from stanch.vocabulary.people import Caller
from stanch.vocabulary.trouble import NotLoggedIn, Refused

COOKIE = "stanch_session"
CSRF_HEADER = "x-csrf-token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def caller_of(access: Access, method: str, headers: Mapping[str, str], source: str = "") -> Caller:
    """Who is asking, or `NotLoggedIn`; a key that opens nothing is counted for its source."""
    authorization = headers.get("authorization", "")
    if authorization:
        return access.bearer(authorization, source=source)
    cookie = cookie_of(headers)
    if not cookie:
        raise NotLoggedIn
    caller = access.sessions.caller(cookie)
    if method not in _SAFE:
        check_csrf(access, cookie, headers)
    return caller


async def asked_by(
    access: Access, method: str, headers: Mapping[str, str], source: str = ""
) -> Caller:
    """`caller_of`, on a thread of its own when the database must be asked."""
    if access.at_hand(headers.get("authorization", "")):
        return caller_of(access, method, headers, source)
    return await asyncio.to_thread(caller_of, access, method, headers, source)


def check_csrf(access: Access, cookie: str, headers: Mapping[str, str]) -> None:
    """Refuse a change that a page of another site could have sent."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused("The request came from another site. Use stanch's own page.")
    access.sessions.check_csrf(cookie, headers.get(CSRF_HEADER, ""))


def cookie_of(headers: Mapping[str, str]) -> str:
    """The session cookie, or empty."""
    return cookie_named(COOKIE, headers.get("cookie", ""))


def cookie_named(name: str, header: str) -> str:
    """The cookie of this name in a `Cookie` header, or empty."""
    try:
        jar = SimpleCookie(header)
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""
