"""Options that many commands share, written once."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="The data folder of the server.")
]


def command(help_text: str) -> typer.Typer:
    """A command line of its own, ready for one command or for several."""
    return typer.Typer(
        help=help_text,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        no_args_is_help=True,
    )
