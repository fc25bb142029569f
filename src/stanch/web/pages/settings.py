"""Settings: people, keys, what is outside, and how long things are kept."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta

from stanch.engine.neighbours import Answered
from stanch.engine.passwords import SHORTEST
from stanch.engine.retention import Terms
from stanch.vocabulary.ids import KeyId, UserId
from stanch.vocabulary.people import Role, Scope
from stanch.vocabulary.trouble import BadInput
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

_LONGEST = 3650


def show(visit: Visit, secret: str = "", answered: Sequence[Answered] = ()) -> Answer:
    """Everything that an admin sets."""
    visit.console.access.keys.flush()
    with visit.console.store.look() as tx:
        users = tx.users.page(limit=500).items
        keys = tx.keys.page(limit=500).items
    return page(
        visit,
        "settings.html",
        shortest=SHORTEST,
        users=users,
        keys=sorted(keys, key=lambda k: (k.revoked is not None, k.name)),
        roles=tuple(Role),
        scopes=tuple(Scope),
        secret=secret,
        neighbours=visit.console.neighbours.all(),
        people=visit.console.neighbours.people(),
        unread=visit.console.switchboard.shown().fault,
        answered=answered,
        terms=visit.console.retention.terms(),
    )


def agree(visit: Visit) -> Answer:
    """The settings, with the terms that hold from now on."""
    days = {one.name: _days(visit, one.name) for one in fields(Terms)}
    visit.console.retention.agree(Terms(**days), by=visit.caller.name)
    return go("/settings#kept")


def call_on(visit: Visit) -> Answer:
    """The settings, with what came of calling on an outside system."""
    return show(visit, answered=[visit.console.neighbours.call_on(visit.given("system"))])


def trial(visit: Visit) -> Answer:
    """The settings, with what came of a trial notice to somebody."""
    told = visit.console.neighbours.trial(visit.given("who"), visit.caller.name)
    return show(visit, answered=told)


def _days(visit: Visit, name: str) -> int:
    text = visit.given(name) or "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 7):  # noqa: PLR2004  a number of days
        raise BadInput(f"{name} is a whole number of days; 0 is for ever.")
    return int(text)


def add_user(visit: Visit) -> Answer:
    """The settings, with a new person."""
    if not visit.given("password"):
        why = f"A person who logs in here needs a password of {SHORTEST} characters or more."
        raise BadInput(why)
    visit.console.access.add_user(
        visit.given("name"),
        _role(visit.given("role")),
        by=visit.caller.name,
        password=visit.given("password"),
    )
    return go("/settings")


def change_user(visit: Visit) -> Answer:
    """The settings, with a person's role or password changed, or the person shut out or let in."""
    accounts, by = visit.console.access.accounts, visit.caller.name
    key = UserId(visit.given("user"))
    match visit.given("do"):
        case "role":
            accounts.change(key, role=_role(visit.given("role")), by=by)
        case "disable":
            accounts.change(key, disabled=True, by=by)
        case "enable":
            accounts.change(key, disabled=False, by=by)
        case "password":
            accounts.set_password(key, visit.given("password"), by=by)
        case "same":
            accounts.same(key, visit.given("same_as"), by=by)
        case _:
            raise BadInput("The form does not say what to do.")
    return go("/settings")


def add_key(visit: Visit) -> Answer:
    """The settings, with the new key's secret, shown this once."""
    days = visit.given("days") or "0"
    if not days.isdecimal() or int(days) > _LONGEST:
        raise BadInput(f"A key lives 1 to {_LONGEST} days.")
    try:
        scopes = frozenset(Scope(s) for s in visit.form.get("scope", ()))
    except ValueError as error:
        raise BadInput("The form names a right that is not known.") from error
    expires = visit.at + timedelta(days=int(days)) if int(days) else None
    name = visit.given("name") or "-".join(sorted(scopes))
    made = visit.console.access.keys.create(name, scopes, by=visit.caller.name, expires=expires)
    return show(visit, made.text)


def give_key(visit: Visit) -> Answer:
    """The settings, with a key that belongs to somebody, or to nobody."""
    keys, owner = visit.console.access.keys, visit.given("owner")
    keys.give(KeyId(visit.given("key")), owner, by=visit.caller.name)
    return go("/settings")


def revoke_key(visit: Visit) -> Answer:
    """The settings, with a key that is good for nothing any more."""
    visit.console.access.keys.revoke(KeyId(visit.given("key")), by=visit.caller.name)
    return go("/settings")


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise BadInput("The form names a role that is not known.") from error


PAGES = (
    Page(path="/settings", show=show, needs=Scope.ADMIN),
    Page(path="/settings/kept", show=agree, needs=Scope.ADMIN, method="POST"),
    Page(path="/settings/systems", show=call_on, needs=Scope.ADMIN, method="POST"),
    Page(path="/settings/trial", show=trial, needs=Scope.ADMIN, method="POST"),
    Page(path="/settings/users", show=add_user, needs=Scope.ADMIN, method="POST"),
    Page(path="/settings/users/change", show=change_user, needs=Scope.ADMIN, method="POST"),
    Page(path="/settings/keys", show=add_key, needs=Scope.ADMIN, method="POST"),
    Page(path="/settings/keys/give", show=give_key, needs=Scope.ADMIN, method="POST"),
    Page(path="/settings/keys/revoke", show=revoke_key, needs=Scope.ADMIN, method="POST"),
)
