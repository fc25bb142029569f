"""One's own account: who am I here, from where am I logged in, and a new password."""

from stanch.engine.passwords import SHORTEST
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import BadInput, Busy, Conflict, NotLoggedIn, Refused
from stanch.web.door import session_cookie
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

_HERE = "/account"
_DONE = {
    "password": "Your password is changed. You stay logged in here, and nowhere else.",
    "session": "That session is over.",
    "others": "You are logged in here, and nowhere else.",
}


def show(visit: Visit, says: str = "", status: int = 200) -> Answer:
    """The account of who is asking."""
    account = visit.console.access.own.look(visit.cookie)
    return page(
        visit,
        "account.html",
        status=status,
        account=account,
        may=_may(account.user.role),
        shortest=SHORTEST,
        says=says,
        done=_DONE.get(visit.asked("done"), ""),
    )


def change_password(visit: Visit) -> Answer:
    """The account with a new password; or the form again, with what was wrong."""
    own, present, new = visit.console.access.own, visit.given("present"), visit.given("password")
    if new != visit.given("again"):
        return show(visit, "The two new passwords differ. Type the same one twice.", 422)
    try:
        came_in = own.change_password(visit.cookie, present, new, source=visit.source)
    except NotLoggedIn:
        raise
    except (BadInput, Busy, Conflict, Refused) as wrong:
        return show(visit, str(wrong), wrong.http_status)
    cookie = session_cookie(came_in.cookie, secure=visit.console.secure)
    return go(f"{_HERE}?done=password", cookie)


def end_session(visit: Visit) -> Answer:
    """The account, without one of its sessions or without all others."""
    own, session = visit.console.access.own, visit.given("session")
    if session:
        own.end(visit.cookie, session)
    else:
        own.end_others(visit.cookie)
    return go(f"{_HERE}?done={'session' if session else 'others'}")


def _may(role: Role) -> str:
    match role:
        case Role.VIEWER:
            return "look at everything here"
        case Role.RESPONDER:
            return "look, and work on incidents, evidence and narrow containment"
        case Role.APPROVER:
            return "look, work on incidents, say yes or no to questions, and set policies"
        case Role.ADMIN:
            return "everything, also about keys, people and what is connected outside"


PAGES = (
    Page(path=_HERE, show=show),
    Page(path=f"{_HERE}/password", show=change_password, method="POST"),
    Page(path=f"{_HERE}/sessions", show=end_session, method="POST"),
)
