"""Names in one line: several names as a person types them, and a form or a command reads them.

In    names, or a line of them with blanks or commas between.
Out   the line, or the names.
Why   a certificate's name holds commas and a person's a blank: read apart at those, a block would
      hit two who did nothing and miss the one who did.
"""

import re
from collections.abc import Iterable

_NAME = re.compile(r'"((?:[^"]|"")*)"(?=[\s,]|$)|[^\s,]+')
_PARTED = re.compile(r'[\s,]|^"|^$')


def in_line(names: Iterable[str]) -> str:
    """The names with blanks between; one that holds a blank or a comma in quotation marks."""
    return " ".join(map(typed, names))


def names_in(line: str) -> tuple[str, ...]:
    """The names of the line; in quotation marks, a doubled one stands for itself."""
    return tuple(
        found[0] if found[1] is None else found[1].replace('""', '"')
        for found in _NAME.finditer(line)
    )


def typed(name: str) -> str:
    """The name as one types it among others."""
    return '"{}"'.format(name.replace('"', '""')) if _PARTED.search(name) else name
