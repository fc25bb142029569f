"""stanch measures: how well incidents were found and answered."""

from collections.abc import Mapping
from datetime import datetime
from itertools import dropwhile
from typing import Annotated, Any

import typer

from stanch.cli.client import connect
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.words import counted

app = command("How well incidents were found and answered, week by week.")
_HOUR, _MINUTE = 3600, 60
_COLUMNS = (
    *("from", "incidents", "attacks", "natural", "faults", "undecided"),
    *("contained", "unaided", "late", "to_open", "to_contain", "worst"),
)


@app.command()
def measures(
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="How long a period is.")] = 7,
    count: Annotated[int, typer.Option(min=1, max=104, help="How many periods.")] = 12,
    exercises: Annotated[bool, typer.Option(help="Those of drills, not of real life.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """List the periods since the first incident, oldest first; times are medians and the worst."""
    query = {"days": days, "count": count, "exercise": str(exercises).lower()}
    periods = connect(data).get("/api/v1/measures", query)
    out, kind = Out(json=json), "exercise" if exercises else "incident"
    shown = list(dropwhile(lambda one: not one["incidents"], periods))
    empty = f"No {kind} in {counted(count, 'period')} of {counted(days, 'day')}."
    rows = [_row(one) for one in shown]
    out.table({"items": periods}, _COLUMNS, rows, empty=f"{empty} Look further back with --count.")
    if 0 < len(shown) < len(periods):
        out.say(f"No {kind} in the {counted(len(periods) - len(shown), 'period')} before.")


def _row(one: Mapping[str, Any]) -> Mapping[str, Any]:
    start = datetime.fromisoformat(one["span"]["start"])
    return {
        **one,
        "from": f"{start:%Y-%m-%d}",
        "to_open": _told(one["to_open"], "median"),
        "to_contain": _told(one["to_contain"], "median"),
        "worst": _told(one["to_contain"], "worst"),
    }


def _told(times: Mapping[str, Any], which: str) -> str | None:
    if not times["count"]:
        return None
    seconds = float(times[which])
    if seconds >= _HOUR:
        return f"{seconds / _HOUR:.1f} h"
    return f"{seconds / _MINUTE:.0f} min" if seconds >= 2 * _MINUTE else f"{seconds:.1f} s"
