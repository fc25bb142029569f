"""stanch act: one act by hand, shown before it is done."""

import time
from typing import Annotated, Any

import typer

from stanch.cli.client import Client, connect, segment
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.run import RunState
from stanch.vocabulary.trouble import BadInput

app = command("One act by hand: see what it would change, then have it done.")
_CONSENT = {
    Risk.AUTOMATIC: "It is done at once.",
    Risk.ONE: "It waits for the yes of a person.",
    Risk.TWO: "It waits for the yes of two people.",
}
_PATIENCE, _PAUSE = 10.0, 0.1
"""Seconds that what is done at once is waited for, and between two looks."""
Given = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="What the act takes.")
]


@app.command()
def act(  # noqa: PLR0913  each is a part of the order
    *,
    incident: Annotated[str, typer.Argument(help="The incident it is for.")],
    what: Annotated[str, typer.Argument(metavar="[ACT]", help="Without it: what there is.")] = "",
    given: Given = None,
    why: Annotated[str, typer.Option(help="The reason, which stands in the log.")] = "",
    hours: Annotated[
        float | None,
        typer.Option(help="For how long; else until it is taken back.", min=0.01, max=720),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, then stop.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Show what an act would change and whom it hits, then do exactly that."""
    client, out = connect(data), Out(json=json)
    if not what:
        found = client.get("/api/v1/acts")
        rows = [{**one, "takes": _takes(one["args"])} for one in found]
        out.table({"items": found}, ("id", "takes", "title"), rows)
        return
    path = f"/api/v1/incidents/{segment(incident)}/acts"
    lasts = None if hours is None else round(3600 * hours)
    body = {"act": what, "args": _args(given or []), "why": why, "lasts": lasts}
    shown = client.send("POST", f"{path}/preview", body)
    said = f"{shown['text']}\n{_CONSENT[Risk(shown['risk'])]}"
    if dry_run:
        out.show(shown, said)
        return
    out.say(said)
    run = client.send("POST", path, {**body, "digest": shown["digest"]})
    if Risk(shown["risk"]) is not Risk.AUTOMATIC:
        out.show(run, f"{run['id']} asks for it. See: stanch question list")
        return
    run = _done(client, run)
    after = "" if run["state"] == RunState.DONE else f" See: stanch playbook where {run['id']}"
    out.show(run, f"{run['id']} ({run['state']}): {run['says']}{after}")
    if run["state"] == RunState.FAILED:
        raise typer.Exit(1)


def _done(client: Client, run: dict[str, Any]) -> dict[str, Any]:
    """The run once it is over or waits for something; as it stands where it takes longer."""
    end = time.monotonic() + _PATIENCE
    while run["state"] == RunState.RUNNING and time.monotonic() < end:
        time.sleep(_PAUSE)
        run = client.get(f"/api/v1/runs/{segment(run['id'])}")
    return run


def _args(given: list[str]) -> dict[str, str]:
    parts = [one.partition("=") for one in given]
    for name, equals, _ in parts:
        if not equals:
            raise BadInput(f"{name!r} says nothing. Write name=value, like principals=key-91.")
    return {name: value for name, _, value in parts}


def _takes(args: list[dict[str, Any]]) -> str:
    """The arguments as one types them; those that may be left out in brackets."""
    words = (f"{one['name']}={'A,B' if one['many'] else 'X'}" for one in args)
    return " ".join(
        word if one["needed"] else f"[{word}]" for word, one in zip(words, args, strict=True)
    )
