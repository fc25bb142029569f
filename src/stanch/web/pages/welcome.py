"""Welcome: the first account, made through the link that the start printed."""

from stanch.engine.passwords import SHORTEST
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import BadInput, NotLoggedIn
from stanch.web.door import session_cookie
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go


def show(visit: Visit) -> Answer:
    """The form for the first account; for an old link, what to do instead."""
    return _form(visit)


def enter(visit: Visit) -> Answer:
    """Home, with the first account made and logged in."""
    access = visit.console.access
    name, password = visit.given("name"), visit.given("password")
    try:
        access.welcome.check(visit.names["token"])
        access.add_user(name, Role.ADMIN, by="the welcome link", password=password)
    except NotLoggedIn:
        return _form(visit)
    except BadInput as wrong:
        return _form(visit, says=str(wrong), name=name)
    came_in = access.login(name, password, source=visit.source, old=visit.cookie)
    return go("/", session_cookie(came_in.cookie, secure=visit.console.secure))


def _form(visit: Visit, says: str = "", name: str = "") -> Answer:
    try:
        visit.console.access.welcome.check(visit.names["token"])
        good = True
    except NotLoggedIn:
        good = False
    status = 200 if good and not says else (422 if good else 410)
    return page(
        visit, "welcome.html", status=status, good=good, says=says, name=name, shortest=SHORTEST
    )


PAGES = (
    Page(path="/welcome/{token:str}", show=show, needs=None),
    Page(path="/welcome/{token:str}", show=enter, needs=None, method="POST"),
)
