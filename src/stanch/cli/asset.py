"""stanch asset: what is protected."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from stanch.cli.client import Client, connect, segment
from stanch.cli.files import bytes_of
from stanch.cli.inventory_file import Document, documents
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out, cell
from stanch.vocabulary.asset import Asset, Criticality
from stanch.vocabulary.trouble import BadFile
from stanch.vocabulary.words import begun, counted, word

app = command("What is protected: write it down, look it up.")


@app.command()
def add(
    *,
    file: Annotated[
        Path, typer.Argument(help="YAML or JSON that describes the asset, or several.")
    ],
    replace: Annotated[bool, typer.Option("--replace", help="Change the one there is.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Write assets down: one, or several parted by `---`."""
    written = list(documents(file, bytes_of(file)))
    client = connect(data)
    kept = [_kept(client, file, one, replace=replace) for one in written]
    says = "\n".join(f"{one['id']} is written down." for one in kept)
    Out(json=json).show(kept[0] if len(kept) == 1 else {"items": kept}, says)


@app.command("list")
def list_(
    *,
    kind: Annotated[str, typer.Option(help="Only assets of this kind.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """List all assets."""
    items = list(connect(data).every("/api/v1/assets", {"kind": kind}))
    rows = [{**one, "criticality": word(Criticality(one["criticality"]))} for one in items]
    columns = ("id", "kind", "owner", "criticality", "version", "name")
    empty = f"No {kind or 'asset'} is written down yet. Write one down: stanch asset add FILE"
    Out(json=json).table({"items": items}, columns, rows, empty=empty)


@app.command()
def show(
    *,
    asset: Annotated[str, typer.Argument(help="The asset's id.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Show one asset."""
    client, out = connect(data), Out(json=json)
    found = client.get(f"/api/v1/assets/{segment(asset)}")
    lines = [*_lines(found)]
    if not json and (blind := _blind(client, asset)):
        lines.append(blind)
    out.show(found, "\n".join(lines))


@app.command()
def export(
    *,
    asset: Annotated[list[str] | None, typer.Argument(help="Only these; else all.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Print assets as YAML, in the form that `asset add` takes."""
    from stanch.prepare.inventory import dump  # noqa: PLC0415  only when needed

    client = connect(data)
    every = (client.get(f"/api/v1/assets/{segment(one)}") for one in asset or ())
    found = list(every if asset else client.every("/api/v1/assets"))
    text = dump(msgspec.convert(found, list[Asset], strict=False))
    Out(json=json).show({"text": text}, text.rstrip())


def _blind(client: Client, asset: str) -> str:
    """How many detectors cannot tell now, and where that is told."""
    spots = client.every("/api/v1/blind-spots", {"asset": asset})
    names = {one["blind"]["detector"] for one in spots}
    many = counted(len(names), "detector")
    return f"Cannot tell: {many}; why: stanch finding blind --asset {asset}" if names else ""


def _lines(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"{one['id']}  {one['name']}"
    for name, value in one.items():
        if name not in {"id", "name"} and (said := _said(name, value)):
            yield f"{begun(word(name.removesuffix('_minutes')))}: {said}"


def _said(name: str, value: Any) -> str:
    """What one field holds, in words; empty where it says nothing."""
    match value:
        case int() if name == "criticality":
            return word(Criticality(value))
        case int() if name.endswith("_minutes"):
            return f"{value} min"
        case dict() if "name" in value and "type" in value:
            return f"{value['name']} ({value['type']})"
        case dict():
            told = ((word(k), _said(k, v)) for k, v in value.items())
            return "; ".join(f"{k} {said}" for k, said in told if said)
        case list():
            return ", ".join(_said(name, one) for one in value)
        case _:
            return cell(name, value) if value not in ("", None) else ""


def _kept(client: Client, file: Path, one: Document, *, replace: bool) -> dict[str, Any]:
    path = f"/api/v1/assets/{segment(one.id)}" if replace else "/api/v1/assets"
    try:
        return client.send("PUT" if replace else "POST", path, one.text, kind="application/yaml")
    except BadFile as bad:
        raise _in_file(file, bad) from bad


def _in_file(file: Path, bad: BadFile) -> BadFile:
    """What the server says, of the file: it saw only a text, and calls that `asset`."""
    name = re.compile(r"\basset\b(?=:|$)")
    place, says = (name.sub(lambda _: str(file), str(fact)) for fact in bad.facts)
    return BadFile(place, says)
