"""stanch playbook runs, where, pause, step, go, cancel: playbooks at work, and people's word."""

from pathlib import Path
from typing import Annotated, Any

import typer

from stanch.cli.client import Client, connect, segment
from stanch.cli.fitting import fitted
from stanch.cli.nothing import nothing
from stanch.cli.options import Data, Json
from stanch.cli.out import Out
from stanch.contain.playbook.condition_words import awaited
from stanch.vocabulary.run import OVER, WISHED, Wish
from stanch.vocabulary.words import counted, when

Which = Annotated[str, typer.Argument(help="The run's id.")]
_ASKED = "an answer to "


def add(app: typer.Typer) -> None:
    """Adds these commands to `stanch playbook`."""
    for one in (runs, where, pause, step, go, cancel):
        app.command()(one)


def runs(
    *,
    incident: Annotated[str, typer.Option(help="Only those on this incident.")] = "",
    state: Annotated[str, typer.Option(help="Only those that are waiting, paused, done, ...")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """List runs: where each stands and what it waits for."""
    client = connect(data)
    found = list(client.every("/api/v1/runs", {"incident": incident, "state": state}))
    rows = [
        {
            **one,
            "waits": "; ".join(map(awaited, one["waits_for"]))[:60],
            "until": one["wake"],
        }
        for one in found
    ]
    columns = ("id", "state", "playbook", "incident", "step", "waits", "until")
    usual = "No playbook has run. One begins by itself once a verdict names a kind of incident."
    empty = nothing(client, found, usual, incident=incident)
    Out(json=json).table({"items": found}, columns, rows, empty=empty)


def where(*, run: Which, data: Data = None, json: Json = False) -> None:
    """Show where a run stands, what it waits for and why."""
    client = connect(data)
    found = client.get(f"/api/v1/runs/{segment(run)}")
    Out(json=json).show(found, fitted("\n".join(_lines(client, found))))


def pause(*, run: Which, data: Data = None, json: Json = False) -> None:
    """Hold a run before its next step."""
    _wish(run, "pause", (data, json))


def step(*, run: Which, data: Data = None, json: Json = False) -> None:
    """Let a paused run take one step."""
    _wish(run, "step", (data, json))


def go(*, run: Which, data: Data = None, json: Json = False) -> None:
    """Let a paused run go on."""
    _wish(run, "go", (data, json))


def cancel(
    *,
    run: Which,
    undo: Annotated[bool, typer.Option(help="Take back what it did, latest first.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """End a run; what it did stays, unless it is to be taken back."""
    _wish(run, "cancel and undo" if undo else "cancel", (data, json))


def _wish(run: str, wish: str, how: tuple[Path | None, bool]) -> None:
    data, json = how
    client = connect(data)
    found = client.send("POST", f"/api/v1/runs/{segment(run)}/wish", {"wish": wish})
    says = WISHED[Wish(wish)] or "It goes on."
    Out(json=json).show(found, f"{found['id']} ({found['state']}): {says}")


def _lines(client: Client, run: dict[str, Any]) -> list[str]:
    """A run in words."""
    made = [
        f"{run['id']}: {run['playbook']} on {run['asset']} for {run['incident']}, by {run['by']}",
        run["state"]
        + (f" at {run['step']}" if run["step"] else "")
        + (f": {run['says']}" if run["says"] else "."),
        f"{counted(run['done'], 'step')} taken since {when(run['started'])}.",
    ]
    if run["state"] not in OVER and (wished := WISHED[Wish(run["wish"])]):
        made.append(wished)
    for one in run["waits_for"]:
        made.append(f"It waits for {awaited(one)}.")
        if one.startswith(_ASKED):
            asked = client.get(f"/api/v1/approvals/{segment(one.removeprefix(_ASKED))}")
            default = "yes" if asked["if_silent"] else "no"
            made.append(f"  {asked['shown']}".replace("\n", "\n  "))
            made.append(f"  Of {asked['role']}; silence means {default}.")
    if run["wake"]:
        made.append(f"It goes on by itself at {when(run['wake'])} at the latest.")
    return made
