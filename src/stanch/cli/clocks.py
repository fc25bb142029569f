"""stanch clocks: duties to tell somebody something, and how long there is left."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from stanch.cli.client import Client, connect
from stanch.cli.nothing import nothing
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.words import left

app = command("Duties to tell somebody something, and how long there is left.")


@app.command()
def clocks(
    *,
    incident: Annotated[str, typer.Option(help="Only those of this incident.")] = "",
    state: Annotated[
        ClockState | None,
        typer.Option(help="Only those in this state; by itself what is owed, in time or late."),
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """List duties with their deadlines, soonest first; 1 when one is past its time."""
    from stanch.engine.clock import utc_now  # noqa: PLC0415  only a question of time asks the clock

    client = connect(data)
    items = _owed(client, incident) if state is None else _in_state(client, incident, state)
    now = utc_now()
    rows = [{**one, "left": _left(one, now)} for one in items]
    columns = ("due", "left", "state", "incident", "duty", "law")
    empty = nothing(client, items, f"No duty is {state or 'owed'}.", incident=incident)
    Out(json=json).table({"items": items}, columns, rows, empty=empty)
    if any(_open(one) and _due(one) < now for one in items):
        raise typer.Exit(1)


def _in_state(client: Client, incident: str, state: ClockState) -> list[dict[str, Any]]:
    query = {"incident": incident, "state": str(state)}
    return list(client.every("/api/v1/clocks", {k: v for k, v in query.items() if v}))


def _owed(client: Client, incident: str) -> list[dict[str, Any]]:
    """What runs, and what is past its time and not done while its incident is open."""
    late = [one for one in _in_state(client, incident, ClockState.MISSED) if _open(one)]
    running = _in_state(client, incident, ClockState.RUNNING)
    if not late:
        return running
    every = client.every("/api/v1/incidents", {"closed": "false"})
    live = {one["incident"]["id"] for one in every}
    return [*(one for one in late if one["incident"] in live), *running]


def _open(one: Mapping[str, Any]) -> bool:
    """Whether it is still to be done."""
    late = one["state"] == ClockState.MISSED and one["met"] is None
    return late or one["state"] == ClockState.RUNNING


def _due(one: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(one["due"])


def _left(one: Mapping[str, Any], now: datetime) -> str:
    return "" if not _open(one) else left(_due(one), now)
