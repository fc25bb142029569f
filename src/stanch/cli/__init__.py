"""The command line: one file a command, people's text by default, `--json` everywhere.

In    arguments.
Out   the process's exit code: 0 good, 1 findings or a failed check, 2 could not tell; for trouble
      the code of its leaf in the tree; 130 after ^C, 143 after SIGTERM,
      129 after SIGHUP; 141 when nobody read the output to its end.
Why   a command is imported when it is used, so that `stanch --help` answers at once.
"""

import sys

from stanch.cli.table import COMMANDS


def main(arguments: list[str] | None = None) -> None:
    """Run the command that the arguments name, and leave with its code."""
    from stanch.cli.written import places_taken  # noqa: PLC0415  only where a process is ours
    from stanch.engine import ending  # noqa: PLC0415  likewise

    try:
        ending.heard()
        places_taken()
        from stanch.cli.root import run  # noqa: PLC0415  `import stanch.cli` stays free of typer

        code = run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt as error:
        told = ending.ended(error)
        sys.stderr.write(f"{told.says}\n")
        code = told.code
    sys.exit(code)


__all__ = ["COMMANDS", "main"]
