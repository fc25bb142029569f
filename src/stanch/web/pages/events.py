"""One event in full, as its system told it; every text in it is shown inert."""

from collections.abc import Mapping

import msgspec

from stanch.vocabulary.ids import AssetId
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit

LONGEST = 20_000
"""Characters of one field that are shown."""
_FIRST = ("id", "ts", "received", "kind", "asset", "version", "principal", "session", "source")


def show(visit: Visit) -> Answer:
    """One event, field by field."""
    asset = AssetId(visit.names["asset"])
    event = visit.console.events.get(asset, visit.asked("id"))
    return page(visit, "event.html", asset=asset, event=event, rows=_rows(event))


def _rows(event: Mapping[str, object]) -> list[tuple[str, str]]:
    names = [n for n in _FIRST if n in event] + [n for n in event if n not in _FIRST]
    return [(name, _text(event[name])[:LONGEST]) for name in names]


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"')


PAGES = (Page(path="/events/{asset:str}", show=show),)
