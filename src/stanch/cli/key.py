"""stanch key: keys for machines."""

from dataclasses import replace
from typing import Annotated

import typer

from stanch import settings
from stanch.cli.client import Client, connect, segment
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput, NoSuchFile

app = command("Keys for machines.")


@app.command()
def create(  # noqa: PLR0913  what it opens, for whom, how long
    *,
    scope: Annotated[list[Scope], typer.Option("--scope", help="What the key may be used for.")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[
        int | None, typer.Option(help="How many days it is good; else for ever.", min=1)
    ] = None,
    owner: Annotated[
        str, typer.Option(metavar="NAME", help="The person it belongs to; else who makes it.")
    ] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a key; its secret is shown this once."""
    asked = {"name": name, "scopes": [str(one) for one in scope], "days": days, "owner": owner}
    made = connect(data).send("POST", "/api/v1/keys", asked)
    out = Out(json=json)
    out.say("This is shown once; keep it where only its user can read it.")
    out.show(made, made["secret"])


@app.command("rotate")
def rotate_(*, data: Data = None, json: Json = False) -> None:
    """New signing keys for the log, handed over by the old ones; stop the server first."""
    from stanch.app import rotate_keys  # noqa: PLC0415  the server's parts, only when needed

    asked = settings.from_environment()
    folder = data or asked.data
    if not (folder / "keys").is_dir():
        raise NoSuchFile("data folder", folder)
    made = rotate_keys(replace(asked, data=folder))
    text = f"The log is signed by {made['after']} now.\nTell it to whoever pinned {made['before']}."
    Out(json=json).show(made, text)


@app.command("list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List all keys, without their secrets."""
    items = list(connect(data).every("/api/v1/keys"))
    columns = ("id", "name", "owner", "scopes", "created", "expires", "revoked", "last_used")
    Out(json=json).table({"items": items}, columns, items)


@app.command()
def give(
    *,
    key: Annotated[str, typer.Argument(help="The key's id, or its name.")],
    owner: Annotated[
        str, typer.Argument(metavar="NAME", help='The person it belongs to; "" for nobody.')
    ],
    data: Data = None,
    json: Json = False,
) -> None:
    """Say whose a key is: its yes and that of its owner are one person's."""
    client = connect(data)
    kept = client.send("PATCH", f"/api/v1/keys/{_meant(client, key)}", {"owner": owner})
    Out(json=json).show(kept, f"{kept['id']} belongs to {kept['owner'] or 'nobody'} now.")


@app.command()
def revoke(
    *,
    key: Annotated[str, typer.Argument(help="The key's id, or its name.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """End a key at once."""
    client = connect(data)
    ended = client.send("DELETE", f"/api/v1/keys/{_meant(client, key)}")
    Out(json=json).show(ended, f"{ended['id']} is good for nothing now.")


def _meant(client: Client, key: str) -> str:
    """The id, for an address: of the one key that is good and has this name, or as it was said."""
    keys = list(client.every("/api/v1/keys"))
    named = [one["id"] for one in keys if one["name"] == key and not one["revoked"]]
    if len(named) > 1 and key not in {one["id"] for one in keys}:
        raise BadInput(f"{len(named)} keys are named {key!r}: {', '.join(named)}. Give an id.")
    return segment(named[0] if len(named) == 1 else key)
