"""stanch asset: what is protected."""

import re
from pathlib import Path
from typing import Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.files import bytes_of
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.trouble import BadFile

app = command("What is protected: write it down, look it up.")


@app.command()
def add(
    *,
    file: Annotated[Path, typer.Argument(help="YAML or JSON that describes the asset.")],
    replace: Annotated[bool, typer.Option("--replace", help="Change the one there is.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Write an asset down."""
    text = bytes_of(file)
    path = f"/api/v1/assets/{segment(_id_of(file, text))}" if replace else "/api/v1/assets"
    method = "PUT" if replace else "POST"
    try:
        kept = connect(data).send(method, path, text, kind="application/yaml")
    except BadFile as bad:
        raise _in_file(file, bad) from bad
    Out(json=json).show(kept, f"{kept['id']} is written down.")


@app.command("list")
def list_(
    *,
    kind: Annotated[str, typer.Option(help="Only assets of this kind.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """List all assets."""
    items = list(connect(data).every("/api/v1/assets", {"kind": kind}))
    columns = ("id", "kind", "owner", "criticality", "version", "name")
    Out(json=json).table({"items": items}, columns, items)


@app.command()
def show(
    *,
    asset: Annotated[str, typer.Argument(help="The asset's id.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Show one asset."""
    found = connect(data).get(f"/api/v1/assets/{segment(asset)}")
    Out(json=json).show(found, "\n".join(f"{k}: {v}" for k, v in found.items() if v or v == 0))


def _in_file(file: Path, bad: BadFile) -> BadFile:
    """What the server says, of the file: it saw only a text, and calls that `asset`."""
    name = re.compile(r"\basset\b(?=:|$)")
    place, says = (name.sub(lambda _: str(file), str(fact)) for fact in bad.facts)
    return BadFile(place, says)


def _id_of(file: Path, text: bytes) -> str:
    """The id that the file states; the server says all else that may be wrong with it."""
    import yaml  # noqa: PLC0415  only this command reads YAML

    try:
        written = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadFile(file, "is neither YAML nor JSON.") from error
    if not isinstance(written, dict) or "id" not in written:
        raise BadFile(file, "has no `id:`.")
    return str(written["id"])
