"""The command line: one file a command, people's text by default, `--json` everywhere."""

import sys


def main() -> None:
    """Run the command that the arguments name."""
    sys.exit(0)
