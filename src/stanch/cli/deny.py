"""stanch deny: a no to a question."""

from typing import Annotated

import typer

from stanch.cli.approve import answer
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out

app = command("Say no to a question.")


@app.command()
def deny(
    *,
    approval: Annotated[str, typer.Argument(help="The question's id.")],
    why: Annotated[str, typer.Option(help="The reason, which stands in the log.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Say no to what the question shows now."""
    answer(approval, yes=False, why=why, out=Out(json=json), data=data)
