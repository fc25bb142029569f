"""Words: what a benchmark without options was asked for on the command line.

In    the docstring of the benchmark, which says how it is run, and how many words it takes.
Out   the words; its usage and the end where an option, or a word too many, was given.
Why   `--help` is no folder and no number of callers.
"""

import sys


def words(says: str | None, most: int = 0, least: int = 0) -> list[str]:
    """The words after its name."""
    given = sys.argv[1:]
    asks = bool({"-h", "--help"} & {*given})
    option = next((one for one in given if one.startswith("-")), "")
    if asks or option or not least <= len(given) <= most:
        wrong = "" if asks else f"\n\nGiven: {' '.join(given) or 'nothing'}. Options it has none."
        print(f"{(says or '').strip()}{wrong}", file=sys.stdout if asks else sys.stderr)
        raise SystemExit(0 if asks else 64)
    return given
