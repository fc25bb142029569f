"""stanch clocks: duties to tell somebody something, and how long there is left."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from stanch.cli.client import connect
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.words import left

app = command("Duties to tell somebody something, and how long there is left.")


@app.command()
def clocks(
    *,
    incident: Annotated[str, typer.Option(help="Only those of this incident.")] = "",
    state: Annotated[ClockState, typer.Option(help="Only those in this state.")] = (
        ClockState.RUNNING
    ),
    data: Data = None,
    json: Json = False,
) -> None:
    """List duties with their deadlines, soonest first; 1 when one is past its time."""
    from stanch.engine.clock import utc_now  # noqa: PLC0415  only a question of time asks the clock

    query = {"incident": incident, "state": state}
    items = list(connect(data).every("/api/v1/clocks", {k: v for k, v in query.items() if v}))
    now = utc_now()
    rows = [{**one, "left": _left(one, now)} for one in items]
    columns = ("due", "left", "state", "incident", "duty", "law")
    Out(json=json).table({"items": items}, columns, rows, empty=f"No duty is {state}.")
    if any(one["state"] == ClockState.RUNNING and _due(one) < now for one in items):
        raise typer.Exit(1)


def _due(one: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(one["due"])


def _left(one: Mapping[str, Any], now: datetime) -> str:
    if one["state"] != ClockState.RUNNING:
        return ""
    return left(_due(one), now)
