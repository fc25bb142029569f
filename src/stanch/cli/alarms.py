"""stanch alarms: how often an alarm may be false, and how many of the innocent may be named."""

from typing import Annotated, Any

import typer

from stanch.cli.client import connect
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out

app = command("How often an alarm, or a name, may be wrong: show, set, names.")
_PATH = "/api/v1/alarms"
_NAMES = f"{_PATH}/names"


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


@app.command()
def names(
    *,
    one_in: Annotated[
        float | None,
        typer.Argument(help="At most one in so many of the innocent is named; shows without it."),
    ] = None,
    within: Annotated[float, typer.Option(help="In so many days.")] = 1.0,
    usual: Annotated[bool, typer.Option("--usual", help="Go back to what the server has.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Show or set how many of the innocent may be named wrongly, and in what time."""
    there = connect(data)
    if one_in is None and not usual:
        found = there.get(_NAMES)
        rows = [_named("all others" if found["assets"] else "all", found)]
        for asset, asked in found["assets"].items():
            own = {"asked": asked, "by": "the inventory", "at": None}
            rows.insert(-1, _named(asset, own))
        Out(json=json).table(found, ("asset", "wrongly named", "by", "since"), rows)
        return
    wanted = {"one_in": None if usual else one_in, "within_days": within}
    made = there.send("PUT", _NAMES, wanted)
    own = ", ".join(made["assets"])
    besides = f" Those with their own keep it: {own}." if own else ""
    Out(json=json).show(made, f"Wrongly named is {_how_many(made)}.{besides}")


def _named(asset: str, holds: dict[str, Any]) -> dict[str, Any]:
    by = holds["by"] or "nobody, it is the usual"
    return {"asset": asset, "wrongly named": _how_many(holds), "by": by, "since": holds["at"]}


def _how_many(holds: dict[str, Any]) -> str:
    asked = holds["asked"]
    if asked is None:
        return f"somebody once in {holds['windows']:g} windows by each detector, at most"
    days = asked["within_days"]
    time = "a day" if days == 1 else f"{days:g} days"
    return f"at most one in {asked['one_in']:g} of the innocent principals in {time}"


def _row(asset: str, holds: dict[str, Any]) -> dict[str, Any]:
    number = f"{holds['false_alarms_per_year']:g}"
    by = holds["by"] or "nobody, it is the usual"
    return {"asset": asset, "false_alarms_per_year": number, "by": by, "since": holds["at"]}


def _number(made: dict[str, Any]) -> str:
    per_year = made["false_alarms_per_year"]
    return "1 false alarm a year" if per_year == 1 else f"{per_year:g} false alarms a year"
