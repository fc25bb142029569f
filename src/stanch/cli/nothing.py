"""Nothing: what an empty list says, where perhaps nothing goes by the name that was asked for.

In    what was found, and the asset or incident that the list was narrowed to.
Out   the usual sentence; or that there is none of that name, with what shows what there is.
Why   "No duty is owed" about an incident whose id was mistyped is wrong comfort.
"""

from collections.abc import Collection
from typing import Any, Protocol

from stanch.cli.client import segment
from stanch.vocabulary.trouble import NotFound


class Asks(Protocol):
    """What one thing is asked of."""

    def get(self, path: str) -> Any:
        """The answer of this path."""
        ...


def nothing(
    client: Asks, found: Collection[Any], usual: str, *, asset: str = "", incident: str = ""
) -> str:
    """The sentence of an empty list; nobody is asked where something was found."""
    for nouns, key in (("assets", asset), ("incidents", incident)):
        if found or not key:
            continue
        try:
            client.get(f"/api/v1/{nouns}/{segment(key)}")
        except NotFound as unknown:
            return str(unknown)
    return usual
