"""stanch connector: the systems outside, how people are reached, and the file that says so."""

from pathlib import Path
from typing import Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.files import text_of
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out

app = command("Systems outside and channels to people: list, check, set, test, take back.")
_BASE = "/api/v1/connectors"
_NONE = "Nothing outside is set up, and nobody is called. An example: stanch connector show"
_UNWRITTEN = """\
Nothing is written down yet. Write a file like this, then: stanch connector set FILE

systems:
  registry: {connector: mlflow, address: "http://tracking.example.org:5000"}
"""
_YAML = "application/yaml"
File = Annotated[Path, typer.Argument(help="The connectors file, YAML.")]
Seen = Annotated[
    str, typer.Option("--seen", help="The digest that `show --json` gave; refused if it moved on.")
]


@app.command("list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List the systems outside, and how each person is reached."""
    found, out = connect(data).get(_BASE), Out(json=json)
    rows = [
        *({**one, "for": ", ".join(one["uses"]) or "nothing yet"} for one in found["systems"]),
        *(
            {"name": one["who"], "connector": "person", "address": ", ".join(one["channels"])}
            for one in found["people"]
        ),
    ]
    shown = {"systems": found["systems"], "people": found["people"], "fault": found["fault"]}
    columns = ("name", "connector", "address", "for")
    out.table(shown, columns, rows, empty=_NONE)
    if found["fault"]:
        out.say(f"The file was changed and is not in force: {found['fault']}")


@app.command()
def show(*, data: Data = None, json: Json = False) -> None:
    """Show the file as it is written; passwords in it are not."""
    found = connect(data).get(_BASE)
    kept = {name: found[name] for name in ("text", "digest", "fault")}
    out = Out(json=json)
    out.show(kept, found["text"])
    if not found["text"]:
        out.say(_UNWRITTEN)


@app.command()
def check(*, file: File, json: Json = False) -> None:
    """Check a file without a server; a mistake with its line."""
    from stanch.app.outside import plan_of  # noqa: PLC0415  only when needed

    plan = plan_of(text_of(file), str(file))
    named = list(plan.systems)
    says = f"{file} is good: {', '.join(named) or 'nothing is set up'}."
    Out(json=json).show({"good": True, "systems": named}, says)


@app.command("set")
def set_(*, file: File, seen: Seen = "", data: Data = None, json: Json = False) -> None:
    """Put a file into force at once, in place of the one there."""
    query = {"seen": seen} if seen else None
    made = connect(data).send("PUT", _BASE, text_of(file).encode(), kind=_YAML, query=query)
    Out(json=json).show(made, f"Version {made['version']} is in force.")


@app.command("test")
def call_on(
    *,
    system: Annotated[str, typer.Argument(help="The system's name.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Call on a system, which changes nothing there; exit 1 when it does not answer."""
    said = connect(data).send("POST", f"{_BASE}/{segment(system)}/test")
    Out(json=json).show(said, f"{said['name']}: {said['says']}")
    if not said["good"]:
        raise typer.Exit(1)


@app.command("try")
def try_(
    *,
    who: Annotated[str, typer.Argument(help="The person; '*' is everybody else.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Send a person a trial notice by each channel; exit 1 when one does not take it."""
    said = connect(data).send("POST", f"{_BASE}/people/{segment(who)}")
    Out(json=json).show(said, "\n".join(f"{one['name']}: {one['says']}" for one in said))
    if not all(one["good"] for one in said):
        raise typer.Exit(1)


@app.command()
def versions(*, data: Data = None, json: Json = False) -> None:
    """List every version of the file that was in force."""
    found = connect(data).get(f"{_BASE}/versions")
    columns = ("version", "at", "by", "digest")
    Out(json=json).table({"items": found}, columns, found, empty=_NONE)


@app.command()
def restore(
    *,
    version: Annotated[int, typer.Argument(help="Its number, as `versions` lists it.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Put the file back as an earlier version had it."""
    made = connect(data).send("POST", f"{_BASE}/versions/{version}")
    Out(json=json).show(made, f"Version {version} is in force again, as version {made['version']}.")
