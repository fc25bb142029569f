"""Born: when a process began, by which a number that was given again is told from the process.

In    a process's number. Out   when it began, as this machine counts; empty where it does not tell.
Why   in a container every server is process 1: what a killed one left behind is not running because
      somebody has its number.
"""

from contextlib import suppress
from pathlib import Path

_BEGAN = 19
"""The place of the start in what Linux tells of a process after its name."""


def born(number: int) -> str:
    """When this process began."""
    with suppress(OSError, IndexError):
        told = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
        return told.rpartition(")")[2].split()[_BEGAN]
    return ""
