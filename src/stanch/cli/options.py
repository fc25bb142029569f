"""What many commands share: options, written once, and how a group shows its commands."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="The data folder; by itself STANCH_DATA, or stanch-data."
    ),
]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="The port; by itself STANCH_PORT, or 8484; 0 is any."),
]


class Group(TyperGroup):
    """Commands under one name, each with its whole sentence; alone it shows its help."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What is left for the command that is named."""
        return super().parse_args(ctx, args or ["--help"])

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each command with what it does, cut nowhere."""
        rows = [
            (name, (found.help or "").partition("\n\n")[0].replace("\n", " "))
            for name in self.list_commands(ctx)
            if (found := self.get_command(ctx, name)) and not found.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def command(help_text: str) -> typer.Typer:
    """A command line of its own, ready for one command or for several."""
    return typer.Typer(
        cls=Group,
        help=help_text,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
