"""The root command: finds a command's file when it is used, and turns trouble into exit codes."""

import errno
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

import stanch
from stanch.cli.examples import show_examples
from stanch.cli.files import unreadable
from stanch.cli.misread import misread
from stanch.cli.options import Group
from stanch.cli.out import Out
from stanch.cli.table import COMMANDS, SECTIONS
from stanch.cli.written import ReadNoFurther, give_up, written
from stanch.engine.ending import ended
from stanch.vocabulary.trouble import BadInput, NoSpace, Trouble, Unwritten

INTERRUPTED = 130
CUT_SHORT = 141
"""Whoever read the output closed it; that is no failure, and nothing is said."""


_FULL = (errno.ENOSPC, errno.EDQUOT)


class _Lazy(Group):
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
        show_examples(found, cmd_name)
        return found

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  as above
        widest = max(map(len, COMMANDS))
        for title, rows in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), says) for name, says in rows.items()])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise BadInput(f"There is no command {args[0][:80]!r}.{hint} See: stanch --help")
        return super().resolve_command(ctx, args)

    def make_context(self, *arguments: Any, **more: Any) -> Any:
        with _in_words():
            return super().make_context(*arguments, **more)

    def invoke(self, ctx: Any) -> Any:
        with _in_words():
            return super().invoke(ctx)

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
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:  # noqa: FBT001  typer calls it with the option's value
    if wanted:
        typer.echo(f"stanch {stanch.__version__}")
        raise typer.Exit


@root.callback(
    epilog="\b\nFor example:\n  stanch up --demo\n  stanch doctor\n  stanch incident --help\n\n"
    "A command ends with 0 when all is good, 1 with findings or a failed check, 2 when it could "
    "not tell; with more when it could not be done, with 130 after ^C, and with 141 when nobody "
    "read all it says. STANCH_URL and STANCH_KEY name a server on "
    "another machine."
)
def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Stop an attack on a machine-learning system, and keep the proof."""


def run(arguments: list[str]) -> int:
    """The exit code of the command that these arguments name."""
    with written():
        try:
            return _ran(arguments)
        except ReadNoFurther:
            give_up()
            return CUT_SHORT
        except Unwritten as trouble:
            give_up()
            return Out(json=False).trouble(trouble)


def _ran(arguments: list[str]) -> int:
    try:
        code = get_command(root)(arguments, prog_name="stanch", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt as error:
        return _left(error)
    except typer.Abort as error:
        return _not_answered(error, Out(json="--json" in arguments))
    except (ReadNoFurther, Unwritten):
        raise
    except Exception as error:  # noqa: BLE001  the border: one sentence, never a traceback
        return Out(json="--json" in arguments).trouble(_trouble(error, arguments))
    return code if isinstance(code, int) else 0


@contextmanager
def _in_words() -> Iterator[None]:
    """Tells of an end here, and not at the border: the library between keeps only its code."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise typer.Exit(_left(error)) from error


def _left(error: KeyboardInterrupt) -> int:
    """The exit code of a command that was ended, after saying so."""
    told = ended(error)
    Out(json=False).say(told.says)
    return told.code


def _not_answered(error: typer.Abort, out: Out) -> int:
    """The exit code where something was asked for, and the terminal ended or was left."""
    if isinstance(error.__context__, EOFError):
        return out.trouble(BadInput("It was not typed: the terminal ended. Type it, or pipe it."))
    return _left(KeyboardInterrupt())


def _trouble(error: Exception, arguments: list[str]) -> Trouble:
    if isinstance(error, Trouble):
        return error
    if isinstance(error, typer.TyperException):
        return BadInput(misread(error, arguments))
    if isinstance(error, OSError) and error.filename:
        return unreadable(error.filename, error)
    if isinstance(error, OSError) and error.errno in _FULL:
        return NoSpace("the folder that this was written to")
    if isinstance(error, MemoryError):
        return Trouble("there is no memory left that this process may take; give it more")
    return Trouble(f"{type(error).__name__}: {error}")
