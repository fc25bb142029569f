"""stanch site: the edge sites that may send their counts here."""

from typing import Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.cli.times import ago
from stanch.vocabulary.trouble import BadInput

app = command("Edge sites that may send their counts: add, list, away, revoke.")
_BASE = "/api/v1/sites"
Which = Annotated[str, typer.Argument(help="The site's name.")]
_MINUTES = {"m": 1, "h": 60, "d": 1440}
_USUAL = "12m"


@app.command()
def add(  # noqa: PLR0913  what a site is
    *,
    site: Which,
    public: Annotated[str, typer.Option("--public", help="What `stanch edge key` said there.")],
    asset: Annotated[list[str], typer.Option("--asset", help="What it may speak of; again.")],
    away: Annotated[str, typer.Option(help="How long it may be cut off: 12m, 6h, 2d.")] = _USUAL,
    data: Data = None,
    json: Json = False,
) -> None:
    """Let a site send counts of these assets; a revoked one may be added again."""
    body = {"id": site, "public": public, "assets": asset, "away": _minutes(away)}
    made = connect(data).send("POST", _BASE, body)
    Out(json=json).show(
        made,
        f"{made['id']} may speak of {', '.join(made['assets'])}, and be cut off for {away}: what "
        f"is older then stays there. "
        f"Give it a key: stanch key create --scope ingest --name {made['id']}",
    )


@app.command("list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List the sites, and how far each has come."""
    found = connect(data).get(_BASE)
    columns = ("id", "assets", "number", "heard", "away", "added", "by", "revoked")
    empty = "No edge site may send its counts. Let one: stanch site add --help"
    rows = [{**one, "away": _spelled(one["away"])} for one in found]
    Out(json=json).table({"items": found}, columns, rows, empty=empty)


@app.command()
def away(
    *,
    site: Which,
    long: Annotated[str, typer.Argument(help="How long it may be cut off: 12m, 6h, 2d.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Say how long a site may be cut off; what it counted meanwhile comes when it is back."""
    path = f"{_BASE}/{segment(site)}/away"
    made = connect(data).send("PUT", path, {"away": _minutes(long)})
    said = f"{made['id']} may be cut off for {_spelled(made['away'])}; it knows within a minute."
    Out(json=json).show(made, said)


@app.command()
def revoke(*, site: Which, data: Data = None, json: Json = False) -> None:
    """Take nothing in from a site any more; what it sent stays counted."""
    gone = connect(data).send("DELETE", f"{_BASE}/{segment(site)}")
    Out(json=json).show(gone, f"Nothing of {gone['id']} is taken in any more.")


def _minutes(text: str) -> int:
    long = ago(text)
    if long is None:
        raise BadInput(f"{text[:40]!r} is no stretch of time. Write 12m, 6h or 2d.")
    return int(long.total_seconds() // 60)


def _spelled(minutes: int) -> str:
    """The minutes in the largest unit that they are whole in."""
    unit = next(u for u in ("d", "h", "m") if minutes % _MINUTES[u] == 0)
    return f"{minutes // _MINUTES[unit]}{unit}"
