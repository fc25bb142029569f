"""stanch freeze: keeps what an asset is now, before anybody changes it."""

from typing import Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out

app = command("Keep what an asset is right now as evidence.")


@app.command()
def freeze(
    *,
    asset: Annotated[str, typer.Argument(help="The asset's id.")],
    incident: Annotated[str, typer.Option(help="The incident it belongs to.")] = "",
    minutes: Annotated[int, typer.Option(help="How far back its events go.", min=1)] = 60,
    data: Data = None,
    json: Json = False,
) -> None:
    """Keep an asset, its policy, baselines, counts and latest events in the vault and the log."""
    body = {"incident": incident or None, "minutes": minutes}
    path = f"/api/v1/assets/{segment(asset)}/freeze"
    items = connect(data).send("POST", path, body)
    Out(json=json).table({"items": items}, ("id", "kind", "name", "size", "digest"), items)
