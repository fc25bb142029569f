"""stanch alarms: how often an alarm may be false."""

from typing import Annotated, Any

import typer

from stanch.cli.client import connect
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out

app = command("How often an alarm may be false: show, set.")
_PATH = "/api/v1/alarms"


@app.command()
def show(*, data: Data = None, json: Json = False) -> None:
    """Show how many false alarms a year an asset may raise while nothing changes."""
    found = connect(data).get(_PATH)
    rows = [_row("all others" if found["assets"] else "all", found)]
    for asset, number in found["assets"].items():
        own = {"false_alarms_per_year": number, "by": "the inventory", "at": None}
        rows.insert(-1, _row(asset, own))
    Out(json=json).table(found, ("asset", "false_alarms_per_year", "by", "since"), rows)


@app.command("set")
def set_(
    *,
    per_year: Annotated[float, typer.Argument(help="False alarms of an asset in a year.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Have it so from now on; more finds weaker changes, fewer disturbs less."""
    made = connect(data).send("PUT", _PATH, {"false_alarms_per_year": per_year})
    own = ", ".join(made["assets"])
    besides = f" Those with a number of their own keep it: {own}." if own else ""
    said = f"An asset under no change raises {_number(made)} at most.{besides}"
    Out(json=json).show(made, said)


def _row(asset: str, holds: dict[str, Any]) -> dict[str, Any]:
    number = f"{holds['false_alarms_per_year']:g}"
    by = holds["by"] or "nobody, it is the usual"
    return {"asset": asset, "false_alarms_per_year": number, "by": by, "since": holds["at"]}


def _number(made: dict[str, Any]) -> str:
    per_year = made["false_alarms_per_year"]
    return "1 false alarm a year" if per_year == 1 else f"{per_year:g} false alarms a year"
