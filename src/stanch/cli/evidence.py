"""stanch evidence: list, export and verify."""

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from stanch import settings
from stanch.cli.client import connect, running_on, segment
from stanch.cli.nothing import nothing
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.cli.times import Since, moment
from stanch.cli.vault import sealed
from stanch.vocabulary.trouble import AlreadyThere, BadInput
from stanch.vocabulary.words import size as size_of

app = command("List, export and verify evidence.")

_COULD_NOT_TELL = 2
_KEPT = "Give what /log/checkpoint answered earlier, or log/checkpoint of an earlier bundle."


@app.command("list")
def list_(  # noqa: PLR0913  the filters of a list
    *,
    incident: Annotated[str, typer.Option(help="Only items of this incident.")] = "",
    kind: Annotated[str, typer.Option(help="Only of this kind, as `finding`.")] = "",
    text: Annotated[str, typer.Option(help="Only with these words.")] = "",
    since: Since = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    data: Data = None,
    json: Json = False,
) -> None:
    """List what is in the vault, newest first."""
    from stanch.engine.clock import utc_now  # noqa: PLC0415  only a time asks the clock

    client = connect(data)
    asked = {"incident": incident, "kind": kind, "text": text, "since": moment(since, utc_now())}
    every = client.every("/api/v1/evidence", {k: v for k, v in asked.items() if v})
    items = list(islice(every, limit))
    more = next(every, None) is not None
    columns = ("id", "incident", "kind", "name", "size", "taken", "by", "sealed", "log_index")
    rows = [{**one, "sealed": sealed(one)} for one in items]
    usual = "Nothing was taken into evidence yet. Keep what an asset is now: stanch freeze ASSET"
    empty = nothing(client, items, usual, incident=incident)
    out = Out(json=json)
    out.table({"items": items}, columns, rows, empty=empty)
    if more:
        # Said beside a document, too: what is evidence must not seem to be all there is.
        out.say(f"These are the newest {limit}. More of them: --limit N.")


@app.command()
def export(
    *,
    incident: Annotated[str, typer.Argument(help="The incident's id, or `all` for everything.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    since: Annotated[
        str,
        typer.Option(
            help="A checkpoint that the receiver kept (a file), or its size: adds the proof "
            "that nothing before it was rewritten."
        ),
    ] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Write all evidence of an incident into one file that verifies offline."""
    if output.exists():
        raise AlreadyThere("The file", str(output))
    out = Out(json=json)
    path = f"/api/v1/incidents/{segment(incident)}/bundle"
    if since:
        path += f"?since={_size_of(since)}"
    size = connect(data).save("POST", path, output)
    kept = f" --remembered {since}" if since and not since.isdecimal() else ""
    out.show(
        {"file": str(output), "size": size, "incident": incident},
        f"{output}: {size_of(size)}. Check it anywhere with: stanch evidence verify {output}{kept}",
    )


def _size_of(since: str) -> int:
    """The size of a checkpoint, or of the one in this file."""
    if since.isdecimal():
        return int(since)
    from stanch.store.verify import Bad, parse_checkpoint  # noqa: PLC0415  needs no server

    try:
        return parse_checkpoint(_read(Path(since))).size
    except Bad as bad:
        raise BadInput(f"{since} is no checkpoint: {bad.args[1]}. {_KEPT}") from bad


def _read(kept: Path) -> str:
    try:
        return kept.read_text("utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text"
        raise BadInput(f"{kept} cannot be read: {why}. {_KEPT}") from error


@app.command()
def verify(
    *,
    file: Annotated[
        Path | None, typer.Argument(help="A bundle or a copy of a log; else this data folder.")
    ] = None,
    pin: Annotated[
        list[str] | None, typer.Option("--pin", help="A fingerprint that the keys must have.")
    ] = None,
    remembered: Annotated[
        Path | None, typer.Option(help="A checkpoint that you kept, which FILE must continue.")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Check a bundle, or this data folder's whole log and vault."""
    out = Out(json=json)
    if file is not None:
        from stanch.store.verify import examine  # noqa: PLC0415  needs no server and no extra

        told = examine(file, tuple(pin or ()), _read(remembered) if remembered else "")
    elif remembered is not None:
        raise BadInput("A remembered checkpoint is held against a bundle or a log: name its file.")
    else:
        told = _folder(data)
    holds = told["holds"]
    out.show(told, str(told["says"]))
    if not holds:
        raise typer.Exit(_COULD_NOT_TELL if holds is None else 1)


def _folder(data: Path | None) -> dict[str, object]:
    """What checking the data folder says: by its server when one runs, else here."""
    folder = data or settings.from_environment().data
    if running_on(folder) is not None:
        told: dict[str, object] = connect(folder).patient().get("/api/v1/evidence-check")
        return told
    from stanch.app import verify_folder  # noqa: PLC0415  the server's parts, only when needed

    return verify_folder(folder)
