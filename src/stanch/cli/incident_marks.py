"""stanch incident marks: what to ask a model that may be a copy, and what its answers say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.files import text_of, unreadable
from stanch.cli.options import Data, Json
from stanch.cli.out import Out
from stanch.contain.mark_files import answers_in, asked_csv
from stanch.vocabulary.trouble import BadFile, BadInput
from stanch.vocabulary.words import counted

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
        to.write_text(asked_csv((i["id"], i["features"]) for i in inputs), encoding="utf-8")
    except OSError as error:
        raise unreadable(to, error) from error
    says = (
        f"{counted(len(inputs), 'input')} to label: {to}. Ask the model for the class of each, "
        f"and keep id and answer as CSV. Then: stanch incident marks {incident} --answers FILE"
    )
    Out(json=json).show({"inputs": len(inputs), "file": str(to)}, says)


def _read(file: Path) -> Mapping[str, str]:
    """The answers by the id of their input."""
    text = text_of(file)
    try:
        return answers_in(text)
    except BadInput as wrong:
        raise BadFile(file, str(wrong)) from wrong
