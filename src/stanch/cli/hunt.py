"""stanch hunt: questions to the events of all time."""

from typing import Annotated

import typer

from stanch.cli.client import connect
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out

app = command("Search the events of all time.")

_COLUMNS = ("when", "kind", "principal", "version", "prediction", "status", "id")


@app.command()
def hunt(  # noqa: PLR0913  each is an option of the command
    *,
    asset: Annotated[str, typer.Option("--asset", help="The asset's id.")],
    where: Annotated[
        str, typer.Option(help="A condition on the columns of events, text in single quotes.")
    ] = "",
    since: Annotated[str, typer.Option(help="From this time on, like 2026-11-21T08:00Z.")] = "",
    until: Annotated[str, typer.Option(help="Up to this time.")] = "",
    limit: Annotated[int, typer.Option(help="How many rows at most.")] = 100,
    count: Annotated[bool, typer.Option("--count", help="Only how many match.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Search the events of one asset, newest first."""
    out = Out(json=json)
    asked = {"asset": asset, "where": where, "since": since, "until": until}
    if count:
        found = connect(data).get("/api/v1/hunt/count", asked)
        out.show(found, str(found["count"]))
        return
    rows = connect(data).get("/api/v1/hunt", {**asked, "limit": limit})
    shown = [{**one, "when": one.get("ts")} for one in rows]
    out.table({"rows": rows}, _COLUMNS, shown, empty="No event matches.")
