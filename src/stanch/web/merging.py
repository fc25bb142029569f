"""One list from several: the pages of a query with alternatives, in one order, nothing twice.

In    a list of the store, the alternatives, where the page before ended.
Out   one page and its cursor.
Why   the store answers conditions that all hold; OR is several such lists merged. Each alternative
      keeps the store's own cursor, so paging stays exact however much changes in between.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from stanch.engine.ports import Listed
from stanch.vocabulary.listing import Page, Wanted
from stanch.vocabulary.trouble import BadInput

T = TypeVar("T")
_PLACES = msgspec.json.Decoder(list[str | None])


@dataclass(frozen=True, kw_only=True, slots=True)
class Order(Generic[T]):
    """How the store orders this list."""

    key: Callable[[T], Any]
    name: Callable[[T], str]
    backwards: bool = True


def page_of(
    listed: Listed[T], wanted: Sequence[Wanted], order: Order[T], after: str, limit: int
) -> Page[T]:
    """The next few of what any alternative wants."""
    if len(wanted) == 1:
        return listed.page(wanted[0], after=after, limit=limit)
    places = _opened(after, len(wanted))
    pages = [
        listed.page(w, after=p, limit=limit) if p is not None else Page(items=())
        for w, p in zip(wanted, places, strict=True)
    ]
    shown = _first(pages, order, limit)
    last = (order.key(shown[-1]), order.name(shown[-1])) if shown else None
    onward = [
        _onward(listed, (w, p), page, _passed(page.items, order, last))
        for w, p, page in zip(wanted, places, pages, strict=True)
    ]
    return Page(items=tuple(shown), next=_closed(onward))


def _first(pages: Sequence[Page[T]], order: Order[T], limit: int) -> list[T]:
    """The first of all pages, each once."""
    all_: dict[str, T] = {order.name(one): one for page in pages for one in page.items}
    ordered = sorted(
        all_.values(), key=lambda one: (order.key(one), order.name(one)), reverse=order.backwards
    )
    return ordered[:limit]


def _passed(items: Sequence[T], order: Order[T], last: tuple[Any, str] | None) -> int:
    """How many of these stand at or before the last one that was shown."""
    if last is None:
        return len(items)
    places = [(order.key(one), order.name(one)) for one in items]
    return sum(place >= last if order.backwards else place <= last for place in places)


def _onward(
    listed: Listed[T], here: tuple[Wanted, str | None], page: Page[T], passed: int
) -> str | None:
    """Where this alternative goes on; None at its end."""
    wanted, place = here
    if place is None:
        return None
    if passed == len(page.items):
        return page.next or None
    if passed == 0:
        return place
    return listed.page(wanted, after=place, limit=passed).next or None


def _closed(places: Sequence[str | None]) -> str:
    if all(p is None for p in places):
        return ""
    return base64.urlsafe_b64encode(msgspec.json.encode(places)).decode().rstrip("=")


def _opened(cursor: str, count: int) -> list[str | None]:
    if not cursor:
        return [""] * count
    places: list[str | None] = []
    with suppress(binascii.Error, ValueError, msgspec.MsgspecError):
        places = _PLACES.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    if len(places) != count:
        raise BadInput("This link does not belong to this list. Start again from its first page.")
    return places
