"""What a data folder may be called.

In    the folder.
Out   the folder, or `BadInput`.
Why   the library of the lake reads a path as an address: it takes %20 for a space, and a bracket
      stops it.
"""

import re
from pathlib import Path

from stanch.vocabulary.trouble import BadInput

_NOT_STORED = re.compile(r"%[0-9A-Fa-f]{2}|[][^|\\]")


def checked(folder: Path) -> Path:
    """The folder, where a lake can be kept below it."""
    try:
        str(folder).encode()
    except UnicodeError:
        raise BadInput(
            f"The data folder {str(folder)!a} cannot be read in the language that is set. "
            "Set PYTHONUTF8=1, or choose a name in plain letters with --data."
        ) from None
    for part in folder.parts[1:]:
        if found := _NOT_STORED.search(part):
            raise BadInput(
                f"The data folder {folder} has {found[0]} in its path, under which the lake cannot "
                "be kept. Choose another with --data."
            )
    return folder
