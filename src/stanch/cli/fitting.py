"""Fitting: text and tables within the width of the terminal; what goes to a pipe stays as it is.

In    lines, or cells in columns.
Out   the same with lines broken between words, and rows that do not fit on several lines.
Why   a terminal breaks in the middle of a word, and a column is then under another's head.
"""

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from unicodedata import combining, east_asian_width

_GAP = "  "
_COMMAND = "stanch "
"""A line with a command is left whole, so that it can be copied."""


def room() -> int | None:
    """How many letters a line may have; None where nobody looks at a terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def fitted(text: str) -> str:
    """Sentences, broken between words; what goes on is set in below its line."""
    wide = room()
    return text if wide is None else "\n".join(_broken(line, wide) for line in text.split("\n"))


def _broken(line: str, wide: int) -> str:
    if len(line) <= wide or _COMMAND in line:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(
        line,
        wide,
        subsequent_indent=indent,
        drop_whitespace=True,
        break_long_words=False,
        break_on_hyphens=False,
    )


def laid_out(rows: Sequence[Sequence[str]], wide: int | None) -> Iterator[str]:
    """Rows as lines whose columns stand below each other; as many columns on a line as fit."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    lines = _lines_of(widths, wide)
    for row in rows:
        for number, columns in enumerate(lines):
            cells = (row[i] + " " * (widths[i] - width(row[i])) for i in columns)
            yield (_GAP * bool(number) + _GAP.join(cells)).rstrip()


def width(text: str) -> int:
    """How many places of a terminal it takes: two for a letter of the East, none for an accent."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(c) in "WF" else not combining(c) for c in text)


def _lines_of(widths: Sequence[int], wide: int | None) -> list[list[int]]:
    """Which columns share a line."""
    made: list[list[int]] = [[]]
    used = -len(_GAP)
    for column, width in enumerate(widths):
        if wide is not None and made[-1] and used + len(_GAP) + width > wide:
            made.append([])
            used = 0
        made[-1].append(column)
        used += len(_GAP) + width
    return made
