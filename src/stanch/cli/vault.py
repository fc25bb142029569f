"""stanch vault: immutable items by their digest, kept in the folder itself."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from stanch.cli.client import connect, segment
from stanch.cli.files import unreadable
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.trouble import AlreadyThere
from stanch.vocabulary.words import counted, when
from stanch.vocabulary.words import size as size_of

app = command("Keep and fetch immutable items.")


@app.command()
def put(  # noqa: PLR0913  what can be said of an item
    *,
    file: Annotated[Path, typer.Argument(help="The file to keep.")],
    kind: Annotated[str, typer.Option(help="What it is.")] = "artefact",
    incident: Annotated[str, typer.Option(help="The incident it belongs to.")] = "",
    personal: Annotated[
        bool, typer.Option("--personal", help="Sealed under a key that can be destroyed.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Keep a file of any size: its digest enters the evidence log."""
    out = Out(json=json)
    asked = {"name": file.name, "kind": kind, "incident": incident, "personal": personal or ""}
    client = connect(data)
    try:
        size = file.stat().st_size
        opened = file.open("rb")
    except OSError as error:
        raise unreadable(file, error) from error
    with opened, out.progress(f"Keeping {file.name}", size) as moved:
        kept = client.upload("/api/v1/vault", opened, size, asked, moved)
    out.show(kept, f"{kept['id']}  {kept['digest']}  {size_of(kept['size'])}")


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
    out, client = Out(json=json), connect(data)
    path = f"/api/v1/evidence/{segment(item)}"
    kept = client.get(path)
    with out.progress(f"Fetching {kept['name']}", kept["size"]) as moved:
        size = client.save("GET", f"{path}/content", output, moved)
    out.show({"file": str(output), "size": size}, f"{output}: {size_of(size)}")


@app.command()
def shred(
    *,
    item: Annotated[str, typer.Argument(help="The item's digest, or its id.")],
    because: Annotated[str, typer.Option(help="The reason, which stands in the log.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else it is only shown.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Show what an item with personal data is, then destroy its key: nobody can take that back."""
    out, client = Out(json=json), connect(data)
    path = f"/api/v1/evidence/{segment(item)}/shred"
    ahead = client.get(path)
    if not yes:
        out.show(ahead, ahead["text"])
        out.say(f"Nothing was changed. Do it: stanch vault shred {item} --because WORDS --yes")
        return
    out.say(ahead["text"])
    gone = client.send("POST", path, {"because": because, "digest": ahead["item"]["digest"]})
    told = gone["destroyed"]
    words = f"destroyed on {when(told['at'])} by {told['by']} because: {told['because']}"
    out.show(gone, f"{gone['id']}: {words}")


@app.command("list")
def list_(
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    data: Data = None,
    json: Json = False,
) -> None:
    """List the items, newest first."""
    every = connect(data).every("/api/v1/evidence")
    items = list(islice(every, limit))
    more = next(every, None) is not None
    columns = ("id", "kind", "name", "size", "sealed", "digest")
    rows = [{**one, "sealed": sealed(one)} for one in items]
    empty = "The vault is empty. Put something into it: stanch vault put FILE"
    out = Out(json=json)
    out.table({"items": items}, columns, rows, empty=empty)
    if more:
        out.say(f"These are the newest {limit}. More of them: --limit N.")


@app.command()
def scrub(*, data: Data = None, json: Json = False) -> None:
    """Read every item back on the server and compare it with its digest; 1 when one is damaged."""
    out = Out(json=json)
    items, size = 0, 0
    damaged: list[dict[str, str]] = []
    with out.progress("Reading the vault back", 1) as moved:
        for one in connect(data).lines("POST", "/api/v1/vault/scrub"):
            items, size = items + 1, size + one["bytes"]
            moved(1 / max(one["of"], 1))
            if one["damage"]:
                damaged.append({"item": one["digest"], "says": one["damage"]})
    text = [f"{one['item']}: {one['says']}" for one in damaged]
    text.append(f"{counted(items, 'item')}, {size_of(size)} read back; damaged: {len(damaged)}.")
    document = {"holds": not damaged, "items": items, "bytes": size, "damaged": damaged}
    out.show(document, "\n".join(text))
    if damaged:
        out.say("Keep the folder as it is, and fetch these items from a backup.")
        raise typer.Exit(1)


def sealed(one: Mapping[str, Any]) -> str:
    """Whether an item holds personal data under a key of its own, and what became of that."""
    gone = one.get("destroyed")
    if gone is not None:
        return f"destroyed on {when(gone['at'])} by {gone['by']} because: {gone['because']}"
    return "personal data" if one["personal"] else ""
