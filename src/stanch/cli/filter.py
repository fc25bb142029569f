"""stanch filter: filters that people keep under a name, and the lists they give."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any

import typer

from stanch.cli.client import Client, connect, segment
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.cli.times import ago, moment
from stanch.vocabulary.choice import no_such, one_of
from stanch.vocabulary.incident import Level
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.trouble import BadInput, NotFound

app = command("Filters kept under a name: keep, list, show what they give, drop.")
_BASE = "/api/v1/filters"
_MOMENTS = frozenset({"since", "until", "changed_since"})
_ONE = _MOMENTS | {"text", "exercise", "closed", "sort"}
_FIELDS = frozenset(f.name for f in fields(Wanted)) - {"any_of"}
_TRUTH = {"true": True, "false": False}
Which = Annotated[str, typer.Argument(help="The filter's name or id.")]


@app.command("list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List your filters, and those that others share."""
    found = connect(data).get(_BASE)
    rows = [{**one, "wanted": _words(one)} for one in found]
    columns = ("id", "name", "noun", "owner", "shared", "wanted")
    empty = "No filter is kept. Keep one: stanch filter keep --help"
    Out(json=json).table({"items": found}, columns, rows, empty=empty)


@app.command()
def keep(  # noqa: PLR0913  what a filter is made of
    *,
    name: Annotated[str, typer.Argument(help="What to call it.")],
    noun: Annotated[str, typer.Option(help="The list it is for.")] = "incidents",
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="FIELD=VALUE; again for more. 24h ago moves with now."),
    ] = None,
    shared: Annotated[bool, typer.Option("--shared", help="Others see it too.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Keep a filter under a name."""
    wanted, moving = _wanted(where or [])
    body = {"name": name, "noun": noun, "wanted": wanted, "moving": moving, "shared": shared}
    kept = connect(data).send("POST", _BASE, body)
    Out(json=json).show(kept, f"{kept['id']}: {kept['name']}, {_words(kept)}")


@app.command()
def show(*, which: Which, data: Data = None, json: Json = False) -> None:
    """Show what the filter gives now."""
    client = connect(data)
    kept = named(client, which)
    items = list(client.every(f"/api/v1/{kept['noun']}", query_of(kept)))
    rows = [one.get("incident", one) for one in items]
    columns = ("id", "asset", "phase", "state", "kind", "title", "says")
    used = tuple(c for c in columns if any(c in row for row in rows)) or ("id",)
    Out(json=json).table({"filter": kept, "items": items}, used, rows)


@app.command()
def drop(*, which: Which, data: Data = None, json: Json = False) -> None:
    """Let a filter go; only its owner and an admin may."""
    client = connect(data)
    gone = client.send("DELETE", f"{_BASE}/{segment(named(client, which)['id'])}")
    Out(json=json).show(gone, f"{gone['name']} is gone.")


def named(client: Client, which: str) -> dict[str, Any]:
    """The filter with this name or id, or `NotFound`."""
    for one in client.get(_BASE):
        if which in (one["id"], one["name"]):
            return dict(one)
    raise NotFound("filter", which, "filter list")


def query_of(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The filter as the query of its list."""
    if kept["wanted"].get("any_of"):
        raise BadInput("This filter has alternatives (OR); open it in the console.")
    set_ = {k: v for k, v in kept["wanted"].items() if v not in (None, "", [], "usual")}
    return {k: str(v).lower() if isinstance(v, bool) else v for k, v in set_.items()}


def level_of(text: str) -> int:
    """The number of a severity that is written as a word, or as its number."""
    return one_of(Level, text.lower(), "severity").value


def _wanted(given: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What is wanted, and the times of it that are so long ago whenever it is used."""
    from stanch.engine.clock import utc_now  # noqa: PLC0415  only a time asks the clock

    wanted: dict[str, Any] = {}
    moving: dict[str, str] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not value:
            raise BadInput(f"{pair[:60]!r} says nothing. Write FIELD=VALUE, like phase=detected.")
        if name not in _FIELDS:
            raise BadInput(no_such(name, "field of a filter", sorted(_FIELDS)))
        if name in _MOMENTS and ago(value) is not None:
            moving[name] = value
        elif name in _MOMENTS:
            wanted[name] = moment(value, utc_now())
        elif name in _ONE:
            wanted[name] = _TRUTH.get(value, value)
        else:
            wanted.setdefault(name, []).append(level_of(value) if name == "severity" else value)
    return wanted, moving


def _words(kept: Mapping[str, Any]) -> str:
    if kept["query"]:
        return str(kept["query"])
    pairs = {**query_of(kept), **kept["moving"]}.items()
    return (
        ", ".join(f"{k}={'|'.join(map(str, v)) if isinstance(v, list) else v}" for k, v in pairs)
        or "everything"
    )
