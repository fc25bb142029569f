"""stanch hunt: questions to the events of all time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from stanch.cli.client import connect
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.cli.times import Since, moment
from stanch.engine.ending import meaning

app = command("Search the events of all time.")

_LEFT = "You left before the answer, and the server stops looking."
_MOST = 10_000
_COLUMNS = ("when", "kind", "principal", "version", "prediction", "status", "id")


@app.command()
def hunt(  # noqa: PLR0913  each is an option of the command
    *,
    asset: Annotated[str, typer.Option("--asset", help="The asset's id.")],
    where: Annotated[
        str, typer.Option(help="A condition on the columns of events, text in single quotes.")
    ] = "",
    since: Since = "",
    until: Annotated[str, typer.Option(help="Up to here, written likewise.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many rows at most.")] = 100,
    count: Annotated[bool, typer.Option("--count", help="Only how many match.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Search the events of one asset, newest first."""
    from stanch.engine.clock import utc_now  # noqa: PLC0415  only when it is asked

    out = Out(json=json)
    now = utc_now()
    span = {"since": moment(since, now), "until": moment(until, now)}
    asked = {"asset": asset, "where": where, **span}
    client = connect(data).patient()
    if count:
        with _answered(out, f"counting in {asset}"):
            found = client.get("/api/v1/hunt/count", asked)
        out.show(found, str(found["count"]))
        return
    with _answered(out, f"searching in {asset}"):
        rows = client.get("/api/v1/hunt", {**asked, "limit": limit})
    shown = [{**one, "when": one.get("ts")} for one in rows]
    out.table({"rows": rows}, _COLUMNS, shown, empty="No event matches.")
    if len(rows) == limit and not json:
        out.say(f"These are the newest {limit}. How many match: --count. More of them: --limit N.")


@contextmanager
def _answered(out: Out, what: str) -> Iterator[None]:
    """Shows what is waited for; whoever leaves is told that nothing goes on."""
    with meaning(lambda: _LEFT), out.waiting(what):
        yield
