"""Addresses: what the pages' links say, in the letters that the pages show.

In    a name, or fields and their values.
Out   a part of a path, or a query.
Why   a form sends what it shows, so a link must say the same: `meant` reads both.
"""

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from stanch.web.inert import inert


def segment(text: str) -> str:
    """The text as one part of an address."""
    return quote(inert(text), safe="")


def query_of(pairs: Iterable[tuple[str, str]]) -> str:
    """The fields as the query of an address."""
    return urlencode([(name, inert(value)) for name, value in pairs], safe=":")


def principal_at(name: str) -> str:
    """Where a principal's page is; in the query, since a name may hold a slash or be two dots."""
    return f"/principals?name={segment(name)}"


def event_at(asset: str, event: str) -> str:
    """Where an event's page is; its id may hold anything too."""
    return f"/events/{segment(asset)}?id={segment(event)}"
