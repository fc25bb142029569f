"""stanch site: the edge sites that may send their counts here."""

from typing import Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out

app = command("Edge sites that may send their counts: add, list, revoke.")
_BASE = "/api/v1/sites"
Which = Annotated[str, typer.Argument(help="The site's name.")]


@app.command()
def add(
    *,
    site: Which,
    public: Annotated[str, typer.Option("--public", help="What `stanch edge key` said there.")],
    asset: Annotated[list[str], typer.Option("--asset", help="What it may speak of; again.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Let a site send counts of these assets; a revoked one may be added again."""
    body = {"id": site, "public": public, "assets": asset}
    made = connect(data).send("POST", _BASE, body)
    Out(json=json).show(
        made,
        f"{made['id']} may speak of {', '.join(made['assets'])}. "
        f"Give it a key: stanch key create --scope ingest --name {made['id']}",
    )


@app.command("list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List the sites, and how far each has come."""
    found = connect(data).get(_BASE)
    columns = ("id", "assets", "number", "heard", "added", "by", "revoked")
    empty = "No edge site may send its counts. Let one: stanch site add --help"
    Out(json=json).table({"items": found}, columns, found, empty=empty)


@app.command()
def revoke(*, site: Which, data: Data = None, json: Json = False) -> None:
    """Take nothing in from a site any more; what it sent stays counted."""
    gone = connect(data).send("DELETE", f"{_BASE}/{segment(site)}")
    Out(json=json).show(gone, f"Nothing of {gone['id']} is taken in any more.")
