"""stanch act: one act by hand, shown before it is done."""

import re
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
_DN = re.compile(r'[A-Za-z][\w.-]*=[^",=]+(,\s*[A-Za-z][\w.-]*=[^",=]+)+')
"""The name of a certificate, as `CN=scorer,O=Bank`: nobody has three callers of such names."""
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
        for one in found if not json else ():
            if one["narrower"]:
                out.say(f"Before {one['id']} try: {', '.join(one['narrower'])}.")
        return
    path = f"/api/v1/incidents/{segment(incident)}/acts"
    lasts = None if hours is None else round(3600 * hours)
    args = _args(given or [], _lists(client.get("/api/v1/acts"), what))
    body = {"act": what, "args": args, "why": why, "lasts": lasts}
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


def _args(given: list[str], lists: frozenset[str]) -> dict[str, str | list[str]]:
    """Each argument; a list that is given again and again has each as one name, and so has one
    that is the name of a certificate, commas and all.
    """
    found: dict[str, list[str]] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise BadInput(f"{one!r} says nothing. Write name=value, like principals=key-91.")
        found.setdefault(name, []).append(value)
    for name in (n for n, values in found.items() if len(values) > 1 and n not in lists):
        raise BadInput(f"{name} is given twice. Give it once.")
    listed = {n for n, v in found.items() if len(v) > 1 or (n in lists and _DN.fullmatch(v[0]))}
    return {name: values if name in listed else values[0] for name, values in found.items()}


def _lists(acts: list[dict[str, Any]], what: str) -> frozenset[str]:
    """The arguments of this act that are lists of names."""
    return frozenset(
        one["name"] for act in acts if act["id"] == what for one in act["args"] if one["many"]
    )


def _takes(args: list[dict[str, Any]]) -> str:
    """The arguments as one types them; those that may be left out in brackets."""
    words = (f"{one['name']}={'A,B' if one['many'] else 'X'}" for one in args)
    return " ".join(
        word if one["needed"] else f"[{word}]" for word, one in zip(words, args, strict=True)
    )
