"""The door of the pages: who is asking, is the form ours, and what becomes of a lapsed session.

In    a request as it came.
Out   the page's answer; the login page, which keeps what was typed; or what went wrong, as a page.
Why   a session that ends while somebody writes must cost them nothing.
"""

import logging
import secrets
from http.cookies import CookieError, SimpleCookie

from stanch.engine.access import authorise
from stanch.vocabulary.people import Caller
from stanch.vocabulary.trouble import NotLoggedIn, Refused, Trouble
from stanch.web.address import segment
from stanch.web.paper import page, render
from stanch.web.visit import Answer, Look, Page, Visit, go

COOKIE = "stanch_session"
LOOK = "stanch_look"
_LOG = logging.getLogger("stanch.web")
_UNSAID = frozenset({"csrf", "present", "password", "again"})
"""What was typed in these is never shown again, nor kept for after a login."""
_WAYS = frozenset({"seen", "back"})
"""What a form carries that nobody typed."""
_OURS = ("same-origin", "none")
_LOOKS = {
    "theme": ("system", "light", "dark"),
    "contrast": ("normal", "high"),
    "density": ("dense", "roomy"),
    "zone": ("utc", "local"),
    "tour": ("new", "seen"),
}


def answer(visit: Visit, wanted: Page) -> Answer:
    """What this visitor gets from this page."""
    try:
        if wanted.needs is not None:
            authorise(visit.known, wanted.needs)
        if visit.method == "POST":
            _ours(visit, signed_in=wanted.needs is not None)
        return wanted.show(visit)
    except NotLoggedIn:
        return _log_in(visit)
    except Trouble as trouble:
        return wrong(visit, trouble.http_status, str(trouble), trouble.code)
    except Exception:  # noqa: BLE001  the border: what nobody expected becomes a page
        return wrong(visit, 500, _unexpected(visit), "unexpected")


def later(visit: Visit, given: Answer) -> bytes:
    """The part of the answer that takes longer, or what went wrong with it, in its place."""
    if given.later is None:
        return b""
    try:
        return given.later()
    except Trouble as trouble:
        says = str(trouble)
    except Exception:  # noqa: BLE001  the border: what nobody expected becomes a sentence
        says = _unexpected(visit)
    return render("late.html", {"says": says}).encode("utf-8", "replace")


def _unexpected(visit: Visit) -> str:
    number = secrets.token_hex(6)
    _LOG.exception("unexpected on %s (%s)", visit.path, number)
    return f"Something unexpected happened. The server's log has it under {number}."


def _ours(visit: Visit, *, signed_in: bool) -> None:
    if visit.headers.get("sec-fetch-site", "same-origin") not in _OURS:
        raise Refused("The form came from another site. Use stanch's own page.")
    if signed_in:
        visit.console.access.sessions.check_csrf(visit.cookie, visit.given("csrf"))


def _log_in(visit: Visit) -> Answer:
    if visit.method == "GET" and visit.path != "/login":
        return go(f"/login?next={segment(visit.address)}")
    typed = [(k, v) for k, vs in visit.form.items() if k not in _UNSAID for v in vs]
    then = visit.path
    if not any(k not in _WAYS for k, _ in typed):
        typed.clear()
        then = local(visit.given("back")) or "/"
    return page(visit, "login.html", status=401, then=then, typed=typed, says="", name="")


def wrong(visit: Visit, status: int, says: str, code: str) -> Answer:
    """A page that says what went wrong and keeps what was typed."""
    typed = [(k, v) for k, vs in visit.form.items() if k not in _UNSAID for v in vs if v.strip()]
    back = local(visit.given("back") or _came_from(visit))
    return page(
        visit, "wrong.html", status=status, code=code, says=says, typed=typed, back=back or "/"
    )


def _came_from(visit: Visit) -> str:
    parts = visit.path.strip("/").split("/")
    return "/" + "/".join(parts[:2]) if visit.method == "POST" else "/"


def local(path: str) -> str:
    """The path if it leads to this server, else nothing."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if safe and path.isprintable() else ""


def caller_of(cookie: str, visit: Visit) -> Caller | None:
    """Who this cookie belongs to, or nobody."""
    if not cookie:
        return None
    try:
        return visit.console.access.sessions.caller(cookie)
    except NotLoggedIn:
        return None


def jar(header: str, name: str) -> str:
    """The cookie of this name, or empty."""
    try:
        found = SimpleCookie(header)
    except CookieError:
        return ""
    return found[name].value if name in found else ""


def look_of(text: str) -> Look:
    """How somebody likes the pages, from their cookie; what is not known is the usual."""
    given: dict[str, str] = {}
    for part in text.split("-"):
        name, _, value = part.partition(".")
        given[name] = value
    return Look(**{k: v for k in _LOOKS if (v := given.get(k, "")) in _LOOKS[k]})


def look_cookie(look: Look, *, secure: bool) -> str:
    """The cookie that remembers it for a year; the pages' own script writes it too."""
    text = "-".join(f"{k}.{getattr(look, k)}" for k in _LOOKS)
    tail = "; Secure" if secure else ""
    return f"{LOOK}={text}; Path=/; Max-Age=31536000; SameSite=Lax{tail}"


def session_cookie(value: str, *, secure: bool) -> str:
    """The cookie of a session; an empty one ends it."""
    tail = ("; Secure" if secure else "") + ("" if value else "; Max-Age=0")
    return f"{COOKIE}={value}; Path=/; SameSite=Lax; HttpOnly{tail}"
