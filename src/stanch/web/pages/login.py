"""Login and logout, what was typed before a session ended, and how the pages look."""

from dataclasses import replace

from stanch.vocabulary.trouble import Busy, NotLoggedIn
from stanch.web.door import local, look_cookie, look_of, session_cookie
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

_KEPT = "kept."


def show(visit: Visit) -> Answer:
    """The login page; home for who is in already."""
    then = local(visit.asked("next")) or "/"
    if visit.known is not None:
        return go(then)
    return page(visit, "login.html", then=then, typed=[], says="", name="")


def enter(visit: Visit) -> Answer:
    """A session and the way to where they wanted; or the login page again, with what was wrong."""
    then = local(visit.given("then")) or "/"
    typed = [(k[5:], v) for k, vs in visit.form.items() if k.startswith(_KEPT) for v in vs]
    name, access = visit.given("name"), visit.console.access
    try:
        came_in = access.login(name, visit.given("password"), source=visit.source, old=visit.cookie)
    except NotLoggedIn:
        says = "This name and password do not belong together."
        return page(visit, "login.html", status=401, then=then, typed=typed, says=says, name=name)
    except Busy as busy:
        return page(
            visit, "login.html", status=429, then=then, typed=typed, says=str(busy), name=name
        )
    cookie = session_cookie(came_in.cookie, secure=visit.console.secure)
    if not typed:
        return go(then, cookie)
    back = local(dict(typed).get("back", "")) or "/"
    inside = replace(visit, known=came_in.caller, cookie=came_in.cookie)
    resumed = page(inside, "resume.html", then=then, typed=typed, back=back)
    return replace(resumed, cookie=cookie)


def leave(visit: Visit) -> Answer:
    """The login page, after the session is over."""
    visit.console.access.sessions.end(visit.cookie)
    return go("/login", session_cookie("", secure=visit.console.secure))


def look(visit: Visit) -> Answer:
    """Back to the page, which looks as was asked."""
    fields = ("theme", "contrast", "density", "zone", "tour")
    asked = "-".join(f"{k}.{visit.given(k) or getattr(visit.look, k)}" for k in fields)
    wanted = look_of(asked)
    return go(local(visit.given("back")) or "/", look_cookie(wanted, secure=visit.console.secure))


PAGES = (
    Page(path="/login", show=show, needs=None),
    Page(path="/login", show=enter, needs=None, method="POST"),
    Page(path="/logout", show=leave, method="POST"),
    Page(path="/look", show=look, method="POST"),
)
