"""What is typed and not shown: asked at a terminal, else the next line of stdin."""

import sys

import typer

from stanch.vocabulary.trouble import BadInput


def hidden(what: str, *, twice: bool = False, pipe: str = "") -> str:
    """What was typed; `BadInput` that says what to `pipe` to which command when there was none."""
    typed = (
        typer.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )
    if not typed and pipe:
        raise BadInput(f"No password came on stdin: type it at a terminal, or pipe {pipe}.")
    return str(typed)
