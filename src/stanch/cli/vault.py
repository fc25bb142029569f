"""stanch vault: immutable items by their digest, kept in the folder itself."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.trouble import AlreadyThere, BadFile

app = command("Keep and fetch immutable items.")


@app.command()
def put(
    *,
    file: Annotated[Path, typer.Argument(help="The file to keep.")],
    kind: Annotated[str, typer.Option(help="What it is.")] = "artefact",
    incident: Annotated[str, typer.Option(help="The incident it belongs to.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Keep a file: its digest enters the evidence log."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadFile(file, error.strerror) from error
    asked = {"name": file.name, "kind": kind, "incident": incident}
    kept = connect(data).send(
        "POST", "/api/v1/vault", content, kind="application/octet-stream", query=asked
    )
    Out(json=json).show(kept, f"{kept['id']}  {kept['digest']}  {kept['size']} bytes")


@app.command()
def get(
    *,
    item: Annotated[str, typer.Argument(help="The item's id.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Fetch an item; that somebody looked enters the log."""
    if output.exists():
        raise AlreadyThere("The file", str(output))
    size = connect(data).save("GET", f"/api/v1/evidence/{segment(item)}/content", output)
    Out(json=json).show({"file": str(output), "size": size}, f"{output}: {size} bytes")


@app.command("list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List the items."""
    items = list(connect(data).every("/api/v1/evidence"))
    Out(json=json).table({"items": items}, ("id", "kind", "name", "size", "digest"), items)


@app.command()
def scrub(*, data: Data = None, json: Json = False) -> None:
    """Read every item back and compare it with its digest."""
    out = Out(json=json)
    told = connect(data).get("/api/v1/evidence-check")
    out.show(told, told["says"])
    if not told["holds"]:
        sys.stdout.flush()
        raise typer.Exit(2 if told["holds"] is None else 1)
