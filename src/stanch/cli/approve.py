"""stanch approve: a yes to a question, bound to what is shown."""

from typing import Annotated

import typer

from stanch.cli.client import connect, segment
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out

app = command("Say yes to a question.")


@app.command()
def approve(
    *,
    approval: Annotated[str, typer.Argument(help="The question's id.")],
    why: Annotated[str, typer.Option(help="The reason, which stands in the log.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Say yes to exactly what the question shows now."""
    answer(approval, yes=True, why=why, out=Out(json=json), data=data)


def answer(approval: str, *, yes: bool, why: str, out: Out, data: Data) -> None:
    """Show the question, and answer it bound to what was shown."""
    client, path = connect(data), f"/api/v1/approvals/{segment(approval)}"
    seen = client.get(path)
    out.say(seen["shown"])
    body = {"yes": yes, "digest": seen["digest"], "why": why}
    kept = client.send("POST", path, body)
    out.show(kept, f"{kept['id']}: {kept['answer']}, {len(kept['votes'])} answered.")
