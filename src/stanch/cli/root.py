"""The root command: finds a command's file when it is used, and turns trouble into exit codes."""

import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

import stanch
from stanch.cli.out import Out
from stanch.cli.table import COMMANDS
from stanch.vocabulary.trouble import BadInput, Trouble

INTERRUPTED = 130


class _Lazy(TyperGroup):
    """A group whose commands are imported when they run; the table alone makes the help."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  as the group has it
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  as the group has it
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"stanch.cli.{cmd_name}")
        found = get_command(module.app)
        found.name = cmd_name
        found.help = found.help or COMMANDS[cmd_name]
        return found

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  as above
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        self.commands = {
            name: TyperCommand(name=name, help=says)
            for name, says in COMMANDS.items()
            if name.startswith(incomplete)
        }
        return super().shell_complete(ctx, incomplete)


root = typer.Typer(
    cls=_Lazy,
    name="stanch",
    help="Stop an attack on a machine-learning system, and keep the proof.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:  # noqa: FBT001  typer calls it with the option's value
    if wanted:
        typer.echo(f"stanch {stanch.__version__}")
        raise typer.Exit


@root.callback()
def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Stop an attack on a machine-learning system, and keep the proof."""


def run(arguments: list[str]) -> int:
    """The exit code of the command that these arguments name."""
    out = Out(json="--json" in arguments)
    try:
        code = get_command(root)(arguments, prog_name="stanch", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001  the border: one sentence, never a traceback
        return out.trouble(_trouble(error))
    return code if isinstance(code, int) else 0


def _trouble(error: Exception) -> Trouble:
    if isinstance(error, Trouble):
        return error
    if isinstance(error, typer.TyperException):
        return BadInput(error.format_message() or "A command is missing. See stanch --help.")
    return Trouble(f"{type(error).__name__}: {error}")
