"""stanch playbook: what is done about each kind of incident, as data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.trouble import BadFile, NotFound

if TYPE_CHECKING:
    from stanch.contain.playbook.written import Written

app = command("What is done about each kind of incident: list, read, check, run, exchange.")
Which = Annotated[str, typer.Argument(help="The playbook's id.")]


@app.command("list")
def list_(*, json: Json = False) -> None:
    """List the playbooks."""
    from stanch.engine.runs.library import shipped  # noqa: PLC0415  the library, only when needed

    books = [one.playbook for _, one in sorted(shipped().items())]
    rows = [{"id": b.id, "steps": len(b.steps), "title": b.title} for b in books]
    Out(json=json).table({"items": rows}, ("id", "steps", "title"), rows)


@app.command()
def show(*, playbook: Which, json: Json = False) -> None:
    """Show a playbook as its author wrote it."""
    from stanch.contain.playbook.written import written  # noqa: PLC0415  only when needed

    text = written(_book(playbook).playbook)
    Out(json=json).show({"id": playbook, "text": text}, text)


@app.command()
def validate(
    *,
    file: Annotated[Path, typer.Argument(help="The playbook's YAML.")],
    json: Json = False,
) -> None:
    """Check a playbook; each mistake with its line."""
    from stanch.contain.playbook.check import checked  # noqa: PLC0415  only when needed
    from stanch.engine.runs.library import every_act  # noqa: PLC0415  likewise

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(file, f"cannot be read ({error})") from error
    book = checked(text, str(file), every_act()).playbook
    found = {"id": book.id, "steps": len(book.steps), "good": True}
    Out(json=json).show(found, f"{book.id} is good: {len(book.steps)} steps.")


@app.command()
def run(
    *,
    playbook: Which,
    incident: Annotated[str, typer.Argument(help="The incident to run it on.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Run a playbook on an incident."""
    path = f"/api/v1/playbooks/{segment(playbook)}/runs"
    begun = connect(data).send("POST", path, {"incident": incident})
    Out(json=json).show(begun, f"{begun['id']} is {begun['state']}: {begun['says']}")


@app.command()
def export(*, playbook: Which, json: Json = False) -> None:
    """Write a playbook as CACAO 2.0 JSON."""
    import msgspec  # noqa: PLC0415  only when needed

    from stanch.contain.playbook.cacao_out import Origin, exported  # noqa: PLC0415  likewise
    from stanch.engine.clock import utc_now  # noqa: PLC0415  likewise

    at = utc_now()
    document = exported(_book(playbook).playbook, Origin(created=at, modified=at))
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    Out(json=json).show(document, text)


def _book(playbook: str) -> "Written":
    from stanch.engine.runs.library import shipped  # noqa: PLC0415  only when needed

    found = shipped().get(playbook)
    if found is None:
        raise NotFound("playbook", playbook[:64], "playbook")
    return found
