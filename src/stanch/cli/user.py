"""stanch user: people with accounts."""

from typing import Annotated, Any

import typer

from stanch.cli.client import Client, connect, segment
from stanch.cli.hidden import hidden
from stanch.cli.logins import keep_login
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import BadInput, NotFound, NotInPerson
from stanch.vocabulary.words import counted

_USERS = "/api/v1/users"
_MY_SESSIONS = "/api/v1/me/sessions"
_ALL = "all"
_SHOWN = 12
"""Characters of a session's id that people see; they tell apart more than anybody has."""
Who = Annotated[str, typer.Argument(metavar="NAME", help="The person's name, or id.")]

app = command("People with accounts.")


@app.command()
def add(
    *,
    name: Annotated[str, typer.Argument(help="The name to log in with.")],
    role: Annotated[Role, typer.Option(help="What the person is here to do.")] = Role.VIEWER,
    data: Data = None,
    json: Json = False,
) -> None:
    """Add a person; the password is asked, or read from stdin when that is no terminal."""
    password = hidden("Password", twice=True, pipe=f"it to `stanch user add {name}`")
    asked = {"name": name, "role": str(role), "password": password}
    made = connect(data).send("POST", _USERS, asked)
    Out(json=json).show(made, f"{made['name']} can log in as {made['role']}.")


@app.command("list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List all people with accounts."""
    items = list(connect(data).every(_USERS))
    Out(json=json).table(
        {"items": items}, ("id", "name", "role", "same_as", "disabled", "created"), items
    )


@app.command()
def role(
    *,
    who: Who,
    role: Annotated[Role, typer.Argument(help="What the person is here to do from now on.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Give a person another role; it counts at once, also where they are logged in."""
    kept = _change(data, who, {"role": str(role)})
    Out(json=json).show(kept, f"{kept['name']} is {kept['role']} now.")


@app.command()
def same(
    *,
    who: Who,
    other: Annotated[
        str, typer.Argument(metavar="OTHER", help='Another account of theirs; "" for none.')
    ],
    data: Data = None,
    json: Json = False,
) -> None:
    """Say that two accounts are one person's: together they count as one where two must agree."""
    kept = _change(data, who, {"same_as": other})
    said = f"the same person as {kept['same_as']}" if kept["same_as"] else "a person of their own"
    Out(json=json).show(kept, f"{kept['name']} counts as {said} now.")


@app.command()
def disable(*, who: Who, data: Data = None, json: Json = False) -> None:
    """Shut a person out; every session of theirs is over."""
    kept = _change(data, who, {"disabled": True})
    again = f"`stanch user enable {kept['name']}` lets them in again."
    theirs = _keys_of(connect(data), str(kept["name"]))
    left = f" {theirs}" if theirs else ""
    Out(json=json).show(kept, f"{kept['name']} is shut out. {again}{left}")


@app.command()
def enable(*, who: Who, data: Data = None, json: Json = False) -> None:
    """Let a person in again who was shut out."""
    kept = _change(data, who, {"disabled": False})
    Out(json=json).show(kept, f"{kept['name']} can log in as {kept['role']}.")


@app.command()
def password(
    *,
    who: Annotated[
        str, typer.Argument(metavar="NAME", help="The person's name, or id; by itself you.")
    ] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Change your own password, or as an admin give somebody a new one.

    Passwords are asked, or read from stdin when that is no terminal: your present one on the first
    line and the new one on the second; for somebody else the new one alone.
    """
    client, out = connect(data), Out(json=json)
    me = client.login.name if client.login else ""
    if not who or who.casefold() == me.casefold():
        _own(client, out)
        return
    found = _found(client, who)
    new = hidden(f"New password of {found['name']}", twice=True, pipe="it on one line")
    path = f"{_USERS}/{segment(found['id'])}/password"
    kept = client.send("POST", path, {"password": new})
    then = "They can choose their own with `stanch user password`, or under their name."
    out.show(kept, f"{kept['name']} has a new password, and is logged out everywhere. {then}")


@app.command()
def sessions(
    *,
    who: Annotated[
        str, typer.Argument(metavar="NAME", help="The person's name, or id; by itself you.")
    ] = "",
    end: Annotated[
        str,
        typer.Option(
            metavar="SESSION",
            help="End this one, by how its id begins, or `all`: of your own, all others.",
        ),
    ] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """List where you are logged in, or as an admin where somebody is; end what should not be."""
    client, out = connect(data), Out(json=json)
    person, where = _logged_in(client, who)
    mine = where == _MY_SESSIONS
    if end == _ALL:
        over = client.send("DELETE", where)
        left = "You are logged in here" if mine else f"{person} is logged in nowhere"
        says = f"{left}, and nowhere else." if mine else f"{left} now."
        out.show(over, f"{counted(over['ended'], 'session')} ended. {says}")
        return
    items = client.get(where)["items"]
    if end:
        one = _meant(items, end)
        over = client.send("DELETE", f"{where}/{segment(one['id'])}")
        out.show(over, f"The session of {person} from {one['source'] or 'elsewhere'} is over.")
        return
    columns = ("session", "from", "since", "last_used", *(("here",) if mine else ()))
    rows = [_row(one) for one in items]
    out.table({"items": items}, columns, rows, empty=f"{person} is logged in nowhere.")


def _logged_in(client: Client, who: str) -> tuple[str, str]:
    """Who is meant, and where their sessions are."""
    me = client.login.name if client.login else ""
    if who and who.casefold() != me.casefold():
        found = _found(client, who)
        return str(found["name"]), f"{_USERS}/{segment(found['id'])}/sessions"
    if not me:
        raise NotInPerson("Who asks where they are logged in")
    return me, _MY_SESSIONS


def _row(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "session": one["id"][:_SHOWN],
        "from": one["source"],
        "since": one["created"],
        "last_used": one["seen"],
        "here": one["here"],
    }


def _meant(items: list[dict[str, Any]], begins: str) -> dict[str, Any]:
    """The one session whose id begins so."""
    found = [one for one in items if one["id"].startswith(begins)]
    if not found:
        raise NotFound("open session", begins, "user sessions")
    if len(found) > 1:
        raise BadInput(f"{len(found)} sessions begin with {begins[:64]!r}. Write more of the id.")
    return found[0]


def _own(client: Client, out: Out) -> None:
    if client.login is None:
        raise NotInPerson("Whose password it is")
    pipe = "the present one and the new one, each on its line"
    present = hidden("Present password", pipe=pipe)
    made = client.change_password(present, hidden("New password", twice=True, pipe=pipe))
    keep_login(client.url, made)
    says = "Your password is changed. You stay logged in here, and nowhere else."
    out.show({"name": made.name, "url": client.url}, says)


def _keys_of(client: Client, name: str) -> str:
    """Which keys of who is shut out still open something, in a sentence."""
    every = client.every("/api/v1/keys")
    live = [one["id"] for one in every if one["owner"] == name and one["revoked"] is None]
    if not live:
        return ""
    return f"Keys of theirs still open what they did: {', '.join(live)}. See `stanch key revoke`."


def _change(data: Data, who: str, change: dict[str, Any]) -> dict[str, Any]:
    client = connect(data)
    kept: dict[str, Any] = client.send(
        "PATCH", f"{_USERS}/{segment(_found(client, who)['id'])}", change
    )
    return kept


def _found(client: Client, who: str) -> dict[str, Any]:
    """The person with this id, else with this name, whatever its capitals."""
    everybody = list(client.every(_USERS))
    by_id = {one["id"]: one for one in everybody}
    by_name = {one["name"].casefold(): one for one in everybody}
    found = by_id.get(who) or by_name.get(who.casefold())
    if found is None:
        raise NotFound("user", who, "user list")
    return found
