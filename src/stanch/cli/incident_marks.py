"""stanch incident marks: what to ask a model that may be a copy, and what its answers say."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from stanch.cli.client import connect, segment
from stanch.cli.files import text_of, unreadable
from stanch.cli.options import Data, Json
from stanch.cli.out import Out
from stanch.vocabulary.trouble import BadFile, BadInput

_ONE = "Give -o FILE for the inputs to ask, or --answers FILE with what the model said."


def marks(
    *,
    incident: Annotated[str, typer.Argument(help="The incident's id.")],
    to: Annotated[
        Path | None, typer.Option("-o", "--to", help="Where to write the inputs, as CSV.")
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(help="What the suspect model answers: CSV with the columns id and answer."),
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Tell whether a model is a copy made of marked answers: write what to ask it, then judge."""
    if to is not None and answers is not None:
        raise BadInput(_ONE)
    client, path = connect(data), f"/api/v1/incidents/{segment(incident)}/marks"
    if answers is not None:
        found = client.send("POST", path, {"answers": _read(answers)})
        Out(json=json).show(found, found["says"])
        return
    if to is None:
        raise BadInput(_ONE)
    inputs = client.get(path)
    try:
        to.write_text(_written(inputs), encoding="utf-8")
    except OSError as error:
        raise unreadable(to, error) from error
    says = (
        f"{len(inputs)} inputs are in {to}. Ask the model for the class of each, and keep id and "
        f"answer as CSV. Then: stanch incident marks {incident} --answers FILE"
    )
    Out(json=json).show({"inputs": len(inputs), "file": str(to)}, says)


def _written(inputs: Iterable[Mapping[str, Any]]) -> str:
    """The inputs as CSV: their id, then their numbers in the asset's order of features."""
    made, rows = io.StringIO(), list(inputs)
    widest = max((len(one["features"]) for one in rows), default=0)
    table = csv.writer(made, lineterminator="\n")
    table.writerow(["id", *(f"f{n}" for n in range(widest))])
    table.writerows([one["id"], *one["features"]] for one in rows)
    return made.getvalue()


def _read(file: Path) -> dict[str, str]:
    """The answers by the id of their input."""
    table = csv.DictReader(io.StringIO(text_of(file).lstrip("\ufeff")))
    if not {"id", "answer"} <= set(table.fieldnames or ()):
        raise BadFile(file, "needs the columns id and answer.")
    return {str(row["id"]): str(row["answer"] or "").strip() for row in table}
