"""stanch user: people with accounts."""

import sys
from typing import Annotated

import typer

from stanch.cli.client import connect
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import BadInput

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
    password = (
        typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )
    if not password:
        told = f"type it at a terminal, or pipe it to `stanch user add {name}`."
        raise BadInput(f"No password came on stdin: {told}")
    asked = {"name": name, "role": str(role), "password": password}
    made = connect(data).send("POST", "/api/v1/users", asked)
    Out(json=json).show(made, f"{made['name']} can log in as {made['role']}.")


@app.command("list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List all people with accounts."""
    items = list(connect(data).every("/api/v1/users"))
    Out(json=json).table({"items": items}, ("id", "name", "role", "disabled", "created"), items)
